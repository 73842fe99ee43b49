package muster.manager.scheduler;

import java.time.Instant;
import muster.api.AttemptId;
import org.jspecify.annotations.Nullable;

/** An attempt that was sent to a worker and whose result is not durable yet. */
public final class Execution {
    public final JobRun job;
    public final int position;
    public final int number;
    public final String worker;
    public final Instant assignedAt;

    /** Null until the worker says that it started. */
    public @Nullable Instant startedAt;

    /** Waits on the worker for resources that others hold. */
    boolean prefetched;

    /** Its result has come and is being made durable. */
    boolean recording;

    /** The user asked to stop it. */
    boolean canceling;

    Execution(JobRun job, int position, int number, String worker, Instant assignedAt) {
        this.job = job;
        this.position = position;
        this.number = number;
        this.worker = worker;
        this.assignedAt = assignedAt;
    }

    public AttemptId id() {
        return new AttemptId(job.taskId(position), number);
    }

    Demand demand() {
        return job.group(position).demand;
    }
}
