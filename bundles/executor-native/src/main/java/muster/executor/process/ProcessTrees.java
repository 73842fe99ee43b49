package muster.executor.process;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntToLongFunction;
import muster.executor.process.Processes.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Knows which process belongs to which attempt. This JVM is a child subreaper: whatever loses its parent becomes its
 * child. So every process of an attempt descends from the attempt's first process or from an orphan, which is told by
 * its control group, its session, the attempt in its environment, the attempt's own directory or files that it is in or
 * has open, or by having been seen before. Thread-safe; what takes
 * a tree is called with the monitor of its execution held.
 */
final class ProcessTrees {
    private final Processes processes;
    private final @Nullable ControlGroups groups;
    private final Map<Integer, ProcessTree> roots = new ConcurrentHashMap<>();
    private final Map<Integer, ProcessTree> sessions = new ConcurrentHashMap<>();
    private final Map<Integer, Seen> seen = new ConcurrentHashMap<>();
    private final Map<String, ProcessTree> attempts = new ConcurrentHashMap<>();
    private final Map<Path, ProcessTree> places = new ConcurrentHashMap<>();
    private final ThreadLocal<WaitBuffer> waiting = ThreadLocal.withInitial(WaitBuffer::new);

    /** A process of a tree. */
    private record Seen(long startTicks, ProcessTree tree) {}

    ProcessTrees(Processes processes, @Nullable ControlGroups groups) {
        this.processes = processes;
        this.groups = groups;
    }

    void add(ProcessTree tree) {
        attempts.put(tree.attempt, tree);
        tree.places.forEach(place -> places.put(place, tree));
        sessions.put(tree.root, tree);
        // last: from here on the reaper takes it
        roots.put(tree.root, tree);
    }

    /** Forgets a tree of which nothing is left. */
    void remove(ProcessTree tree) {
        attempts.remove(tree.attempt, tree);
        tree.places.forEach(place -> places.remove(place, tree));
        sessions.remove(tree.root, tree);
        tree.sessions.forEach(session -> sessions.remove(session, tree));
        tree.pids.forEach(seen::remove);
    }

    /** The tree of a dead child of this JVM; empty if it is none of ours. */
    Optional<ProcessTree> treeOfDead(int pid) {
        var tree = roots.get(pid);
        if (tree != null) {
            return Optional.of(tree);
        }
        return processes.stat(pid).flatMap(this::owner);
    }

    /** Dead children of this JVM that belong to no tree: those of others in this JVM, and orphans never seen alive. */
    List<Stat> deadStrangers() {
        return processes.orphans().stream()
                .filter(pid -> !roots.containsKey(pid))
                .flatMap(pid -> processes.stat(pid).stream())
                .filter(stat -> stat.dead() && owner(stat).isEmpty())
                .toList();
    }

    /** Whether a process is in the session of this JVM, as all are that the JDK starts unless they leave it. */
    boolean isOfOwnSession(Stat stat) {
        return processes.isOfOwnSession(stat);
    }

    /** Every tree whose first process has not been waited for. */
    List<ProcessTree> running() {
        return List.copyOf(roots.values());
    }

    /** Waits for the first process of a tree, if it is dead. */
    Optional<WaitBuffer.End> takeRoot(ProcessTree tree) {
        if (tree.rootTaken) {
            return Optional.empty();
        }
        var end = waiting.get().take(tree.root);
        if (end.isPresent()) {
            tree.rootTaken = true;
            roots.remove(tree.root, tree);
        }
        return tree.wrapped ? end.map(WaitBuffer.End::ofCommand) : end;
    }

    /** Waits for an orphan of a tree, if it is dead. */
    void takeOrphan(ProcessTree tree, int pid) {
        waiting.get().take(pid).ifPresent(end -> {
            tree.orphansCpu = tree.orphansCpu.plus(end.cpu());
            seen.remove(pid);
        });
    }

    /** Whether nothing of it is left, its first process having been waited for; cheap if so. */
    boolean isEmpty(ProcessTree tree) {
        return orphans(tree).isEmpty() && (tree.group == null || tree.group.remove());
    }

    /** The processes of a tree that live. */
    List<Stat> members(ProcessTree tree) {
        var found = new HashMap<Integer, Stat>();
        var open = new ArrayDeque<Integer>();
        if (!tree.rootTaken) {
            open.add(tree.root);
        }
        orphans(tree).forEach(orphan -> open.add(orphan.pid()));
        if (tree.group != null) {
            open.addAll(tree.group.members());
        }
        for (var pid = open.poll(); pid != null; pid = open.poll()) {
            if (!found.containsKey(pid)) {
                var stat = processes.stat(pid);
                if (stat.isPresent() && !stat.get().dead()) {
                    found.put(pid, stat.get());
                    remember(stat.get(), tree);
                    open.addAll(processes.children(pid));
                }
            }
        }
        return List.copyOf(found.values());
    }

    /** Looks at a tree to know its processes should they lose their parents, and to measure their memory. */
    void observe(ProcessTree tree) {
        var pids = new HashSet<Integer>();
        var present = new HashSet<Integer>();
        for (var member : members(tree)) {
            pids.add(member.pid());
            present.add(member.session());
            tree.peakMemoryBytes = Math.max(tree.peakMemoryBytes, processes.peakMemoryBytes(member.pid()));
        }
        tree.pids.stream().filter(pid -> !pids.contains(pid)).forEach(seen::remove);
        tree.pids.retainAll(pids);
        tree.sessions.stream()
                .filter(session -> !present.contains(session))
                .forEach(session -> sessions.remove(session, tree));
        tree.sessions.retainAll(present);
    }

    /**
     * Whether the processes of a tree together hold more memory than this. What they share counts once: their resident
     * sets are added first, which is cheap, and only where that is too much is the exact sum made.
     */
    boolean exceeds(ProcessTree tree, long memoryBytes) {
        return sum(tree, processes::residentMemoryBytes) > memoryBytes
                && sum(tree, processes::proportionalMemoryBytes) > memoryBytes;
    }

    private static long sum(ProcessTree tree, IntToLongFunction bytes) {
        return tree.pids.stream().mapToLong(pid -> bytes.applyAsLong(pid)).sum();
    }

    private void remember(Stat stat, ProcessTree tree) {
        if (tree.pids.add(stat.pid())) {
            seen.put(stat.pid(), new Seen(stat.startTicks(), tree));
        }
        if (stat.session() != tree.root && tree.sessions.add(stat.session())) {
            sessions.put(stat.session(), tree);
        }
    }

    /**
     * Sends a signal to each process of a tree, but not to those of a runtime, which would end before what they wait for:
     * the first, and the first in each namespace of processes.
     */
    void signal(ProcessTree tree, int signal) {
        for (var member : members(tree)) {
            if (!tree.wrapped || !(member.pid() == tree.root || processes.isFirstOfNamespace(member.pid()))) {
                LibC.kill(member.pid(), signal);
            }
        }
    }

    /** Kills each process of a tree. Some may have forked meanwhile: to be called until nothing is left. */
    void kill(ProcessTree tree) {
        if (tree.group != null) {
            tree.group.kill();
        }
        members(tree).forEach(member -> LibC.kill(member.pid(), LibC.SIGKILL));
    }

    /** Orphans of a tree; those that are dead are waited for and left out. */
    private List<Stat> orphans(ProcessTree tree) {
        List<Stat> orphans = List.of();
        for (var pid : processes.orphans()) {
            if (roots.containsKey(pid)) {
                continue;
            }
            var stat = processes.stat(pid);
            if (stat.flatMap(this::owner).filter(owner -> owner == tree).isEmpty()) {
                continue;
            }
            if (stat.get().dead()) {
                takeOrphan(tree, pid);
            } else {
                remember(stat.get(), tree);
                orphans = orphans.isEmpty() ? new ArrayList<>() : orphans;
                orphans.add(stat.get());
            }
        }
        return orphans;
    }

    private Optional<ProcessTree> owner(Stat stat) {
        if (processes.isOfOwnSession(stat)) {
            return Optional.empty();
        }
        var known = seen.get(stat.pid());
        if (known != null && known.startTicks() == stat.startTicks()) {
            return Optional.of(known.tree());
        }
        var tree = sessions.get(stat.session());
        if (tree == null && groups != null) {
            tree = attempts.get(groups.attemptOf(processes.controlGroups(stat.pid())));
        }
        if (tree == null && !stat.dead()) {
            tree = attempts.get(processes.variable(stat.pid(), "MUSTER_TASK").orElse("") + "@"
                    + processes.variable(stat.pid(), "MUSTER_ATTEMPT").orElse(""));
        }
        return tree != null || stat.dead() ? Optional.ofNullable(tree) : byPlace(stat.pid());
    }

    private Optional<ProcessTree> byPlace(int pid) {
        for (var place : processes.places(pid)) {
            for (var path = place; path != null; path = path.getParent()) {
                var tree = places.get(path);
                if (tree != null) {
                    return Optional.of(tree);
                }
            }
        }
        return Optional.empty();
    }
}
