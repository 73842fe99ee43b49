package muster.executor.noop;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.MusterException;
import muster.api.Parameters;
import muster.api.Quantity;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Runs tasks of the kind {@code noop}: they do nothing and end at once with success. For trying out a cluster and for
 * measuring what Muster itself costs. A command is accepted and not run. Parameters, all optional:
 *
 * <ul>
 *   <li>{@code duration}: such as {@code 2s}; the task ends after it, or at its time limit
 *   <li>{@code fail}: a message; the task ends with exit code 1 and this message
 * </ul>
 */
@Component(service = Executor.class, property = Executor.NAME + "=" + NoopExecutor.KIND)
public final class NoopExecutor implements Executor {
    static final String KIND = "noop";

    private static final List<String> PARAMETERS = List.of("duration", "fail");
    private static final Duration LONGEST = Duration.ofDays(36_500);
    private static final Outcome SUCCESS = Outcome.success(Usage.NONE);
    private static final Outcome REMOVED =
            Outcome.failure(Cause.EXECUTOR, "executor '" + KIND + "' was removed from the worker while it ran");

    private final Map<AttemptId, Sleeper> sleepers = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer;

    @Activate
    public NoopExecutor() {
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "muster-noop");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Ends what still sleeps: its executor goes away. */
    @Deactivate
    public void stop() {
        timer.shutdownNow();
        sleepers.values().forEach(sleeper -> end(sleeper, REMOVED));
    }

    @Override
    public Availability probe() {
        return Availability.YES;
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        Parameters planned = Parameters.NONE;
        var plan = Plan.NOTHING;
        for (var attempt : attempts) {
            var parameters = attempt.task().parameters();
            if (!parameters.equals(planned)) {
                try {
                    plan = Plan.of(parameters);
                    planned = parameters;
                } catch (MusterException e) {
                    outcomes.ended(attempt.id(), Outcome.failure(Cause.INVALID, String.valueOf(e.getMessage())));
                    continue;
                }
            }
            if (plan.duration.isZero()) {
                outcomes.ended(attempt.id(), plan.outcome(Usage.NONE));
            } else {
                sleep(attempt, plan, outcomes);
            }
        }
    }

    private void sleep(Attempt attempt, Plan plan, Outcomes outcomes) {
        var limit = attempt.task().timeLimit();
        var wall = plan.duration;
        var outcome = plan.outcome(usage(wall));
        if (limit != null && limit.compareTo(wall) < 0) {
            wall = limit;
            var message = "ran longer than its time limit of " + Quantity.formatDuration(limit);
            outcome = new Outcome(Cause.TIME_LIMIT, -1, 0, message, usage(limit));
        }
        var end = outcome;
        var sleeper = new Sleeper(attempt.id(), outcomes);
        sleepers.put(attempt.id(), sleeper);
        outcomes.started(attempt.id());
        try {
            sleeper.alarm = timer.schedule(() -> end(sleeper, end), wall.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            end(sleeper, REMOVED);
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        var sleeper = sleepers.get(attempt.id());
        if (sleeper != null) {
            var alarm = sleeper.alarm;
            if (alarm != null) {
                alarm.cancel(false);
            }
            end(sleeper, Outcome.failure(Cause.CANCELED, "canceled"));
        }
    }

    /** Tells the outcome if none was told. */
    private void end(Sleeper sleeper, Outcome outcome) {
        if (sleepers.remove(sleeper.id, sleeper)) {
            sleeper.outcomes.ended(sleeper.id, outcome);
        }
    }

    private static Usage usage(Duration wall) {
        return new Usage(wall, Duration.ZERO, 0);
    }

    private static final class Sleeper {
        final AttemptId id;
        final Outcomes outcomes;
        volatile @Nullable Future<?> alarm;

        Sleeper(AttemptId id, Outcomes outcomes) {
            this.id = id;
            this.outcomes = outcomes;
        }
    }

    /** What the parameters ask. */
    private record Plan(Duration duration, @Nullable String fail) {
        static final Plan NOTHING = new Plan(Duration.ZERO, null);

        static Plan of(Parameters parameters) {
            parameters.requireOnly(KIND, PARAMETERS);
            var duration =
                    parameters.string("duration").map(Quantity::parseDuration).orElse(Duration.ZERO);
            if (duration.compareTo(LONGEST) > 0) {
                throw MusterException.invalid("parameter 'duration' is " + Quantity.formatDuration(duration)
                        + "; write one of at most " + Quantity.formatDuration(LONGEST));
            }
            return new Plan(duration, parameters.string("fail").orElse(null));
        }

        Outcome outcome(Usage usage) {
            if (fail != null) {
                return new Outcome(Cause.EXIT_CODE, 1, 0, fail, usage);
            }
            return usage.equals(Usage.NONE) ? SUCCESS : Outcome.success(usage);
        }
    }
}
