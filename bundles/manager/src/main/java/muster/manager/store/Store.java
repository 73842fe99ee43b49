package muster.manager.store;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.LogStream;

/**
 * Holds jobs, attempts and workers durably. Writes are gathered into transactions by one thread: whatever has come is
 * committed together. Thread-safe.
 */
public interface Store extends AutoCloseable {
    /** Who may write now, as it stands in the store. */
    Lease lease();

    /**
     * Takes the lease, if it still stands as it was seen, with the next epoch. From then on this store may write, and none
     * that held it before.
     *
     * @param holder names this manager
     * @param url where its REST interface is reached; may be empty
     * @return whether it was taken
     */
    boolean take(Lease seen, String holder, String url);

    /** The epoch under which this store writes; 0 before it took the lease. */
    long epoch();

    /** What to do once when another took the lease; every write fails from then on. On the store's thread. */
    void whenLost(Runnable told);

    /**
     * Whether this store still holds the lease, as the database says now: what lies outside of the store may be changed
     * only then, since nothing else keeps a manager from it that was paused. UNAVAILABLE if the database cannot be asked.
     */
    boolean leads();

    /** The highest job id ever given; 0 at first. Only with the lease. */
    long lastJob();

    /**
     * Carries this out and then runs {@code afterCommit}, on the store's thread. While the store cannot write, it tries
     * again and again; one that is {@link Write#awaited} then fails at once.
     *
     * @param failed told why, instead of {@code afterCommit}, when the write was given up, on the store's thread
     */
    void write(Write write, Runnable afterCommit, Consumer<Exception> failed);

    /** Why it cannot write now; empty if it can. */
    String fault();

    /** Every job, by id. The specifications of ended ones are there too. */
    void jobs(Consumer<StoredJob> consumer);

    Optional<StoredJob> job(JobId id);

    /** The steps of the driver of a job, in their order. */
    List<StoredStep> steps(JobId job);

    /** What was dispatched of a job that has not ended, oldest first. */
    List<StoredDispatch> dispatches(JobId job);

    /** Every ended attempt of a job, by task and number, without logs. */
    void attempts(JobId job, Consumer<EndedAttempt> consumer);

    /** The ended attempts of some tasks of a job, by task and number, without logs. */
    List<EndedAttempt> attempts(JobId job, Collection<Integer> indices);

    /** The first bytes of what an attempt wrote; empty if none are kept. */
    Optional<byte[]> log(AttemptId attempt, LogStream stream);

    /** The attempts that can be found by some ids, as far as there are any. */
    Map<String, AttemptId> cached(Collection<String> ids);

    List<StoredWorker> workers();

    /** The secrets of a job as they were written; empty if it has none. */
    Optional<byte[]> taskSecrets(JobId job);

    /** A secret as it was written; empty if there is none of that name. */
    Optional<byte[]> secret(String name);

    /**
     * Adds secrets, with or without the lease: all of them, or none if one is there already. So of several that
     * begin a cluster one does.
     *
     * @return whether they were added
     */
    boolean addSecrets(SortedMap<String, byte[]> contents);

    /** Ends after what was given is durable. */
    @Override
    void close();
}
