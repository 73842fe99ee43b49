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
        private final Duration pause;
        private final boolean full;

        /** @param another whether another manager may be asked the same */
        Away(Failure failure, boolean another) {
            this(failure, another, Duration.ZERO, false);
        }

        /**
         * The manager says so itself.
         *
         * @param pause how long it asks to be left alone
         * @param full whether it could, but for a limit of the caller's
         */
        Away(Failure failure, boolean another, Duration pause, boolean full) {
            super(failure);
            this.failure = failure;
            this.another = another;
            this.pause = pause;
            this.full = full;
        }

        Failure failure() {
            return failure;
        }

        boolean another() {
            return another;
        }

        boolean full() {
            return full;
        }
    }

    /** Runs a call, and again with growing pauses while the manager is away. */
    <T> T run(Call<T> call) {
        var pause = FIRST_PAUSE;
        var lostAt = 0L;
        var wasFull = false;
        var asked = Duration.ZERO;
        while (true) {
            try {
                var result = call.run();
                if (lostAt != 0) {
                    tell.accept(wasFull ? "there is room again" : "the manager is back");
                }
                return result;
            } catch (Away away) {
                wasFull = away.full;
                asked = away.pause;
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
            pause(asked.compareTo(pause) > 0 ? asked : pause);
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
