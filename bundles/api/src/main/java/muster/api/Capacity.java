package muster.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a worker has.
 *
 * @param gpus names of its GPUs, by number
 * @param custom amounts of resources that its operator named
 */
public record Capacity(
        double cores,
        long memoryBytes,
        long diskBytes,
        List<String> gpus,
        Map<String, Long> custom,
        List<String> labels) {
    public Capacity {
        gpus = List.copyOf(gpus);
        custom = Collections.unmodifiableMap(new TreeMap<>(custom));
        labels = List.copyOf(labels);
    }
}
