package muster.cli.bench;

import java.util.function.Consumer;
import muster.cli.client.Client;

/** One task at a time, from its submit until its result is seen, over connections that stay open. */
public final class Latency {
    private static final String JOB = "{\"name\":\"bench\",\"task\":{\"executor\":\"noop\"}}";

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
            manager.ended(manager.submit(JOB));
            each.add(System.nanoTime() - start);
        }
        return Measurement.of("latency", tasks, (System.nanoTime() - begin) / 1e9)
                .with(each);
    }
}
