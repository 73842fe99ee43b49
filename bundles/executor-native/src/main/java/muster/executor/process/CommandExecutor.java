package muster.executor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.Cause;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import org.jspecify.annotations.Nullable;

/**
 * Runs attempts as processes of this machine, each tree of them followed to its end and held to what it may use: what an
 * executor does whose tasks are commands. Thread-safe.
 */
public final class CommandExecutor implements AutoCloseable {
    private static final String AUTO = "auto";
    private static final String NONE = "none";

    /**
     * How attempts are run.
     *
     * @param kind of the executor, as in messages and names of threads
     * @param grace between SIGTERM and SIGKILL
     * @param cgroup a folder of cgroup v2; {@code auto} for whatever control groups there are; {@code none} for none
     * @param limits whether what attempts reserved is a limit
     * @param processes how many an attempt may have, each thread counted, where {@code limits}; 0 for any number
     */
    public record Options(String kind, Duration grace, String cgroup, boolean limits, int processes) {}

    /** Null where nothing can run, and then {@link #note} says why. */
    private final @Nullable Engine engine;

    private final @Nullable ControlGroups groups;
    private final Options options;
    private final String note;

    /** @param programs what to run for an attempt; throws a {@link muster.api.MusterException} if it cannot be run */
    public CommandExecutor(Options options, Function<Attempt, Program> programs) {
        this(options, programs, Launcher::new);
    }

    CommandExecutor(Options options, Function<Attempt, Program> programs, Supplier<Launcher> launcher) {
        this.options = options;
        Engine opened = null;
        ControlGroups found = null;
        String text;
        try {
            requirePlatform();
            var groupsOrWhyNot = groups(options.cgroup());
            found = groupsOrWhyNot.groups();
            text = found == null ? noteOfProc(groupsOrWhyNot.whyNot()) : noteOf(found);
            opened = new Engine(launcher.get(), options, programs, found);
        } catch (LinkageError e) {
            text = "the C library cannot be called (" + e + "); the worker needs glibc, and a folder java.io.tmpdir"
                    + " that is not mounted noexec";
        } catch (IOException e) {
            text = String.valueOf(e.getMessage());
        }
        engine = opened;
        groups = found;
        note = text;
    }

    private record Groups(@Nullable ControlGroups groups, String whyNot) {}

    private static void requirePlatform() throws IOException {
        var system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.equals("Linux amd64") && !system.equals("Linux aarch64")) {
            throw new IOException("this kind of task needs Linux on amd64 or aarch64, this is " + system
                    + "; run the worker there, or use another executor");
        }
    }

    private static Groups groups(String cgroup) throws IOException {
        switch (cgroup) {
            case NONE:
                return new Groups(null, "as configured");
            case AUTO:
                try {
                    return new Groups(ControlGroups.find(), "");
                } catch (IOException e) {
                    return new Groups(null, String.valueOf(e.getMessage()));
                }
            default:
                return new Groups(new ControlGroupsOfVersion2(Path.of(cgroup)), "");
        }
    }

    private String noteOf(ControlGroups found) {
        var start = found.holdFromStart()
                ? "each attempt's processes are held from their start in control groups (version 1) as in "
                        + found.folder() + "; only one that may write there (root) can leave them"
                : "each attempt's processes are held in a control group (version 2) in " + found.folder()
                        + "; only one that may write there (root) can leave it, or one that in the first 50 ms of its"
                        + " attempt starts a session of its own, clears its environment, leaves its directory and"
                        + " output, and loses its parent";
        return start + noteOfLimits(found.controllers());
    }

    private String noteOfProc(String why) {
        return "processes are followed by /proc, not by cgroup (" + why + "): one that starts a session of its own,"
                + " clears its environment, leaves its directory and output, and loses its parent, all within a second,"
                + " outlives its attempt" + noteOfLimits(Set.of());
    }

    private String noteOfLimits(Set<String> controllers) {
        if (!options.limits()) {
            return "; nothing of what it uses is limited, as configured";
        }
        var memory = controllers.contains(ControlGroups.MEMORY);
        var cores = controllers.contains(ControlGroups.CPU);
        var processes = controllers.contains(ControlGroups.PIDS);
        var held = Stream.of(memory ? "memory" : "", cores ? "cores" : "", processes ? "the number of processes" : "")
                .filter(name -> !name.isEmpty())
                .collect(Collectors.joining(", "));
        return (held.isEmpty() ? "" : "; held to its limits by the kernel: " + held)
                + (memory ? "" : "; memory is looked at five times a second, so that a task may use more for as long")
                + "; its workspace is looked at every second"
                + (cores ? "" : "; cores are not limited")
                + (processes || options.processes() == 0
                        ? ""
                        : "; the number of processes is limited by prlimit, for all of the worker's user together");
    }

    /** Whether commands can be run here, and if not, why; else what an operator should know of how they are held. */
    public Availability probe() {
        if (engine == null) {
            return Availability.no(note);
        }
        return groups == null || groups.working()
                ? Availability.yes(note)
                : Availability.yes(noteOfProc("moving processes to one failed, see the log"));
    }

    /** As {@link muster.api.executor.Executor#start}. */
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        if (engine == null) {
            attempts.forEach(attempt -> outcomes.ended(attempt.id(), Outcome.failure(Cause.EXECUTOR, note)));
        } else {
            engine.start(attempts, outcomes);
        }
    }

    /** As {@link muster.api.executor.Executor#cancel}. */
    public void cancel(Attempt attempt) {
        if (engine != null) {
            engine.cancel(attempt.id());
        }
    }

    /** Kills whatever runs, and waits until that is told. */
    @Override
    public void close() {
        if (engine != null) {
            engine.close();
        }
    }
}
