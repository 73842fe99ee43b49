package muster.executor.process;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.Cause;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.CommandExecutor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Program;
import muster.api.executor.ProgramRunner.Options;
import org.jspecify.annotations.Nullable;

/** The programs of one executor. Thread-safe. */
final class Commands implements CommandExecutor {
    final Options options;
    final Function<Attempt, Program> programs;

    private final ProcessRunner runner;
    private final @Nullable Engine engine;
    private final @Nullable ControlGroups groups;
    private volatile boolean closed;

    Commands(ProcessRunner runner, Options options, Function<Attempt, Program> programs) {
        this.runner = runner;
        this.options = options;
        this.programs = programs;
        engine = runner.engine;
        groups = runner.groups;
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
    @Override
    public Availability probe() {
        if (engine == null) {
            return Availability.no(runner.whyNot);
        }
        if (groups == null) {
            return Availability.yes(noteOfProc(runner.whyNot));
        }
        return Availability.yes(
                groups.working() ? noteOf(groups) : noteOfProc("moving processes to one failed, see the log"));
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        if (engine == null) {
            attempts.forEach(attempt -> outcomes.ended(attempt.id(), Outcome.failure(Cause.EXECUTOR, runner.whyNot)));
        } else {
            engine.start(attempts, outcomes, this);
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        if (engine != null) {
            engine.cancel(attempt.id());
        }
    }

    /** Whether it takes no more attempts. */
    boolean closed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        if (engine != null) {
            engine.end(this);
        }
    }
}
