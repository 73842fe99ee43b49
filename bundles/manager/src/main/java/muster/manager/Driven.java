package muster.manager;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.language.Driver;
import muster.api.language.DynamicLanguage;
import muster.api.language.Requests;
import muster.api.language.Result;
import muster.manager.store.EndedAttempt;
import muster.manager.store.Store;
import muster.manager.store.StoredDriver;
import muster.manager.store.StoredStep;
import muster.transport.Codec;

/** A driver and what it has asked for. Used by one thread at a time, none of which is the reactor's. */
final class Driven {
    private static final String NOT_STARTED = "needs a task that did not succeed";

    final DynamicLanguage language;
    private final Driver driver;
    private final boolean mayFail;

    /** Of what it asked for, by number. */
    private final List<String> names = new ArrayList<>();

    private final Set<String> known = new HashSet<>();
    private final Asked first;

    /** What one call asked for. */
    record Asked(List<TaskSpec> tasks, String failure) {}

    /** Makes a driver, and lets it ask for its first tasks. */
    Driven(DynamicLanguage language, Sent sent) {
        this.language = language;
        mayFail = sent.mayFail();
        driver = language.start(sent.script());
        first = call(driver::onStart);
    }

    Asked first() {
        return first;
    }

    private Asked call(Consumer<Requests> call) {
        var asking = new Asking();
        try {
            call.accept(asking);
        } finally {
            asking.closed = true;
        }
        return new Asked(List.copyOf(asking.tasks), asking.failure);
    }

    private final class Asking implements Requests {
        private final List<TaskSpec> tasks = new ArrayList<>();
        private String failure = "";
        private boolean closed;

        @Override
        public int task(TaskSpec task) {
            if (closed) {
                throw new IllegalStateException("a driver asks for tasks only while it is called");
            }
            if (names.size() >= MOST) {
                throw MusterException.invalid("the script asks for more than " + MOST
                        + " tasks; let each of them do more, or split the script");
            }
            if (task.name().isEmpty() || known.contains(task.name())) {
                throw MusterException.invalid("request " + names.size() + " is for a task "
                        + (task.name().isEmpty() ? "without a name" : "named '" + task.name() + "' as one before")
                        + "; give each a name of its own");
            }
            for (var need : task.needs()) {
                if (!known.contains(need)) {
                    throw MusterException.invalid("task '" + task.name() + "' needs '" + Names.escape(need)
                            + "', which was not asked for before; ask for it first");
                }
            }
            names.add(task.name());
            known.add(task.name());
            tasks.add(task.toBuilder()
                    .mayFail(mayFail || task.mayFail())
                    .outputs(task.outputs().stream()
                            .map(output -> output.keep() == null ? output.kept(true) : output)
                            .toList())
                    .build());
            return names.size() - 1;
        }

        @Override
        public void fail(String why) {
            failure = why.isEmpty() ? "the script ended the run" : why;
        }
    }

    /** Tells results, in this order. What follows one that ended the run is not told. */
    StoredStep step(Store store, JobId job, int number, Map<Integer, TaskState> ended) {
        var attempts = attempts(store, job, ended.keySet());
        var told = new ArrayList<StoredStep.Told>();
        var asked = new ArrayList<TaskSpec>();
        for (var end : ended.entrySet()) {
            var task = end.getKey();
            var state = end.getValue();
            var attempt = attempts.getOrDefault(task, List.of()).stream()
                    .filter(each -> state != TaskState.CANCELED
                            && (each.cause() == Cause.SUCCESS) == (state == TaskState.SUCCEEDED))
                    .reduce((one, later) -> later)
                    .map(each -> each.id().number())
                    .orElse(0);
            var result = result(store, attempts, task, attempt, state);
            var now = call(requests -> driver.onResult(result, requests));
            told.add(new StoredStep.Told(task, attempt, state, now.tasks.size()));
            asked.addAll(now.tasks);
            if (!now.failure.isEmpty()) {
                return new StoredStep(number, told, asked, now.failure);
            }
        }
        return new StoredStep(number, told, asked, "");
    }

    /**
     * Tells a new driver what an earlier one was told.
     *
     * @param tasks which that one had asked for, all of them
     * @throws MusterException if this one asks for something else
     */
    void replay(Store store, JobId job, StoredDriver before, List<TaskSpec> tasks, List<StoredStep> steps) {
        requireSame(tasks.subList(0, before.begun()), first, "", "at its start");
        for (var step : steps) {
            var indices = step.told().stream().map(StoredStep.Told::task).toList();
            var attempts = attempts(store, job, indices);
            var from = 0;
            for (var told : step.told()) {
                var result = result(store, attempts, told.task(), told.attempt(), told.state());
                var now = call(requests -> driver.onResult(result, requests));
                var last = told.equals(step.told().get(step.told().size() - 1));
                requireSame(
                        step.asked().subList(from, from + told.asked()),
                        now,
                        last ? step.failure() : "",
                        "when task '" + result.task() + "' had " + Names.word(told.state()));
                from += told.asked();
            }
        }
    }

    private static Map<Integer, List<EndedAttempt>> attempts(Store store, JobId job, Iterable<Integer> tasks) {
        var all = new ArrayList<Integer>();
        tasks.forEach(all::add);
        var attempts = new HashMap<Integer, List<EndedAttempt>>();
        for (var attempt : store.attempts(job, all)) {
            attempts.computeIfAbsent(attempt.id().task().index(), i -> new ArrayList<>())
                    .add(attempt);
        }
        return attempts;
    }

    private Result result(
            Store store, Map<Integer, List<EndedAttempt>> attempts, int task, int number, TaskState state) {
        for (var attempt : attempts.getOrDefault(task, List.of())) {
            if (attempt.id().number() == number) {
                var stdout = store.log(attempt.id(), LogStream.STDOUT).orElse(new byte[0]);
                return new Result(
                        task,
                        names.get(task),
                        state,
                        attempt.exitCode(),
                        state == TaskState.SUCCEEDED ? "" : attempt.message(),
                        stdout.length > Result.MOST_BYTES ? Arrays.copyOf(stdout, Result.MOST_BYTES) : stdout);
            }
        }
        return new Result(task, names.get(task), state, -1, NOT_STARTED, new byte[0]);
    }

    private void requireSame(List<TaskSpec> before, Asked now, String failure, String when) {
        var number = names.size() - now.tasks.size();
        for (var i = 0; i < Math.max(before.size(), now.tasks.size()); i++) {
            var then = i < before.size() ? before.get(i) : null;
            var again = i < now.tasks.size() ? now.tasks.get(i) : null;
            if (then == null || again == null || !Arrays.equals(Codec.encode(then), Codec.encode(again))) {
                throw nondeterministic("request " + (number + i) + ", " + when + ", was "
                        + (then == null ? "not made" : "for " + shown(then)) + " and is now "
                        + (again == null ? "not made" : "for " + shown(again)));
            }
        }
        if (!failure.equals(now.failure)) {
            throw nondeterministic("the run was " + (failure.isEmpty() ? "not ended" : "ended with '" + failure + "'")
                    + " " + when + ", and now is "
                    + (now.failure.isEmpty() ? "not" : "with '" + Names.escape(now.failure) + "'"));
        }
    }

    private static String shown(TaskSpec task) {
        var command = String.join(" ", task.command());
        return "task '" + task.name() + "' (" + task.executor()
                + (command.isEmpty() ? "" : ": " + (command.length() > 100 ? command.substring(0, 100) + "…" : command))
                + ")";
    }

    private static MusterException nondeterministic(String what) {
        return new MusterException(
                ErrorCode.CONFLICT,
                "NONDETERMINISTIC: " + what
                        + "; a driver has to decide by its script and the results alone, so run the script anew");
    }
}
