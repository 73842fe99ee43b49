package muster.cli.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How long each of many calls took. Not thread-safe. */
final class Latencies {
    private final List<Long> nanos = new ArrayList<>();

    void add(long tookNanos) {
        nanos.add(tookNanos);
    }

    /** The smallest latency that at least this share of the calls did not exceed; there must have been one. */
    double millis(double share) {
        var sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1)) / 1e6;
    }
}
