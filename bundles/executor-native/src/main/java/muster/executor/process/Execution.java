package muster.executor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Program;
import muster.api.executor.ProgramRunner.Options;
import muster.executor.process.WaitBuffer.End;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt from its acceptance to its outcome. When its first process ends, or it is stopped, SIGTERM goes to all of
 * its tree, and SIGKILL to what is left of it after the grace; its outcome is told when nothing is left. Thread-safe.
 */
final class Execution {
    private static final Logger LOG = LoggerFactory.getLogger(Execution.class);

    /** Between two looks at a tree that is to end. */
    private static final long SHORTEST_LOOK_NANOS = 2_000_000;

    private static final long LONGEST_LOOK_NANOS = 100_000_000;

    /**
     * Between two samples of a tree that runs. At the first it gets a control group: for a shorter one that would cost
     * more than the process itself, since the kernel takes some 10 ms to move a process when it has not just moved one.
     */
    private static final long SHORTEST_SAMPLE_NANOS = 25_000_000;

    private static final long LONGEST_SAMPLE_NANOS = 1_000_000_000;

    /** Where memory is watched. */
    private static final long LONGEST_WATCH_NANOS = 200_000_000;

    /** How often a program is tried again whose file another process that is just being made has open for writing. */
    private static final int BUSY_RETRIES = 50;

    /** Where an attempt is. It only ever goes down this list. */
    private enum State {
        /** Accepted; no process yet. */
        QUEUED,
        /** Its first process is being made. */
        LAUNCHING,
        /** Its first process has not been waited for. */
        RUNNING,
        /** Its first process has ended, others have not. */
        EMPTYING,
        /** Its outcome is told, or is just being told. */
        ENDED
    }

    /** Why an attempt is ended before its time. */
    enum Stop {
        CANCEL,
        TIME_LIMIT,
        /** It holds more memory than it reserved; no grace is given. */
        MEMORY,
        /** Its workspace holds more than it reserved. */
        DISK,
        /** The executor goes away; no grace is given. */
        SHUTDOWN
    }

    private final Attempt attempt;
    private final Outcomes outcomes;
    private final Engine engine;

    /** Whose it is. */
    final Commands owner;

    private final Options options;

    private State state = State.QUEUED;
    private @Nullable Stop wanted;
    private @Nullable Stop carriedOut;

    // from RUNNING on
    private @Nullable ProcessTree tree;
    private @Nullable Future<?> timeLimit;
    private long startNanos;
    private long sampleNanos = SHORTEST_SAMPLE_NANOS;
    private long nextSampleNanos;
    private long nextWeighingNanos;

    // once it is being ended
    private boolean ending;
    private long killNanos;
    private long lookNanos = SHORTEST_LOOK_NANOS;

    // from EMPTYING on
    private End end = End.TAKEN;
    private long endNanos;

    Execution(Attempt attempt, Outcomes outcomes, Engine engine, Commands owner) {
        this.attempt = attempt;
        this.outcomes = outcomes;
        this.engine = engine;
        this.owner = owner;
        options = owner.options;
    }

    AttemptId id() {
        return attempt.id();
    }

    private void become(State next) {
        if (next.compareTo(state) <= 0) {
            throw new IllegalStateException(id() + " cannot become " + next + ", it is " + state);
        }
        state = next;
    }

    // ---- beginning

    /** Makes the first process, unless the attempt was stopped before. */
    void launch() {
        synchronized (this) {
            if (state != State.QUEUED) {
                return;
            }
            become(State.LAUNCHING);
        }
        try {
            launch(owner.programs.apply(attempt));
        } catch (MusterException e) {
            refuse(Outcome.failure(causeOf(e.code()), message(e)));
        } catch (RuntimeException e) {
            LOG.error("Attempt {} could not be started", id(), e);
            refuse(Outcome.failure(Cause.INTERNAL, "the " + options.kind() + " executor failed: " + e));
        }
    }

    private void launch(Program program) {
        var pid = 0;
        engine.reaper.launching();
        try {
            var before = System.nanoTime();
            var group = engine.holdsFromStart() ? engine.createGroup(attempt, options) : null;
            pid = spawn(program, group);
            if (pid > 0) {
                tellStart();
                var made = new ProcessTree(id().toString(), pid, this, program.wrapped(), places(program));
                made.group = group;
                launched(made, before);
            } else if (group != null) {
                group.remove();
            }
        } finally {
            if (pid <= 0) {
                engine.reaper.settled();
            }
            engine.reaper.launched();
        }
        if (pid <= 0) {
            var error = -pid;
            refuse(attempt.asUser(() -> Programs.explain(attempt, program, error)));
        }
    }

    /** What no other attempt has: its own directory and its own files. */
    private List<Path> places(Program program) {
        var task = attempt.task();
        var places = new ArrayList<Path>(3);
        if (task.workingDirectory() == null) {
            places.add(program.directory());
        }
        if (task.stdout() == null) {
            places.add(program.stdout());
        }
        if (task.stderr() == null) {
            places.add(program.stderr());
        }
        return places;
    }

    private int spawn(Program program, @Nullable ControlGroup group) {
        var pid = spawnOnce(program, group);
        for (var i = 0; pid == -LibC.ETXTBSY && i < BUSY_RETRIES; i++) {
            LockSupport.parkNanos(1_000_000);
            pid = spawnOnce(program, group);
        }
        engine.limitProcesses(pid, options);
        return pid;
    }

    private int spawnOnce(Program program, @Nullable ControlGroup group) {
        if (group != null) {
            try {
                return group.launch(() -> engine.launcher.launch(program, attempt));
            } catch (IOException e) {
                engine.cannotEnter(e);
            }
        }
        return engine.launcher.launch(program, attempt);
    }

    /** Called before anybody can hear of the process's end, and without the monitor, since what it calls may wait. */
    private void tellStart() {
        try {
            outcomes.started(id());
        } catch (RuntimeException e) {
            LOG.error("The start of attempt {} was not heard", id(), e);
        }
    }

    private synchronized void launched(ProcessTree made, long before) {
        become(State.RUNNING);
        tree = made;
        startNanos = before;
        nextSampleNanos = before + sampleNanos;
        nextWeighingNanos = before;
        var limit = attempt.task().timeLimit();
        if (limit != null) {
            var left = nanos(limit) - (System.nanoTime() - before);
            timeLimit = engine.later(() -> stop(Stop.TIME_LIMIT), left);
        }
        engine.trees.add(made);
        engine.sample();
        if (wanted != null) {
            engine.later(this::terminate, 0);
        }
    }

    /** Puts its processes into a group of their own: the first, and then what they forked until then. */
    private void group() {
        var group = engine.createGroup(attempt, options);
        if (group == null) {
            return;
        }
        synchronized (this) {
            if (state != State.RUNNING || tree == null) {
                group.remove();
                return;
            }
            tree.group = group;
        }
        var inside = new HashSet<Integer>();
        for (var outside = outside(inside); !outside.isEmpty(); outside = outside(inside)) {
            for (var pid : outside) {
                try {
                    group.join(pid);
                } catch (IOException e) {
                    engine.cannotJoin(pid, e);
                }
                inside.add(pid);
            }
        }
    }

    private synchronized List<Integer> outside(Set<Integer> inside) {
        if (state != State.RUNNING || tree == null) {
            return List.of();
        }
        return engine.trees.members(tree).stream()
                .map(Processes.Stat::pid)
                .filter(pid -> !inside.contains(pid))
                .toList();
    }

    /** Tells that the executor is closed, unless its closing has told so already. */
    void refuseClosed() {
        synchronized (this) {
            if (state != State.QUEUED) {
                return;
            }
        }
        refuse(Outcome.failure(Cause.EXECUTOR, reason(Stop.SHUTDOWN)));
    }

    private void refuse(Outcome outcome) {
        synchronized (this) {
            become(State.ENDED);
        }
        tell(outcome);
    }

    // ---- end

    /** Ends the attempt before its time, unless it is being ended already. Does not wait. */
    void stop(Stop why) {
        synchronized (this) {
            if (state == State.ENDED || (wanted != null && why != Stop.SHUTDOWN)) {
                return;
            }
            wanted = why;
            if (state == State.LAUNCHING) {
                return; // carried out once there is a process
            }
            if (state == State.QUEUED) {
                become(State.ENDED);
            }
        }
        engine.later(this::terminate, 0);
    }

    private void terminate() {
        Outcome outcome = null;
        synchronized (this) {
            if (tree == null) {
                outcome = neverRan();
            } else if (state != State.ENDED) {
                if (state == State.RUNNING && carriedOut == null) {
                    carriedOut = wanted;
                }
                beginToEnd(tree);
                if (wanted == Stop.SHUTDOWN || wanted == Stop.MEMORY || state == State.EMPTYING) {
                    killNanos = System.nanoTime();
                }
            }
        }
        if (outcome != null) {
            tell(outcome);
        }
    }

    /** A child of this JVM that belongs to this attempt is dead, or may be. */
    void childDied(int pid) {
        Outcome outcome = null;
        synchronized (this) {
            if (tree == null || state == State.ENDED) {
                return;
            }
            if (pid != tree.root || tree.rootTaken) {
                engine.trees.takeOrphan(tree, pid);
            } else {
                takeRoot(tree);
            }
            if (state == State.EMPTYING) {
                if (engine.trees.isEmpty(tree)) {
                    outcome = conclude(tree);
                } else {
                    beginToEnd(tree);
                }
            }
        }
        if (outcome != null) {
            tell(outcome);
        }
    }

    private void takeRoot(ProcessTree ours) {
        engine.trees.takeRoot(ours).ifPresent(taken -> {
            become(State.EMPTYING);
            end = taken;
            endNanos = System.nanoTime();
            if (timeLimit != null) {
                timeLimit.cancel(false);
            }
        });
    }

    private void beginToEnd(ProcessTree ours) {
        if (ending) {
            return;
        }
        ending = true;
        killNanos = System.nanoTime() + nanos(options.grace());
        if (wanted != Stop.SHUTDOWN) {
            engine.trees.signal(ours, LibC.SIGTERM);
            // a stopped process hears nothing until it goes on
            engine.trees.signal(ours, LibC.SIGCONT);
        }
        engine.later(this::look, 0);
    }

    private void look() {
        Outcome outcome = null;
        synchronized (this) {
            if (tree == null || state == State.ENDED) {
                return;
            }
            takeRoot(tree);
            if (state == State.EMPTYING && engine.trees.isEmpty(tree)) {
                outcome = conclude(tree);
            } else {
                if (System.nanoTime() - killNanos >= 0) {
                    engine.trees.kill(tree);
                }
                engine.later(this::look, lookNanos);
                lookNanos = Math.min(2 * lookNanos, LONGEST_LOOK_NANOS);
            }
        }
        if (outcome != null) {
            tell(outcome);
        }
    }

    private Outcome conclude(ProcessTree ours) {
        become(State.ENDED);
        engine.trees.remove(ours);
        engine.reaper.settled();
        if (carriedOut == null && ours.group != null && ours.group.ranOutOfMemory()) {
            carriedOut = Stop.MEMORY;
        }
        var usage = new Usage(
                Duration.ofNanos(endNanos - startNanos),
                end.cpu().plus(ours.orphansCpu),
                Math.max(ours.peakMemoryBytes, engine.exactPeak(end.maxResidentBytes())));
        if (carriedOut != null) {
            return new Outcome(causeOf(carriedOut), end.exitCode(), end.signal(), reason(carriedOut), usage);
        }
        if (end.status() < 0) {
            return new Outcome(
                    Cause.EXECUTOR,
                    -1,
                    0,
                    "its exit status is lost: another part of the worker's JVM waited for process " + ours.root,
                    usage);
        }
        return end.signal() != 0 ? Outcome.killed(end.signal(), usage) : Outcome.exited(end.exitCode(), usage);
    }

    private Outcome neverRan() {
        return wanted == Stop.SHUTDOWN
                ? Outcome.failure(Cause.EXECUTOR, reason(Stop.SHUTDOWN))
                : Outcome.failure(Cause.CANCELED, "canceled before it started");
    }

    private static Cause causeOf(Stop stop) {
        return switch (stop) {
            case CANCEL -> Cause.CANCELED;
            case TIME_LIMIT -> Cause.TIME_LIMIT;
            case MEMORY -> Cause.MEMORY_LIMIT;
            case DISK -> Cause.DISK_LIMIT;
            case SHUTDOWN -> Cause.EXECUTOR;
        };
    }

    private String reason(Stop stop) {
        var limit = attempt.task().timeLimit();
        return switch (stop) {
            case CANCEL -> "canceled";
            case TIME_LIMIT ->
                "ran longer than its time limit of " + Quantity.formatDuration(limit == null ? Duration.ZERO : limit);
            case MEMORY -> "used more memory than its limit of " + Quantity.formatBytes(memoryLimit());
            case DISK -> "its workspace holds more than its limit of " + Quantity.formatBytes(diskLimit());
            case SHUTDOWN -> "the " + options.kind() + " executor was stopped";
        };
    }

    private static Cause causeOf(ErrorCode code) {
        return switch (code.kind()) {
            case USER -> Cause.INVALID;
            case RESOURCE, EXTERNAL -> Cause.EXECUTOR;
            case INTERNAL -> Cause.INTERNAL;
        };
    }

    private static String message(MusterException e) {
        return e.getMessage() == null ? e.code().toString() : e.getMessage();
    }

    private void tell(Outcome outcome) {
        try {
            outcomes.ended(id(), outcome);
        } finally {
            engine.forget(this);
        }
    }

    // ---- meanwhile

    /** Looks at its processes, if it is time to. */
    synchronized void sample(long now) {
        if (state == State.RUNNING && tree != null && now - nextSampleNanos >= 0) {
            if (sampleNanos == SHORTEST_SAMPLE_NANOS && engine.holdsLater()) {
                engine.aside(this::group);
            }
            engine.trees.observe(tree);
            if (usesTooMuchMemory(tree)) {
                stop(Stop.MEMORY);
            }
            if (diskLimit() > 0 && now - nextWeighingNanos >= 0) {
                nextWeighingNanos = Long.MAX_VALUE / 2 + now; // until this one is done
                engine.aside(this::weigh);
            }
            sampleNanos = Math.min(2 * sampleNanos, memoryLimit() > 0 ? LONGEST_WATCH_NANOS : LONGEST_SAMPLE_NANOS);
            nextSampleNanos = now + sampleNanos;
        }
    }

    private boolean usesTooMuchMemory(ProcessTree ours) {
        var limit = memoryLimit();
        if (limit == 0) {
            return false;
        }
        return engine.holdsMemory()
                ? ours.group != null && ours.group.ranOutOfMemory()
                : engine.trees.exceeds(ours, limit);
    }

    /** 0 for none. */
    private long memoryLimit() {
        return options.limits() ? attempt.task().resources().memoryBytes() : 0;
    }

    /** 0 for none: a directory that the task asked for may hold what is not its own. */
    private long diskLimit() {
        var task = attempt.task();
        return options.limits() && task.workingDirectory() == null
                ? task.resources().diskBytes()
                : 0;
    }

    /** Adds up its workspace. A large one takes long, and is added up the more seldom. */
    private void weigh() {
        var before = System.nanoTime();
        var directory = attempt.workingDirectory();
        var bytes = attempt.asUser(() -> Workspaces.bytes(directory));
        if (bytes > diskLimit()) {
            stop(Stop.DISK);
        }
        var now = System.nanoTime();
        synchronized (this) {
            nextWeighingNanos = now + Math.max(LONGEST_SAMPLE_NANOS, 20 * (now - before));
        }
    }

    private static long nanos(Duration duration) {
        return duration.compareTo(Duration.ofDays(36500)) > 0 ? Long.MAX_VALUE / 4 : duration.toNanos();
    }
}
