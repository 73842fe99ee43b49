package muster.manager.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import muster.api.Capacity;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.TaskSpec;

/**
 * What placing a task needs: amounts by name, labels and an executor. Cores are in thousandths, so that sums are exact.
 */
record Demand(String executor, Map<String, Long> amounts, List<String> labels) {
    static final String CORES = "cores";
    static final String MEMORY = "memory";
    static final String DISK = "disk";
    static final String GPUS = "gpus";

    static Demand of(TaskSpec task) {
        return new Demand(
                task.executor(), amounts(task.resources()), task.resources().labels());
    }

    private static Map<String, Long> amounts(Resources resources) {
        var amounts = new TreeMap<String, Long>();
        put(amounts, CORES, Math.round(resources.cores() * 1000));
        put(amounts, MEMORY, resources.memoryBytes());
        put(amounts, DISK, resources.diskBytes());
        put(amounts, GPUS, resources.gpus());
        resources.custom().forEach((name, amount) -> put(amounts, "custom " + name, amount));
        return amounts;
    }

    private static void put(Map<String, Long> amounts, String name, long amount) {
        if (amount > 0) {
            amounts.put(name, amount);
        }
    }

    static Map<String, Long> amounts(Capacity capacity) {
        var amounts = new TreeMap<String, Long>();
        amounts.put(CORES, Math.round(capacity.cores() * 1000));
        amounts.put(MEMORY, capacity.memoryBytes());
        amounts.put(DISK, capacity.diskBytes());
        amounts.put(GPUS, (long) capacity.gpus().size());
        capacity.custom().forEach((name, amount) -> amounts.put("custom " + name, amount));
        return amounts;
    }

    long amount(String name) {
        return amounts.getOrDefault(name, 0L);
    }

    /** Whether it fits in what is given. */
    boolean fits(Map<String, Long> available) {
        for (var entry : amounts.entrySet()) {
            if (available.getOrDefault(entry.getKey(), 0L) < entry.getValue()) {
                return false;
            }
        }
        return true;
    }

    /** The labels that do not match: missing, or there though forbidden. */
    List<String> unmatched(List<String> present) {
        var unmatched = new ArrayList<String>();
        for (var label : labels) {
            var forbidden = label.startsWith("!");
            if (present.contains(forbidden ? label.substring(1) : label) == forbidden) {
                unmatched.add(label);
            }
        }
        return unmatched;
    }

    /** An amount as users write it: {@code 16 cores}, {@code 8GiB memory}. */
    static String describe(String name, long amount) {
        return switch (name) {
            case CORES -> cores(amount) + (amount == 1000 ? " core" : " cores");
            case MEMORY, DISK -> Quantity.formatBytes(amount) + " " + name;
            case GPUS -> amount + (amount == 1 ? " GPU" : " GPUs");
            default -> amount + " of " + name;
        };
    }

    private static String cores(long milli) {
        return milli % 1000 == 0 ? Long.toString(milli / 1000) : Double.toString(milli / 1000.0);
    }
}
