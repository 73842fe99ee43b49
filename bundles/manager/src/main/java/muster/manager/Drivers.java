package muster.manager;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import muster.api.language.DynamicLanguage;
import muster.api.language.MissingSources;
import muster.manager.scheduler.JobRun;
import muster.manager.store.StoredDriver;
import muster.manager.store.StoredStep;
import muster.manager.store.Write;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells drivers how their tasks ended, and adds to their jobs what they ask for then. What a driver was told and asked for
 * is durable before any of it starts; so another one, told the same, is where that one was. Drivers run on threads of
 * their own, all else on the reactor's.
 */
final class Drivers {
    private static final Logger LOG = LoggerFactory.getLogger(Drivers.class);

    /** How long a call of a driver may take. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Results that are told in one step. */
    private static final int MOST_TOLD = 1000;

    /** Drivers that run at once. */
    private static final int MOST_AT_ONCE = 8;

    private final Manager manager;
    private final Map<JobId, Drive> drives = new HashMap<>();
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
    private int running;
    private volatile Duration patience = PATIENCE;
    private @Nullable Languages languages;

    Drivers(Manager manager) {
        this.manager = manager;
    }

    /** How long a call may take; {@link #PATIENCE} at first. */
    void patience(Duration other) {
        patience = other;
    }

    /** One driven job. */
    private static final class Drive {
        final JobRun run;
        final StoredDriver definition;
        final BitSet told = new BitSet();
        final Set<Integer> untold = new LinkedHashSet<>();
        int steps;

        /** Null while there is none: after a start, or when its language has gone. */
        @Nullable
        Driven driven;

        /** Whether it is being told something, or what it asked for is being made durable. */
        boolean busy;

        /** Its language has gone while it was busy. */
        boolean stale;

        /** What it waits for; empty for nothing. */
        String waits = "";

        Drive(JobRun run, StoredDriver definition) {
            this.run = run;
            this.definition = definition;
        }
    }

    /** What became of one turn of a driver. */
    private record Turn(Driven driven, @Nullable StoredStep step) {}

    /** Uses the languages that are there, from now on. */
    void use(Languages those) {
        manager.reactor.post(() -> {
            languages = those;
            check();
        });
    }

    /** Languages have come or gone. From any thread. */
    void languagesChanged() {
        manager.reactor.post(this::check);
    }

    private void check() {
        for (var drive : List.copyOf(drives.values())) {
            var driven = drive.driven;
            if (driven != null && driven.language != find(drive)) {
                drive.stale = drive.busy;
                drive.driven = drive.busy ? driven : null;
            }
            advance(drive);
        }
    }

    private @Nullable DynamicLanguage find(Drive drive) {
        return languages == null ? null : languages.find(drive.definition.language(), drive.definition.version());
    }

    /**
     * Lets a driver ask for its first tasks, and waits for that. Not on the reactor's thread.
     *
     * @throws MusterException INVALID if it fails, or asks for none
     */
    Driven start(DynamicLanguage language, String name, Sent sent) {
        try {
            var driven = bounded(name, patience, () -> new Driven(language, sent))
                    .toCompletableFuture()
                    .join();
            if (!driven.first().failure().isEmpty()) {
                throw MusterException.invalid(Names.escape(driven.first().failure()));
            } else if (driven.first().tasks().isEmpty()) {
                throw MusterException.invalid("the script asks for no task; let it ask for one at least");
            }
            return driven;
        } catch (CompletionException e) {
            if (e.getCause() instanceof MissingSources missing) {
                throw missing;
            }
            throw new MusterException(ErrorCode.INVALID, why(name, Objects.requireNonNull(e.getCause())), e);
        }
    }

    /** A job was accepted that this driver began. */
    void begin(JobRun run, StoredDriver definition, Driven driven) {
        run.drive();
        var drive = new Drive(run, definition);
        drive.driven = driven;
        drives.put(run.id, drive);
    }

    /** A driven job was brought back from the store, with the states of its tasks. Before the reactor runs. */
    void restore(JobRun run, StoredDriver definition) {
        var drive = new Drive(run, definition);
        var failure = "";
        for (var step : manager.store.steps(run.id)) {
            step.told().forEach(told -> drive.told.set(told.task()));
            drive.steps = step.number();
            failure = step.failure();
        }
        for (var position = 0; position < run.size(); position++) {
            if (run.state(position).terminal() && !drive.told.get(position)) {
                drive.untold.add(position);
            }
        }
        drives.put(run.id, drive);
        if (!failure.isEmpty()) {
            manager.scheduler.fail(run, failure);
        } else {
            manager.reactor.post(() -> advance(drive));
        }
    }

    /** A task of a driven job has ended. */
    void ended(JobRun run, int position) {
        var drive = drives.get(run.id);
        if (drive != null
                && !drive.told.get(position)
                && drive.untold.add(position)
                && drive.untold.size() == 1
                && !drive.busy) {
            // what ends with it is told with it
            manager.reactor.post(() -> advance(drive));
        }
    }

    /** No further task of the job starts. */
    void drop(JobRun run) {
        drives.remove(run.id);
    }

    private boolean gone(Drive drive) {
        return drives.get(drive.run.id) != drive;
    }

    private void advance(Drive drive) {
        if (drive.busy || gone(drive)) {
            return;
        }
        var language = drive.driven == null ? find(drive) : drive.driven.language;
        await(
                drive,
                language != null
                        ? ""
                        : "waits for language '" + drive.definition.language() + "' of version "
                                + drive.definition.version()
                                + ", by which it was begun; deploy that bundle, beside a newer one if need be, or cancel the job");
        if (language == null) {
            return;
        }
        if (drive.driven != null && drive.untold.isEmpty()) {
            if (drive.told.cardinality() == drive.run.size()) {
                drives.remove(drive.run.id);
                manager.scheduler.driveNoMore(drive.run);
            }
            return;
        }
        drive.busy = true;
        queue.add(() -> turn(drive, language));
        next();
    }

    private void await(Drive drive, String why) {
        if (!drive.waits.equals(why)) {
            if (drive.run.message.equals(drive.waits)) {
                drive.run.message = why;
            }
            drive.waits = why;
            manager.stuck(drive.run, why);
        }
    }

    private void next() {
        while (running < MOST_AT_ONCE && !queue.isEmpty()) {
            running++;
            queue.remove().run();
        }
    }

    private void turn(Drive drive, DynamicLanguage language) {
        var run = drive.run;
        var ended = new LinkedHashMap<Integer, TaskState>();
        for (var each = drive.untold.iterator(); ended.size() < MOST_TOLD && each.hasNext(); each.remove()) {
            var position = each.next();
            if (run.state(position).terminal()) {
                ended.put(position, run.state(position));
            }
        }
        var number = drive.steps + 1;
        var driven = drive.driven;
        var tasks = ((Work.Graph) run.spec.work()).tasks();
        var limit = driven == null ? patience.multipliedBy(1L + drive.steps) : patience;
        bounded(run.id.toString(), limit, () -> {
                    var now = driven == null ? replayed(drive.definition, language, run.id, tasks) : driven;
                    return new Turn(now, ended.isEmpty() ? null : now.step(manager.store, run.id, number, ended));
                })
                .whenComplete((turn, error) -> manager.reactor.post(() -> {
                    running--;
                    next();
                    drive.busy = false;
                    if (gone(drive)) {
                        return;
                    }
                    if (drive.stale) {
                        drive.stale = false;
                        drive.driven = null;
                        ended.keySet().forEach(drive.untold::add);
                        advance(drive);
                    } else if (error != null) {
                        fail(drive, why(drive.definition.language(), error));
                    } else {
                        drive.driven = turn.driven;
                        record(drive, turn.step);
                    }
                }));
    }

    private Driven replayed(StoredDriver definition, DynamicLanguage language, JobId job, List<TaskSpec> tasks) {
        var driven = new Driven(language, new Sent(definition.script()).close());
        driven.replay(manager.store, job, definition, tasks, manager.store.steps(job));
        return driven;
    }

    private void record(Drive drive, @Nullable StoredStep step) {
        if (step == null) {
            advance(drive);
            return;
        }
        drive.busy = true;
        manager.store.write(
                new Write.Stepped(drive.run.id, step), () -> manager.reactor.post(() -> stepped(drive, step)), e -> {});
    }

    private void stepped(Drive drive, StoredStep step) {
        if (gone(drive)) {
            return;
        }
        var run = drive.run;
        drive.busy = false;
        drive.steps = step.number();
        step.told().forEach(told -> drive.told.set(told.task()));
        if (drive.stale) {
            drive.stale = false;
            drive.driven = null;
        }
        if (!step.failure().isEmpty()) {
            fail(drive, step.failure());
            return;
        }
        if (!step.asked().isEmpty()) {
            try {
                manager.quotas.grow(run.owner, step.asked().size(), manager.nanos.getAsLong());
            } catch (MusterException e) {
                fail(drive, "the script asks for more tasks than may be: " + e.getMessage());
                return;
            }
            manager.scheduler.grow(run, step.asked());
        }
        advance(drive);
    }

    private void fail(Drive drive, String why) {
        LOG.info("Job {} fails: {}", drive.run.id, Names.escape(why));
        manager.scheduler.fail(drive.run, why);
    }

    private String why(String language, Throwable error) {
        var cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (cause instanceof TimeoutException) {
            return "DRIVER_STUCK: the driver of language '" + language + "' did not return within "
                    + Quantity.formatDuration(patience) + " and was given up; mend the script or the language";
        } else if (cause instanceof MusterException) {
            return String.valueOf(cause.getMessage());
        }
        return "DRIVER_FAILED: the driver of language '" + language + "' failed: " + Names.escape(cause.toString());
    }

    /** Carries this out on a thread of its own, which is left to itself if it takes too long. */
    private static <T> CompletionStage<T> bounded(String name, Duration limit, Callable<T> call) {
        var answer = new CompletableFuture<T>();
        var thread = new Thread(
                () -> {
                    try {
                        answer.complete(call.call());
                    } catch (Throwable e) {
                        // a driver may fail in any way, such as by a stack that is too deep
                        answer.completeExceptionally(e);
                    }
                },
                "muster-driver-" + name);
        thread.setDaemon(true);
        thread.start();
        BiConsumer<T, Throwable> interrupt = (value, error) -> {
            if (error instanceof TimeoutException) {
                thread.interrupt();
            }
        };
        return answer.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS).whenComplete(interrupt);
    }
}
