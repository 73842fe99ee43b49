package muster.manager.store;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.LogStream;

/**
 * Holds jobs, attempts and workers durably. Writes are gathered into transactions by one thread: whatever has come is
 * committed together. Thread-safe.
 */
public interface Store extends AutoCloseable {
    /** A number that rises with each call, durably. */
    long nextEpoch();

    /** The highest job id ever given; 0 at first. */
    long lastJob();

    /**
     * Carries this out and then runs {@code afterCommit}, on the store's thread. While the store cannot write, it tries
     * again and again; a {@link Write.Submitted} then fails at once.
     *
     * @param failed told why, instead of {@code afterCommit}, when the write was given up
     */
    void write(Write write, Runnable afterCommit, Consumer<Exception> failed);

    /** Why it cannot write now; empty if it can. */
    String fault();

    /** Every job, by id. The specifications of ended ones are there too. */
    void jobs(Consumer<StoredJob> consumer);

    Optional<StoredJob> job(JobId id);

    /** What was dispatched of a job that has not ended, oldest first. */
    List<StoredDispatch> dispatches(JobId job);

    /** Every ended attempt of a job, by task and number, without logs. */
    void attempts(JobId job, Consumer<EndedAttempt> consumer);

    /** The ended attempts of some tasks of a job, by task and number, without logs. */
    List<EndedAttempt> attempts(JobId job, Collection<Integer> indices);

    /** The first bytes of what an attempt wrote; empty if none are kept. */
    Optional<byte[]> log(AttemptId attempt, LogStream stream);

    List<StoredWorker> workers();

    /** Ends after what was given is durable. */
    @Override
    void close();
}
