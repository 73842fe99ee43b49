package muster.executor.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Control groups of version 2. A process is moved there while it runs, and what it forked until then after it; its memory
 * counts from then on.
 */
final class ControlGroupsOfVersion2 extends ControlGroups {
    private static final Logger LOG = LoggerFactory.getLogger(ControlGroupsOfVersion2.class);

    /** Where the processes go that are in the way of limits below their group. */
    private static final String ASIDE = "muster-worker";

    private static final String PROCESSES = "cgroup.procs";
    private static final String ENABLED = "cgroup.subtree_control";

    private final Path folder;
    private final Set<String> controllers;

    /**
     * Makes the folder of this JVM.
     *
     * @param parent the group in whose folder it is made
     * @throws IOException if it cannot be made, or processes cannot be moved there
     */
    ControlGroupsOfVersion2(Path parent) throws IOException {
        this(parent, Set.of(MEMORY, CPU, PIDS));
    }

    /** @param wanted the controllers that limits are for */
    ControlGroupsOfVersion2(Path parent, Set<String> wanted) throws IOException {
        if (!Files.isWritable(parent.resolve(PROCESSES))) {
            throw new IOException(parent + " is no cgroup v2 that this user may change");
        }
        folder = makeFolder(parent);
        controllers = enable(parent, wanted);
        if (!controllers.isEmpty()) {
            enableIn(folder, controllers);
        }
    }

    /** The group that this JVM is in, or was before it was put aside. */
    static Path own() throws IOException {
        var mount = Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> line.split(" "))
                .filter(fields -> fields[2].equals("cgroup2"))
                .map(fields -> Path.of(fields[1]))
                .findFirst()
                .orElseThrow(() -> new IOException("no cgroup v2 is mounted"));
        var path = Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                .filter(line -> line.startsWith("0::/"))
                .map(line -> line.substring("0::/".length()))
                .findFirst()
                .orElse("");
        var own = mount.resolve(path).normalize();
        if (own.endsWith(ASIDE)) {
            own = own.resolveSibling(".").normalize();
        }
        return Files.isDirectory(own) ? own : mount;
    }

    /** Sees to it that groups below one can have limits; returns which. */
    private static Set<String> enable(Path group, Set<String> wanted) {
        try {
            var available = words(group.resolve("cgroup.controllers"));
            available.retainAll(wanted);
            if (!words(group.resolve(ENABLED)).containsAll(available)) {
                putAside(group);
                enableIn(group, available);
            }
            return available;
        } catch (IOException e) {
            LOG.warn("Tasks cannot be limited by cgroups below {}: {}", group, e.getMessage());
            return Set.of();
        }
    }

    private static void enableIn(Path group, Set<String> controllers) throws IOException {
        write(
                group.resolve(ENABLED),
                controllers.stream().map(name -> "+" + name).collect(Collectors.joining(" ")));
    }

    /** Empties a group of this JVM and those that started it: but for the root, one with processes has no limits below. */
    private static void putAside(Path group) throws IOException {
        if (!Files.exists(group.resolve("cgroup.type"))) {
            return; // the root
        }
        var processes =
                read(group.resolve(PROCESSES)).lines().map(Long::valueOf).toList();
        var ours = ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
        for (var one = Optional.of(ProcessHandle.current());
                one.isPresent();
                one = one.get().parent()) {
            ours.add(one.get().pid());
        }
        var foreign = processes.stream().filter(pid -> !ours.contains(pid)).toList();
        if (!foreign.isEmpty()) {
            throw new IOException(
                    "processes " + foreign + " of others are in that group too; start the worker in one of"
                            + " its own, such as by systemd-run --scope --property=Delegate=yes");
        }
        var aside = group.resolve(ASIDE);
        if (!Files.isDirectory(aside)) {
            make(aside);
        }
        for (var pid : processes) {
            write(aside.resolve(PROCESSES), pid);
        }
    }

    private static Set<String> words(Path file) throws IOException {
        return new TreeSet<>(List.of(read(file).strip().split(" ")));
    }

    @Override
    Path folder() {
        return folder;
    }

    @Override
    Set<String> controllers() {
        return controllers;
    }

    @Override
    boolean holdFromStart() {
        return false;
    }

    @Override
    ControlGroup create(String attempt, Limits limits) throws IOException {
        var group = folder.resolve(attempt);
        make(group);
        for (var setting : settings(limits).entrySet()) {
            var file = group.resolve(setting.getKey());
            if (controllers.contains(setting.getKey().split("\\.")[0]) && Files.exists(file)) {
                write(file, setting.getValue());
            }
        }
        return new Group(group);
    }

    /** What is written into which file; the name of each begins with its controller's. */
    static Map<String, String> settings(Limits limits) {
        var settings = new LinkedHashMap<String, String>();
        if (limits.memoryBytes() > 0) {
            settings.put("memory.max", Long.toString(limits.memoryBytes()));
            settings.put("memory.swap.max", "0");
            settings.put("memory.oom.group", "1");
        }
        if (limits.cores() > 0) {
            settings.put("cpu.max", quotaMicros(limits.cores()) + " " + PERIOD_MICROS);
        }
        if (limits.processes() > 0) {
            settings.put("pids.max", Integer.toString(limits.processes()));
        }
        return settings;
    }

    @Override
    String attemptOf(String controlGroups) {
        return nameIn(folder, controlGroups);
    }

    @Override
    public void close() {
        remove(folder);
    }

    private static final class Group implements ControlGroup {
        private final Path folder;
        private boolean ranOut;

        Group(Path folder) {
            this.folder = folder;
        }

        @Override
        public int launch(IntSupplier launch) {
            return launch.getAsInt();
        }

        @Override
        public void join(int pid) throws IOException {
            write(folder.resolve(PROCESSES), pid);
        }

        @Override
        public List<Integer> members() {
            return ControlGroups.members(folder);
        }

        /** Kills all at once from Linux 5.14 on. */
        @Override
        public void kill() {
            try {
                write(folder.resolve("cgroup.kill"), 1);
            } catch (IOException e) {
                members().forEach(pid -> LibC.kill(pid, LibC.SIGKILL));
            }
        }

        @Override
        public synchronized boolean ranOutOfMemory() {
            var events = folder.resolve("memory.events");
            // without the first it was the machine whose memory ran out
            ranOut = ranOut || (count(events, "oom") > 0 && count(events, "oom_kill") > 0);
            return ranOut;
        }

        @Override
        public boolean remove() {
            ranOutOfMemory();
            return ControlGroups.remove(folder);
        }
    }
}
