package muster.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A token as it stands, without its secret.
 *
 * @param id names it; not secret
 * @param expiresAt null for never
 * @param usesLeft null for any number
 * @param lastUsedAt to the minute; null for never
 */
public record TokenView(
        String id,
        String owner,
        Role role,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Integer usesLeft,
        @Nullable Instant lastUsedAt) {}
