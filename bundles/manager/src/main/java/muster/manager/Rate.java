package muster.manager;

/** Counts what happens in each of the last ten seconds. Reactor's thread only. */
final class Rate {
    private static final int SECONDS = 10;

    private final long[] counts = new long[SECONDS + 1];
    private final long[] seconds = new long[SECONDS + 1];

    void count(long second) {
        var slot = (int) (second % counts.length);
        if (seconds[slot] != second) {
            seconds[slot] = second;
            counts[slot] = 0;
        }
        counts[slot]++;
    }

    /** Mean over the ten seconds before this one. */
    double perSecond(long second) {
        var sum = 0L;
        for (var i = 0; i < counts.length; i++) {
            if (seconds[i] < second && seconds[i] >= second - SECONDS) {
                sum += counts[i];
            }
        }
        return sum / (double) SECONDS;
    }
}
