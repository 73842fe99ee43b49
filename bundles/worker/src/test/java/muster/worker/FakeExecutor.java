package muster.worker;

import static muster.api.executor.Eventually.eventually;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import muster.api.AttemptId;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;

/** Runs attempts until the test ends them. */
final class FakeExecutor implements Executor {
    final List<AttemptId> started = new CopyOnWriteArrayList<>();
    final List<AttemptId> canceled = new CopyOnWriteArrayList<>();
    volatile Availability availability = Availability.YES;
    volatile RuntimeException failure;
    private final Map<AttemptId, Attempt> attempts = new ConcurrentHashMap<>();
    private volatile Outcomes outcomes;

    @Override
    public Availability probe() {
        return availability;
    }

    @Override
    public void start(List<Attempt> batch, Outcomes to) {
        if (failure != null) {
            throw failure;
        }
        outcomes = to;
        for (var attempt : batch) {
            attempts.put(attempt.id(), attempt);
            started.add(attempt.id());
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        canceled.add(attempt.id());
    }

    Attempt awaitStart(AttemptId attempt) {
        eventually("attempt " + attempt + " starts", () -> started.contains(attempt));
        return attempts.get(attempt);
    }

    void awaitCancel(AttemptId attempt) {
        eventually("attempt " + attempt + " is canceled", () -> canceled.contains(attempt));
    }

    void tellStarted(AttemptId attempt) {
        outcomes.started(attempt);
    }

    void succeed(AttemptId attempt) {
        end(attempt, Outcome.success(Usage.NONE));
    }

    void end(AttemptId attempt, Outcome outcome) {
        outcomes.ended(attempt, outcome);
    }
}
