package muster.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One change of a job, a task or a worker.
 *
 * @param id rises with each event; a follower that comes back names the last it saw
 * @param type such as {@code task.succeeded}, {@code job.failed}, {@code worker.online}
 * @param task index in the job; null for events of jobs and workers
 * @param message why, in one line; else empty
 */
public record Event(
        long id,
        Instant time,
        String type,
        @Nullable JobId job,
        @Nullable Integer task,
        @Nullable Integer attempt,
        @Nullable String worker,
        String message) {}
