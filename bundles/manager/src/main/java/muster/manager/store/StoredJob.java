package muster.manager.store;

import java.time.Instant;
import muster.api.JobId;
import muster.api.JobSpec;
import org.jspecify.annotations.Nullable;

/**
 * A job as it lies in the store.
 *
 * @param fingerprint of the specification, to tell another use of the same idempotency key
 * @param canceled whether no further task of it may start
 * @param failed whether it ends as failed, whatever its tasks did
 * @param states ordinals of task states by position, once it has ended; of one that was opened again so that some tasks stay
 *     as they ended, those and {@code WAITING} for all others; else null
 * @param driver what asks for its tasks step by step: those of all its steps are in the specification when it is read;
 *     null if all were known at the start
 */
public record StoredJob(
        JobId id,
        String owner,
        JobSpec spec,
        @Nullable String idempotencyKey,
        String fingerprint,
        Instant submittedAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        String message,
        boolean canceled,
        boolean failed,
        byte @Nullable [] states,
        @Nullable StoredDriver driver) {
    /** The states of its tasks, if it has ended; else null. */
    public byte @Nullable [] endStates() {
        return finishedAt == null ? null : states;
    }

    StoredJob with(JobSpec other) {
        return new StoredJob(
                id,
                owner,
                other,
                idempotencyKey,
                fingerprint,
                submittedAt,
                startedAt,
                finishedAt,
                message,
                canceled,
                failed,
                states,
                driver);
    }
}
