package muster.manager;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes jobs whose retention has ended, once a minute, and files that no job refers to. */
final class Pruner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pruner.class);

    private final Manager manager;
    private final Jobs jobs;
    private final Retention retention;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "muster-pruner"));
    private final List<Future<?>> work = new ArrayList<>();

    /** @param sweeper null to keep files for ever */
    Pruner(Manager manager, Jobs jobs, Retention retention, @Nullable Sweeper sweeper) {
        this.manager = manager;
        this.jobs = jobs;
        this.retention = retention;
        work.add(timer.scheduleWithFixedDelay(this::prune, 1, 1, TimeUnit.MINUTES));
        if (sweeper != null) {
            // not at once: who asked for a file just before this manager began may refer to it now
            work.add(timer.scheduleWithFixedDelay(sweeper::run, 1, 6, TimeUnit.HOURS));
        }
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
            var files = manager.files();
            if (files != null) {
                files.forgetAsked();
            }
        } catch (MusterException e) {
            // somebody deleted or retried one meanwhile, or the store is away
            LOG.debug("Old jobs are deleted later", e);
        } catch (RuntimeException e) {
            // one that is thrown on would be the last of this timer
            LOG.warn("Old jobs are deleted later: {}", e.toString());
        }
    }

    @Override
    public void close() {
        work.forEach(each -> each.cancel(true));
        timer.shutdownNow();
    }
}
