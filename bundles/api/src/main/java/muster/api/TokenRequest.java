package muster.api;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A token that is to be made.
 *
 * @param owner whose jobs it submits; for a worker's, who gave it
 * @param life how long it is good; null for ever
 * @param uses how many workers may join with it; null for any number, and for every other role
 */
public record TokenRequest(
        String owner,
        Role role,
        @Nullable Duration life,
        @Nullable Integer uses) {
    public TokenRequest {
        Names.requireOwner(owner);
        if (life != null && (life.isZero() || life.isNegative())) {
            throw MusterException.invalid("a token with a life of " + Quantity.formatDuration(life)
                    + " would never be good; write such as 90d, or never");
        }
        if (uses != null && role != Role.WORKER) {
            throw MusterException.invalid("a token of the role " + Names.word(role)
                    + " cannot be limited to a number of uses; give it a shorter life");
        }
        if (uses != null && uses < 1) {
            throw MusterException.invalid("uses is " + uses + "; write 1 or more");
        }
    }
}
