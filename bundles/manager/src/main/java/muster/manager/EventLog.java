package muster.manager;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.JobId;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;

/**
 * The newest events, for followers. Ids begin with the manager's epoch, so that they rise across restarts. A follower
 * who asks for what is no longer kept is told so by an event {@code events.lost}. Thread-safe.
 */
final class EventLog {
    static final int SIZE = 1 << 16;

    private static final int EPOCH_SHIFT = 32;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** What {@link #add} takes where there is no task or attempt. */
    static final int NONE = -1;

    /** Each event in columns, as a burst of a million makes no object for any. */
    private final long[] times = new long[SIZE];

    private final String[] types = new String[SIZE];
    private final @Nullable JobId[] jobs = new JobId[SIZE];
    private final int[] tasks = new int[SIZE];
    private final int[] attempts = new int[SIZE];
    private final @Nullable String[] workers = new String[SIZE];
    private final String[] messages = new String[SIZE];

    private final long first;
    private long next;
    private List<Waiter> waiters = new ArrayList<>();
    private boolean closed;

    private record Waiter(long after, CompletableFuture<Void> future) {}

    EventLog(long epoch) {
        first = (epoch << EPOCH_SHIFT) + 1;
        next = first;
    }

    /**
     * @param task {@link #NONE} if it is not about one
     * @param attempt likewise
     */
    synchronized void add(
            Instant time,
            String type,
            @Nullable JobId job,
            int task,
            int attempt,
            @Nullable String worker,
            String message) {
        var slot = (int) (next % SIZE);
        times[slot] = time.getEpochSecond() * NANOS_PER_SECOND + time.getNano();
        types[slot] = type;
        jobs[slot] = job;
        tasks[slot] = task;
        attempts[slot] = attempt;
        workers[slot] = worker;
        messages[slot] = message;
        next++;
    }

    private Event event(long id) {
        var slot = (int) (id % SIZE);
        return new Event(
                id,
                Instant.ofEpochSecond(0, times[slot]),
                types[slot],
                jobs[slot],
                tasks[slot] == NONE ? null : tasks[slot],
                attempts[slot] == NONE ? null : attempts[slot],
                workers[slot],
                messages[slot]);
    }

    /** Wakes those who wait. Apart from {@link #add}, so that a burst of events wakes them once. */
    void flush() {
        List<Waiter> ready;
        synchronized (this) {
            if (waiters.isEmpty()) {
                return;
            }
            ready = new ArrayList<>();
            var still = new ArrayList<Waiter>();
            for (var waiter : waiters) {
                (next - 1 > waiter.after ? ready : still).add(waiter);
            }
            waiters = still;
        }
        ready.forEach(waiter -> waiter.future.complete(null));
    }

    synchronized long newest() {
        return next - 1;
    }

    synchronized List<Event> after(long after, @Nullable JobId job, int limit) {
        var oldest = Math.max(first, next - SIZE);
        var events = new ArrayList<Event>();
        if (after > 0 && after + 1 < oldest && next > first) {
            events.add(new Event(
                    oldest - 1,
                    Instant.now(),
                    "events.lost",
                    null,
                    null,
                    null,
                    null,
                    "events up to " + (oldest - 1) + " are no longer kept; read the state of jobs and tasks anew"));
        }
        for (var id = Math.max(after + 1, oldest); id < next && events.size() < limit; id++) {
            if (job == null || job.equals(jobs[(int) (id % SIZE)])) {
                events.add(event(id));
            }
        }
        return events;
    }

    synchronized CompletionStage<Void> eventAfter(long after) {
        if (newest() > after) {
            return CompletableFuture.completedFuture(null);
        }
        if (closed) {
            return CompletableFuture.failedFuture(ended());
        }
        var future = new CompletableFuture<Void>();
        waiters.add(new Waiter(after, future));
        return future;
    }

    /** Nothing comes any more: those who wait are told, so that they ask who leads now. */
    void close() {
        List<Waiter> left;
        synchronized (this) {
            closed = true;
            left = waiters;
            waiters = new ArrayList<>();
        }
        left.forEach(waiter -> waiter.future.completeExceptionally(ended()));
    }

    private static MusterException ended() {
        return new MusterException(ErrorCode.UNAVAILABLE, "this manager leads no more; try again");
    }
}
