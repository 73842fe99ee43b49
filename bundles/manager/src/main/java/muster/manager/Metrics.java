package muster.manager;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import muster.api.Names;
import muster.api.TaskState;

/** What the manager measures, for Prometheus. Thread-safe. */
final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<TaskState, Counter> ended = new EnumMap<>(TaskState.class);
    private final JvmGcMetrics gc = new JvmGcMetrics();

    final Counter jobsSubmitted = counter("muster.jobs.submitted", "Jobs accepted");
    final Counter attemptsDispatched = counter("muster.attempts.dispatched", "Attempts given to workers");
    final Counter resultsStale = counter("muster.results.stale", "Results dropped: fenced, or told before");
    final Counter workersLost = counter("muster.workers.lost", "Leases that ended");
    final Counter outputsLost =
            counter("muster.outputs.lost", "Tasks that ran again since what they made was lost with a worker");
    final Timer taskDuration = Timer.builder("muster.task.duration")
            .description("Wall time of attempts")
            .register(registry);

    Metrics() {
        for (var state : TaskState.values()) {
            if (state.terminal()) {
                ended.put(
                        state,
                        Counter.builder("muster.tasks.ended")
                                .description("Tasks that ended, by state")
                                .tag("state", Names.word(state))
                                .register(registry));
            }
        }
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gc.bindTo(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    void ended(TaskState state) {
        var counter = ended.get(state);
        if (counter != null) {
            counter.increment();
        }
    }

    long endedTasks() {
        return (long) ended.values().stream().mapToDouble(Counter::count).sum();
    }

    void gauge(String name, String description, String tag, String value, Supplier<Number> number) {
        Gauge.builder(name, number).description(description).tag(tag, value).register(registry);
    }

    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
