package muster.manager.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A worker as it lies in the store.
 *
 * @param session under which it last spoke; null if it left in order, or never came
 */
public record StoredWorker(
        String id,
        String address,
        String version,
        boolean draining,
        @Nullable Instant lastSeen,
        @Nullable String session) {}
