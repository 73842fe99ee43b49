package muster.executor.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.TaskSpec;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.ProgramRunner.Options;
import muster.api.executor.SystemUser;
import muster.api.executor.TestAttempt;

/**
 * Measures how many {@code /bin/true} a second the native executor runs, each with a working directory made and removed
 * and files for its output, beside a bare loop over {@link ProcessBuilder} that discards the output. Arguments: how many,
 * how many at a time, and {@code auto} or {@code none} for control groups. Rounds alternate; the medians are printed.
 */
public final class SpawnRate {
    private static final int ROUNDS = 5;

    private SpawnRate() {}

    public static void main(String[] arguments) throws Exception {
        var count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1000;
        var inFlight = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
        var cgroup = arguments.length > 2 ? arguments[2] : "auto";
        var folder = Files.createTempDirectory("muster-spawn-rate");
        var runner = new ProcessRunner(cgroup);
        var executor =
                new NativeExecutor(runner, new Options(NativeExecutor.KIND, Duration.ofSeconds(5), true, 4096), null);
        var ours = new double[ROUNDS];
        var bare = new double[ROUNDS];
        for (var round = -1; round < ROUNDS; round++) {
            var oursRate = count / seconds(() -> executor(executor, folder, count, inFlight));
            var bareRate = count / seconds(() -> processBuilder(count, inFlight));
            if (round >= 0) {
                ours[round] = oursRate;
                bare[round] = bareRate;
            }
        }
        executor.close();
        runner.close();
        Files.delete(folder);
        System.out.printf(
                "%d in flight, cgroup %s: native %.0f/s, ProcessBuilder %.0f/s, ratio %.2f%n",
                inFlight, cgroup, median(ours), median(bare), median(ours) / median(bare));
    }

    private static void executor(NativeExecutor executor, Path folder, int count, int inFlight) {
        var slots = new Semaphore(inFlight);
        var ended = new CountDownLatch(count);
        var outcomes = new Outcomes() {
            @Override
            public void started(AttemptId attempt) {}

            @Override
            public void ended(AttemptId attempt, Outcome outcome) {
                if (outcome.cause() != Cause.SUCCESS) {
                    throw new IllegalStateException(outcome.message());
                }
                slots.release();
                ended.countDown();
            }
        };
        for (var i = 0; i < count; i++) {
            slots.acquireUninterruptibly();
            Attempt attempt = new Cleaned(new TestAttempt(TaskSpec.command("/bin/true"), folder));
            executor.start(List.of(attempt), new Outcomes() {
                @Override
                public void started(AttemptId id) {
                    outcomes.started(id);
                }

                @Override
                public void ended(AttemptId id, Outcome outcome) {
                    ((Cleaned) attempt).remove();
                    outcomes.ended(id, outcome);
                }
            });
        }
        await(ended);
    }

    private static void processBuilder(int count, int inFlight) {
        var next = new AtomicInteger();
        var ended = new CountDownLatch(inFlight);
        for (var i = 0; i < inFlight; i++) {
            new Thread(() -> {
                        while (next.getAndIncrement() < count) {
                            run(new ProcessBuilder("/bin/true")
                                    .redirectOutput(Redirect.DISCARD)
                                    .redirectError(Redirect.DISCARD));
                        }
                        ended.countDown();
                    })
                    .start();
        }
        await(ended);
    }

    private static void run(ProcessBuilder builder) {
        try {
            builder.start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static double seconds(Runnable task) {
        var before = System.nanoTime();
        task.run();
        return (System.nanoTime() - before) / 1e9;
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Removes what the attempt left, as a worker does. */
    private record Cleaned(TestAttempt attempt) implements Attempt {
        void remove() {
            try {
                Files.delete(attempt.workingDirectory());
                Files.delete(attempt.stdout());
                Files.delete(attempt.stderr());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public AttemptId id() {
            return attempt.id();
        }

        @Override
        public TaskSpec task() {
            return attempt.task();
        }

        @Override
        public Map<String, String> environment() {
            return attempt.environment();
        }

        @Override
        public List<Integer> gpus() {
            return attempt.gpus();
        }

        @Override
        public Path workingDirectory() {
            return attempt.workingDirectory();
        }

        @Override
        public Path stdout() {
            return attempt.stdout();
        }

        @Override
        public Path stderr() {
            return attempt.stderr();
        }

        @Override
        public Optional<SystemUser> user() {
            return attempt.user();
        }

        @Override
        public <T, E extends Exception> T asUser(FileAction<T, E> action) throws E {
            return attempt.asUser(action);
        }
    }
}
