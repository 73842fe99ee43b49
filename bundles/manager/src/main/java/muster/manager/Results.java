package muster.manager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.ResultTable;
import muster.api.Work;
import muster.manager.results.Origin;
import muster.manager.results.ResultDatabase;
import muster.manager.scheduler.JobRun;
import muster.manager.store.EndedAttempt;
import muster.manager.store.Store;
import org.jspecify.annotations.Nullable;

/** Answers questions about what the tasks of a job left at the manager. Thread-safe; does I/O. */
final class Results {
    /** Each holds the results of a job in memory. */
    private static final int AT_ONCE = 2;

    private static final Duration TIME = Duration.ofSeconds(10);

    private final Semaphore turns = new Semaphore(AT_ONCE, true);
    private final Store store;

    Results(Store store) {
        this.store = store;
    }

    ResultTable ask(JobId job, Work work, @Nullable ManagerFiles files, String sql, int limit) {
        takeTurn();
        try (var database = new ResultDatabase()) {
            if (files != null && JobRun.leavesFiles(work)) {
                fill(database, job, work, files);
            }
            return database.ask(sql, limit, TIME);
        } finally {
            turns.release();
        }
    }

    private void takeTurn() {
        try {
            if (turns.tryAcquire(TIME.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new MusterException(
                ErrorCode.UNAVAILABLE, "others ask about results, and " + AT_ONCE + " may at a time; ask again");
    }

    /** What is told of an attempt's end; of a large job the rest is too much to hold. */
    private record End(@Nullable Instant at, @Nullable Long milliseconds) {
        static final End UNKNOWN = new End(null, null);

        static End of(EndedAttempt attempt) {
            var from = attempt.startedAt();
            return new End(
                    attempt.finishedAt(),
                    from == null
                            ? null
                            : Duration.between(from, attempt.finishedAt()).toMillis());
        }
    }

    private void fill(ResultDatabase database, JobId job, Work work, ManagerFiles files) {
        var ends = new HashMap<AttemptId, End>();
        store.attempts(job, attempt -> ends.put(attempt.id(), End.of(attempt)));
        for (var made : files.outputs().of(job)) {
            var task = made.attempt().task();
            var end = ends.getOrDefault(made.attempt(), End.UNKNOWN);
            var origin =
                    Origin.of(task, JobRun.task(work, JobRun.position(work, task.index())), end.at, end.milliseconds);
            for (var item : made.manifest().items()) {
                if (ResultDatabase.takes(item.name(), item.bytes()) && files.has(item.object())) {
                    try {
                        database.add(origin, item.name(), Files.readAllBytes(files.file(item.object())));
                    } catch (IOException e) {
                        throw new UncheckedIOException("cannot read " + item.object(), e);
                    }
                }
            }
        }
    }
}
