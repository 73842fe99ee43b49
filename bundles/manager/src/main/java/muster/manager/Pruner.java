package muster.manager;

import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import muster.api.MusterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes jobs whose retention has ended, once a minute. */
final class Pruner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pruner.class);

    private final Manager manager;
    private final Jobs jobs;
    private final Retention retention;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "muster-pruner"));
    private final Future<?> pruning;

    Pruner(Manager manager, Jobs jobs, Retention retention) {
        this.manager = manager;
        this.jobs = jobs;
        this.retention = retention;
        pruning = timer.scheduleWithFixedDelay(this::prune, 1, 1, TimeUnit.MINUTES);
    }

    /** Deletes what is to be forgotten now. */
    void prune() {
        try {
            var expired = manager.reactor.ask(() -> retention.expired(
                    StreamSupport.stream(manager.directory.all().spliterator(), false)
                            .map(Directory.Entry::view)
                            .toList(),
                    manager.now()));
            for (var job : expired) {
                jobs.delete(job, "retention");
            }
            if (!expired.isEmpty()) {
                LOG.info(
                        "{} jobs that ended long ago were deleted; see retention in etc/muster.manager.cfg",
                        expired.size());
            }
        } catch (MusterException e) {
            // somebody deleted or retried one meanwhile, or the store is away
            LOG.debug("Old jobs are deleted later", e);
        }
    }

    @Override
    public void close() {
        pruning.cancel(true);
        timer.shutdownNow();
    }
}
