package muster.manager.scheduler;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** How much each owner uses: core-seconds of ended attempts, halved every five minutes, and what runs now. */
final class Shares {
    private static final double HALF_LIFE_SECONDS = 300;

    private final Map<String, Share> shares = new HashMap<>();

    private static final class Share {
        long runningMilliCores;
        double coreSeconds;
        Instant at = Instant.EPOCH;

        void decay(Instant now) {
            if (now.isAfter(at)) {
                coreSeconds *= Math.pow(0.5, Duration.between(at, now).toMillis() / 1000.0 / HALF_LIFE_SECONDS);
                at = now;
            }
        }
    }

    /** Takes note that cores, in thousandths, were taken; or with a negative amount given back. */
    void running(String owner, long milliCores) {
        shares.computeIfAbsent(owner, o -> new Share()).runningMilliCores += milliCores;
    }

    /** Takes note of what an ended attempt used. */
    void used(String owner, double coreSeconds, Instant now) {
        var share = shares.computeIfAbsent(owner, o -> new Share());
        share.decay(now);
        share.coreSeconds += coreSeconds;
    }

    /** The less, the sooner the owner's tasks come. */
    double of(String owner, Instant now) {
        var share = shares.get(owner);
        if (share == null) {
            return 0;
        }
        share.decay(now);
        return share.coreSeconds + share.runningMilliCores / 1000.0;
    }
}
