package muster.manager.scheduler;

import java.util.ArrayList;
import java.util.List;
import muster.api.Quantity;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;

/**
 * What placing a task needs. Tasks of equal demand are alike for placement.
 *
 * @param session that has to be open where it runs; null for none, and for one that does not matter
 */
record Demand(
        String executor,
        Amounts amounts,
        List<String> labels,
        @Nullable SessionRun session) {
    static Demand of(TaskSpec task, @Nullable SessionRun session) {
        return new Demand(
                task.executor(),
                Amounts.of(task.resources()),
                List.copyOf(task.resources().labels()),
                session != null && session.matters() ? session : null);
    }

    /** Of a task whose job is not taken in yet; asks for the memory of its session too. */
    static Demand of(TaskSpec task) {
        var demand = of(task, null);
        return task.session() == null
                ? demand
                : new Demand(
                        demand.executor,
                        demand.amounts.plusMemory(task.session().memoryBytes()),
                        demand.labels,
                        null);
    }

    /** What a worker must have that is to run it, its session included. */
    Amounts whole() {
        return session == null ? amounts : amounts.plusMemory(session.memoryBytes);
    }

    /** In thousandths; a task that asks none counts a little all the same. */
    long cores() {
        return Math.max(1, amounts.cores());
    }

    /** The labels that do not match: missing, or there though forbidden. */
    List<String> unmatched(List<String> present) {
        if (labels.isEmpty()) {
            return List.of();
        }
        var unmatched = new ArrayList<String>();
        for (var label : labels) {
            if (!matches(label, present)) {
                unmatched.add(label);
            }
        }
        return unmatched;
    }

    static boolean matches(String label, List<String> present) {
        var forbidden = label.startsWith("!");
        return present.contains(forbidden ? label.substring(1) : label) != forbidden;
    }

    /** An amount as users write it: {@code 16 cores}, {@code 8GiB memory}. */
    static String describe(String name, long amount) {
        return switch (name) {
            case Amounts.CORES -> cores(amount) + (amount == 1000 ? " core" : " cores");
            case Amounts.MEMORY, Amounts.DISK -> Quantity.formatBytes(amount) + " " + name;
            case Amounts.GPUS -> amount + (amount == 1 ? " GPU" : " GPUs");
            default -> amount + " of " + name;
        };
    }

    private static String cores(long milli) {
        return milli % 1000 == 0 ? Long.toString(milli / 1000) : Double.toString(milli / 1000.0);
    }
}
