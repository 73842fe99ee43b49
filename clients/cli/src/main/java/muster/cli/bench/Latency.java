package muster.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import muster.cli.client.Client;
import muster.cli.client.Json;

/** One task at a time, from its submit until its result is seen, over a connection that stays open. */
public final class Latency {
    private static final JsonNode JOB =
            Json.object().put("name", "bench").set("task", Json.object().put("executor", "noop"));

    private final Manager manager;
    private final int tasks;

    public Latency(Client client, int tasks) {
        this.manager = new Manager(client);
        this.tasks = tasks;
    }

    /** Warms up with as many tasks as it measures. */
    public void run(Consumer<Measurement> tell) {
        manager.slots();
        measure();
        tell.accept(measure());
    }

    private Measurement measure() {
        var each = new Latencies();
        var begin = System.nanoTime();
        for (var i = 0; i < tasks; i++) {
            var start = System.nanoTime();
            manager.run(JOB);
            each.add(System.nanoTime() - start);
        }
        return Measurement.of("latency", tasks, (System.nanoTime() - begin) / 1e9)
                .with(each);
    }
}
