package muster.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a task asks for while it runs. Zero memory or disk means: not reserved.
 *
 * @param cores in thousandths at the finest; 1 by default
 * @param custom amounts of resources that operators named on workers
 * @param labels every one must stand on the worker; one that begins with {@code !} must not
 */
public record Resources(
        double cores, long memoryBytes, long diskBytes, int gpus, Map<String, Long> custom, List<String> labels) {
    /** One core and nothing else. */
    public static final Resources DEFAULT = new Resources(1, 0, 0, 0, Map.of(), List.of());

    public Resources {
        if (!(cores >= 0 && cores <= 100_000)) {
            throw MusterException.invalid("cores " + cores + " is outside 0 to 100000; write such as 1 or 0.5");
        }
        if (cores > 0 && cores < 0.0005) {
            throw MusterException.invalid("cores " + cores + " is too little to count; write 0, or 0.001 or more");
        }
        cores = Math.round(cores * 1000) / 1000.0;
        requireNotNegative("memory", memoryBytes);
        requireNotNegative("disk", diskBytes);
        requireNotNegative("gpus", gpus);
        custom.forEach((name, amount) -> {
            Names.requireName("custom resource", name);
            requireNotNegative("custom resource '" + name + "'", amount);
        });
        custom = Collections.unmodifiableMap(new TreeMap<>(custom));
        labels = List.copyOf(labels);
        for (var label : labels) {
            Names.requireLabel(label.startsWith("!") ? label.substring(1) : label);
        }
    }

    private static void requireNotNegative(String what, long amount) {
        if (amount < 0) {
            throw MusterException.invalid(what + " " + amount + " is negative; write 0 or more");
        }
    }
}
