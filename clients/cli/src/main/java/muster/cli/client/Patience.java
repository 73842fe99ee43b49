package muster.cli.client;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How long to go on asking a manager that is away, and whom to tell.
 *
 * @param bound after which to give up; zero to fail at once
 * @param tell is told once when contact is lost and once when it is back
 */
public record Patience(Duration bound, Consumer<String> tell) {
    /** Fails at once. */
    public static final Patience NONE = new Patience(Duration.ZERO, message -> {});

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /** What to do again while the manager is away. */
    @FunctionalInterface
    interface Call<T> {
        T run() throws Away;
    }

    /** The manager does not answer, or says that it cannot now. */
    static final class Away extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Failure failure;

        private final boolean another;

        /** @param another whether another manager may be asked the same */
        Away(Failure failure, boolean another) {
            super(failure);
            this.failure = failure;
            this.another = another;
        }

        Failure failure() {
            return failure;
        }

        boolean another() {
            return another;
        }
    }

    /** Runs a call, and again with growing pauses while the manager is away. */
    <T> T run(Call<T> call) {
        var pause = FIRST_PAUSE;
        var lostAt = 0L;
        while (true) {
            try {
                var result = call.run();
                if (lostAt != 0) {
                    tell.accept("the manager is back");
                }
                return result;
            } catch (Away away) {
                if (lostAt == 0) {
                    lostAt = System.nanoTime();
                    if (!bound.isZero()) {
                        tell.accept(away.failure.getMessage() + "; trying again for up to "
                                + (bound.toSeconds() >= 120
                                        ? bound.toMinutes() + " minutes"
                                        : bound.toSeconds() + " s"));
                    }
                }
                if (System.nanoTime() - lostAt >= bound.toNanos()) {
                    throw away.failure;
                }
            }
            pause(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
        }
    }

    /** The first pause, for a caller that asks again by itself. */
    static void pause() {
        pause(FIRST_PAUSE);
    }

    private static void pause(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted while the manager was away", e);
        }
    }
}
