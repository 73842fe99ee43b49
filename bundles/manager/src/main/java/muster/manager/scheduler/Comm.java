package muster.manager.scheduler;

import java.util.List;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.SessionId;
import muster.api.TaskState;
import org.jspecify.annotations.Nullable;

/** What the scheduler decides, told as it decides it. Implementations gather and return at once. */
public interface Comm {
    /** Send this to its worker. */
    void dispatch(Execution execution);

    /** Tell a worker to stop an attempt that it may hold. */
    void stop(String worker, AttemptId attempt);

    /**
     * Make the loss of an attempt durable.
     *
     * @param last whether the task has failed for good
     */
    void recordLoss(Execution execution, Cause cause, String message, boolean last);

    /** A task came into a state; the attempt is null where none is meant. */
    void changed(JobRun job, int position, TaskState state, @Nullable Execution execution, String message);

    /**
     * A task that had succeeded has to run again: make durable that this attempt of it counts no longer. {@link #changed}
     * follows.
     */
    void outputsLost(JobRun job, int position, int number);

    /** Tell a worker to close these sessions, which it may have open, once what uses them has ended. */
    void close(String worker, List<SessionId> sessions);

    /** Some tasks of an open job can never run on the workers that are known or expected; empty: now they can. */
    void stuck(JobRun job, String why);

    /** No further task of the job starts. */
    void canceled(JobRun job);

    /** The last task of the job has ended. */
    void ended(JobRun job);
}
