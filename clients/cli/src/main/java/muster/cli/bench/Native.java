package muster.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;

/**
 * Processes that end at once, beside what a bare Java program reaches that starts as many with as many threads as the
 * cluster has slots: half of them before and half after, so that a change of the machine's load meets both.
 */
public final class Native {
    private static final String PROGRAM = "/bin/true";
    private static final String TASK = "{\"command\":[\"" + PROGRAM + "\"]}";

    private final Manager manager;
    private final int tasks;

    public Native(Client client, int tasks) {
        this.manager = new Manager(client);
        this.tasks = tasks;
    }

    /** Warms up with as many tasks as it measures. */
    public void run(Consumer<Measurement> tell) {
        var slots = manager.slots();
        array();
        bare(slots, tasks / 2);
        var before = bare(slots, tasks / 2);
        var seconds = array();
        var after = bare(slots, tasks / 2);
        tell.accept(
                Measurement.of("native", tasks, seconds).with(Measurement.BASELINE, tasks / 2 * 2 / (before + after)));
    }

    private double array() {
        var start = System.nanoTime();
        var id = manager.submitArray(TASK, tasks);
        var job = manager.ended(id);
        var seconds = (System.nanoTime() - start) / 1e9;
        if (job.path("tasks").path("succeeded").asInt() != tasks) {
            throw new Failure(
                    ExitCode.INTERNAL,
                    "job " + id + " did not end as it should: " + job.path("tasks"),
                    List.of(),
                    null);
        }
        manager.delete(id);
        return seconds;
    }

    /** Starts processes and waits for each; how many seconds that takes. */
    private static double bare(int threads, int count) {
        var pool = Executors.newFixedThreadPool(threads);
        try {
            var left = new AtomicInteger(count);
            var all = new ArrayList<CompletableFuture<Void>>();
            var start = System.nanoTime();
            for (var i = 0; i < threads; i++) {
                all.add(CompletableFuture.runAsync(
                        () -> {
                            while (left.getAndDecrement() > 0) {
                                startAndWait();
                            }
                        },
                        pool));
            }
            all.forEach(CompletableFuture::join);
            return (System.nanoTime() - start) / 1e9;
        } finally {
            pool.shutdown();
        }
    }

    private static void startAndWait() {
        try {
            var process = new ProcessBuilder(PROGRAM).start();
            process.waitFor();
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw Failure.external("cannot start " + PROGRAM, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }
}
