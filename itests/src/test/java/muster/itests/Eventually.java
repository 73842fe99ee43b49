package muster.itests;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for what comes about by itself. */
final class Eventually {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private Eventually() {}

    /** The first value that is good; fails with the last one when the limit has passed. */
    static <T> T until(String what, Duration limit, Supplier<T> value, Predicate<T> good) {
        var begin = System.nanoTime();
        while (true) {
            var now = value.get();
            if (good.test(now)) {
                return now;
            }
            if (System.nanoTime() - begin > limit.toNanos()) {
                throw new AssertionError("after " + limit.toMillis() + " ms not yet: " + what + "; at last: " + now);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
