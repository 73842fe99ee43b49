package muster.manager;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns the scheduler's state. What was posted is carried out in order; after each burst, and at
 * least once a tick, the turn is run.
 */
final class Reactor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);
    private static final Duration TICK = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BURST = 4096;

    private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /** @param turn run after each burst of what was posted */
    Reactor(Runnable turn) {
        thread = new Thread(() -> run(turn), "muster-reactor");
    }

    void start() {
        thread.start();
    }

    private void run(Runnable turn) {
        var burst = new ArrayList<Runnable>();
        while (!closed) {
            try {
                var first = queue.poll(TICK.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    burst.add(first);
                    queue.drainTo(burst, BURST);
                }
            } catch (InterruptedException e) {
                continue;
            }
            burst.forEach(Reactor::carryOut);
            burst.clear();
            carryOut(turn);
        }
    }

    private static void carryOut(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("A step of the manager failed; this is a defect", e);
        }
    }

    /** Carries this out on the reactor's thread, soon. */
    void post(Runnable task) {
        queue.add(task);
    }

    /** Carries this out on the reactor's thread and gives what it gives. */
    <T> CompletableFuture<T> later(Callable<T> task) {
        var answer = new CompletableFuture<T>();
        post(() -> {
            try {
                answer.complete(task.call());
            } catch (Exception e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    /** As {@link #later}, and waits. Not for the reactor's own thread. */
    <T> T ask(Callable<T> task) {
        return await(later(task));
    }

    /** Waits for something that the reactor or the store brings about. */
    static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | CompletionException e) {
            if (e.getCause() instanceof MusterException known) {
                throw known;
            }
            throw new MusterException(ErrorCode.INTERNAL, "the manager failed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the manager did not answer within " + PATIENCE.toSeconds() + "s; try again",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MusterException(ErrorCode.UNAVAILABLE, "interrupted while waiting for the manager", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
