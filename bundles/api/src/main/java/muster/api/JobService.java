package muster.api;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Takes jobs and says what becomes of them; every face of Muster goes through it. Thread-safe. Ids that do not exist
 * give NOT_FOUND.
 */
@ProviderType
public interface JobService {
    /**
     * Accepts a job. When this returns, the job is durable.
     *
     * @param idempotencyKey of the caller's choice: the same key again gives the job it gave first, or CONFLICT if the
     *     specification differs; null for none
     * @throws MusterException INVALID for a job that can never run as it stands (unknown executor, job to come after that
     *     does not exist), IMPOSSIBLE if no known or expected worker is large enough
     */
    JobId submit(JobSpec spec, String owner, @Nullable String idempotencyKey);

    /**
     * As {@link #submit}, and what tasks of a graph would make is taken from earlier jobs of this owner where they had the
     * same command, parameters, declared environment, executor, content of inputs and declared outputs, and what is to be
     * kept is still there. Such a task counts as succeeded at once.
     */
    JobId resume(JobSpec spec, String owner, @Nullable String idempotencyKey);

    Page<JobView> jobs(JobQuery query);

    JobView job(JobId id);

    /** What was submitted. */
    JobSpec spec(JobId id);

    /** The categories of its tasks, in the order of their first ones; at most 1000. */
    List<CategoryView> categories(JobId id);

    /** Completes with the job once it has ended; at once if it has. */
    CompletionStage<JobView> ended(JobId id);

    /** Cancels every task that has not ended. No effect on a job that has. */
    void cancel(JobId id, String by);

    /**
     * Puts tasks of an ended job back in the queue; how many. CONFLICT if it has not ended, or was driven.
     *
     * @param failedOnly whether only those that failed, with those that were canceled since they need one of them; else all that
     *     did not succeed
     */
    int retry(JobId id, boolean failedOnly, String by);

    /** Forgets an ended job and all it left. CONFLICT if it has not ended. */
    void delete(JobId id, String by);

    Page<TaskView> tasks(TaskQuery query);

    TaskView task(TaskId id);

    /** The task of a job that is named so or has that index: {@code yearly}, {@code 3}. */
    TaskId find(JobId job, String nameOrIndex);

    /**
     * Reads what a task's last attempt wrote, from {@code offset}, at most {@code limit} bytes. Fails with UNAVAILABLE if
     * the bytes are on a worker that does not answer.
     */
    CompletionStage<LogChunk> log(TaskId id, LogStream stream, long offset, int limit);

    Explanation explain(TaskId id);

    /**
     * Answers a question about the results of a job: the text files that its tasks have left at the manager, in the table
     * {@code results}, asked by one query in SQLite's SQL. Nothing but that job can be seen, and nothing changed, by it.
     *
     * @param limit of rows, at least 1
     * @throws MusterException INVALID for what is no query, has a fault or takes too long; TOO_LARGE for a job whose
     *     results are too many for one table; UNAVAILABLE while too many others ask
     */
    ResultTable results(JobId id, String sql, int limit);

    /** Events after {@code after}, oldest first, at most {@code limit}; of one job, or all. */
    List<Event> events(long after, @Nullable JobId job, int limit);

    /** The id of the newest event. */
    long newestEvent();

    /** Completes once there is an event after {@code after}. */
    CompletionStage<Void> eventAfter(long after);
}
