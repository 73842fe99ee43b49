package muster.manager.store;

import java.time.Instant;
import java.util.List;
import muster.api.AttemptId;
import muster.api.JobId;
import org.jspecify.annotations.Nullable;

/** A change of the store. Changes are carried out in the order in which they are given. */
public sealed interface Write {
    /** Whether somebody waits for it, who is told of a failure at once. */
    default boolean awaited() {
        return false;
    }

    /**
     * A job was accepted.
     *
     * @param secrets encrypted; null for none
     * @param taken attempts that stand for what earlier jobs made
     */
    record Submitted(StoredJob job, byte @Nullable [] secrets, List<EndedAttempt> taken) implements Write {
        /** Without secrets, and none of its tasks has ended. */
        public Submitted(StoredJob job) {
            this(job, null, List.of());
        }

        @Override
        public boolean awaited() {
            return true;
        }
    }

    /** The id of a job that may be accepted is given to no other, whoever leads next. */
    record Reserved(JobId job) implements Write {
        @Override
        public boolean awaited() {
            return true;
        }
    }

    /** Attempts are about to be sent. */
    record Dispatched(StoredDispatch dispatch) implements Write {}

    /** Attempts ended. */
    record Ended(List<EndedAttempt> attempts) implements Write {}

    /** What an attempt made that succeeded was lost: its task runs again. */
    record OutputsLost(AttemptId attempt) implements Write {}

    /** What an attempt made can be found by an id from now on. */
    record Cached(String id, AttemptId attempt) implements Write {}

    /**
     * No further task of the job may start.
     *
     * @param failed whether it ends as failed, whatever its tasks did
     */
    record Canceled(JobId job, String message, boolean failed) implements Write {}

    /** A driver was told results and has asked for tasks. */
    record Stepped(JobId job, StoredStep step) implements Write {}

    /** Every task of the job has ended. */
    record JobEnded(JobId job, @Nullable Instant startedAt, Instant finishedAt, String message, byte[] states)
            implements Write {}

    /**
     * The job was opened again: attempts that failed or were canceled count no longer.
     *
     * @param states in which its tasks are now, as {@link StoredJob#states}; null if all run again that did not succeed
     */
    record Reopened(JobId job, byte @Nullable [] states) implements Write {}

    /** The job is forgotten: at once for all who ask, and its secrets; its rows go after that, some with each commit. */
    record Deleted(JobId job) implements Write {}

    /** Some rows of deleted jobs go. The store gives this to itself. */
    record Swept() implements Write {}

    /** A worker came, or changed. */
    record Worker(StoredWorker worker) implements Write {}

    /** A worker is forgotten. */
    record WorkerRemoved(String id) implements Write {}

    /** A secret is replaced, or added. */
    record Secret(String name, byte[] content) implements Write {
        @Override
        public boolean awaited() {
            return true;
        }
    }

    /** Changes nothing but the number of commits: a sign of life for a manager that stands by. */
    record Beat() implements Write {}

    /** Changes nothing; what follows it happens after all that was given before it is durable. */
    record Barrier() implements Write {}
}
