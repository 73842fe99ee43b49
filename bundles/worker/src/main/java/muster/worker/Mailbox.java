package muster.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs what it is given in order on one thread, and after each batch of what has gathered one task of its own. */
final class Mailbox implements Executor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);
    private static final int LARGEST_BATCH = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final Runnable afterBatch;
    private final Thread thread;
    private volatile boolean closed;

    Mailbox(String name, Runnable afterBatch) {
        this.afterBatch = afterBatch;
        thread = new Thread(this::loop, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Never blocks; does nothing once closed. */
    @Override
    public void execute(Runnable task) {
        if (!closed) {
            queue.add(task);
        }
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Runs what is there, then ends. */
    @Override
    public void close() {
        closed = true;
        queue.add(() -> {});
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        var batch = new ArrayList<Runnable>(LARGEST_BATCH);
        try {
            while (!closed || !queue.isEmpty()) {
                batch.add(queue.take());
                queue.drainTo(batch, LARGEST_BATCH - 1);
                batch.forEach(Mailbox::run);
                batch.clear();
                run(afterBatch);
            }
        } catch (InterruptedException e) {
            LOG.debug("{} was interrupted", thread.getName());
        }
    }

    /** A defect in one task must not stop the others. */
    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | LinkageError e) {
            LOG.error("A defect in the worker; please report it", e);
        }
    }
}
