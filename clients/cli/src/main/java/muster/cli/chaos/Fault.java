package muster.cli.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import muster.cli.terminal.Times;

/**
 * One thing that goes wrong, and is mended again.
 *
 * @param node {@code manager}, {@code broker}, or a worker's id
 * @param after the beginning of its round
 * @param lasts until what was killed is started, what was stopped continues, what was cut off is reached
 */
record Fault(Kind kind, String node, Duration after, Duration lasts) {
    static final String MANAGER = "manager";
    static final String BROKER = "broker";

    private static final int MOST_DELAY_MILLIS = 2_000;
    /** Beyond a lease of ten seconds, now and then. */
    private static final int MOST_OUTAGE_MILLIS = 14_000;

    private static final int MOST_RESTART_MILLIS = 3_000;

    /** How it goes wrong. */
    enum Kind {
        /** SIGKILL. */
        KILL,
        /** SIGSTOP, then SIGCONT. */
        STOP,
        /** No byte passes between it and the broker, or between the broker and all. */
        CUT
    }

    /** The faults of a run: the same for the same arguments. */
    static List<Fault> plan(long seed, int rounds, int workers) {
        var random = new Random(seed);
        var faults = new ArrayList<Fault>(rounds);
        for (var i = 0; i < rounds; i++) {
            var kind = Kind.values()[random.nextInt(Kind.values().length)];
            var dice = random.nextInt(10);
            var node = dice < 3 ? MANAGER : dice < 5 ? BROKER : "w" + (1 + random.nextInt(workers));
            var restarts = kind == Kind.KILL && dice < 5;
            var after = random.nextInt(MOST_DELAY_MILLIS);
            var lasts = random.nextInt(restarts ? MOST_RESTART_MILLIS : MOST_OUTAGE_MILLIS);
            faults.add(new Fault(kind, node, Duration.ofMillis(after), Duration.ofMillis(lasts)));
        }
        return faults;
    }

    /** The ids of the workers. */
    static List<String> workers(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(number -> "w" + number).toList();
    }

    boolean ofWorker() {
        return !node.equals(MANAGER) && !node.equals(BROKER);
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " " + node + " for " + Times.duration(lasts);
    }
}
