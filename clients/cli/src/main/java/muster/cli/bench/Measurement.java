package muster.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import muster.cli.client.Json;

/**
 * What was measured in one go: figures by name, in the order in which they are shown.
 *
 * @param name of what was measured
 * @param tasks how many were run or, for a listing, how many were listed from
 */
public record Measurement(String name, int tasks, Map<String, Number> figures) {
    public static final String SECONDS = "seconds";
    public static final String TASKS_PER_SECOND = "tasks_per_second";
    public static final String BASELINE = "baseline_tasks_per_second";
    public static final String MEDIAN = "median_ms";
    public static final String P99 = "p99_ms";
    public static final String HEAP = "heap_bytes";
    public static final String CPU = "cpu_us_per_task";

    public Measurement {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }

    /** Tasks that took some time. */
    static Measurement of(String name, int tasks, double seconds) {
        return new Measurement(name, tasks, Map.of()).with(SECONDS, seconds).with(TASKS_PER_SECOND, tasks / seconds);
    }

    Measurement with(String figure, Number value) {
        var more = new LinkedHashMap<>(figures);
        more.put(figure, value);
        return new Measurement(name, tasks, more);
    }

    Measurement with(Latencies latencies) {
        return with(MEDIAN, latencies.millis(0.5)).with(P99, latencies.millis(0.99));
    }

    /** A figure that was measured; NaN if it was not. */
    public double figure(String figure) {
        var value = figures.get(figure);
        return value == null ? Double.NaN : value.doubleValue();
    }

    public ObjectNode json() {
        var json = Json.object().put("name", name).put("tasks", tasks);
        figures.forEach((figure, value) -> {
            if (value instanceof Long whole) {
                json.put(figure, whole);
            } else {
                json.put(figure, Math.round(value.doubleValue() * 1000) / 1000.0);
            }
        });
        return json;
    }
}
