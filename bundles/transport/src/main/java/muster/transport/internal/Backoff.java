package muster.transport.internal;

import java.time.Duration;
import muster.transport.Links;

/** How long to wait before a link is opened again. */
final class Backoff {
    static final Duration FIRST = Duration.ofMillis(100);

    private Backoff() {}

    /**
     * Doubles with each failure in a row up to {@link Links#LONGEST_PAUSE}; of that, between half and all.
     *
     * @param failures in a row, from 1
     * @param random from 0 to 1, so that many links do not come back at once
     */
    static Duration delay(int failures, double random) {
        var doublings = Math.min(failures - 1, 30);
        var whole = Math.min(FIRST.toMillis() << doublings, Links.LONGEST_PAUSE.toMillis());
        return Duration.ofMillis(Math.round(whole * (0.5 + random / 2)));
    }
}
