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
 * @param states ordinals of task states by position, once it has ended; else null
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
        byte @Nullable [] states) {}
