package muster.worker;

import static muster.api.executor.Eventually.eventually;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Session;

/** Runs attempts until the test ends them. */
final class FakeExecutor implements Executor {
    final List<AttemptId> started = new CopyOnWriteArrayList<>();
    final List<AttemptId> canceled = new CopyOnWriteArrayList<>();
    volatile Availability availability = Availability.YES;
    volatile RuntimeException failure;
    volatile boolean obeys;
    final List<Session> opened = new CopyOnWriteArrayList<>();
    final List<Session> closed = new CopyOnWriteArrayList<>();
    volatile RuntimeException closedTo;

    /** Released, sessions open. */
    volatile CountDownLatch opens = new CountDownLatch(0);

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
        if (obeys) {
            end(attempt.id(), Outcome.failure(Cause.CANCELED, "canceled"));
        }
    }

    @Override
    public void open(Session session) {
        opened.add(session);
        try {
            opens.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (closedTo != null) {
            throw closedTo;
        }
    }

    @Override
    public void close(Session session) {
        closed.add(session);
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
