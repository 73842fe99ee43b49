package muster.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import muster.cli.client.Client;
import muster.cli.client.Json;

/** One task at a time, from its submit until its result is seen, over a connection that stays open. */
public final class Latency {
    private static final JsonNode JOB =
            Json.object().put("name", "bench").set("task", Json.object().put("executor", "noop"));

    /** For each one that is measured. */
    private static final int WARMING_TASKS = 10;

    private static final int WARMING_CLIENTS = 4;

    private final Manager manager;
    private final int tasks;

    public Latency(Client client, int tasks) {
        this.manager = new Manager(client);
        this.tasks = tasks;
    }

    /** The first as they come, and as many again when what all nodes run is compiled. */
    public void run(Consumer<Measurement> tell) {
        manager.slots();
        tell.accept(measure("latency-first"));
        warmUp();
        tell.accept(measure("latency"));
    }

    /** Several at a time, which takes less long. */
    private void warmUp() {
        var pool = Executors.newFixedThreadPool(WARMING_CLIENTS);
        try {
            IntStream.range(0, tasks * WARMING_TASKS)
                    .mapToObj(i -> CompletableFuture.runAsync(() -> manager.run(JOB), pool))
                    .toList()
                    .forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : e;
        } finally {
            pool.shutdownNow();
        }
    }

    private Measurement measure(String name) {
        var each = new Latencies();
        var begin = System.nanoTime();
        for (var i = 0; i < tasks; i++) {
            var start = System.nanoTime();
            manager.run(JOB);
            each.add(System.nanoTime() - start);
        }
        return Measurement.of(name, tasks, (System.nanoTime() - begin) / 1e9).with(each);
    }
}
