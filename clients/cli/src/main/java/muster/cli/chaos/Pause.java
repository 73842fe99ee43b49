package muster.cli.chaos;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import muster.cli.client.Failure;

/** Waiting. */
final class Pause {
    private static final Duration BRIEF = Duration.ofMillis(100);

    private Pause() {}

    static void briefly() {
        of(BRIEF);
    }

    static void of(Duration duration) {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    /** Waits until something is so; false if it is not by then. */
    static boolean until(Duration limit, BooleanSupplier condition) {
        var end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            briefly();
        }
        return true;
    }
}
