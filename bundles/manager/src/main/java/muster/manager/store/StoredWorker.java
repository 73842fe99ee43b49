package muster.manager.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A worker as it lies in the store. */
public record StoredWorker(
        String id,
        String address,
        String version,
        boolean draining,
        @Nullable Instant lastSeen) {}
