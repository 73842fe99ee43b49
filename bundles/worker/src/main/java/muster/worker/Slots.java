package muster.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import muster.api.Capacity;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;

/** What is free of a worker's resources. GPUs are handed out by number, the lowest free ones first. */
final class Slots {
    private final Capacity capacity;
    private final Map<String, Long> freeCustom;
    private final boolean[] gpuTaken;
    private long freeMillicores;
    private long freeMemoryBytes;
    private long freeDiskBytes;
    private int freeGpus;

    Slots(Capacity capacity) {
        this.capacity = capacity;
        freeMillicores = millicores(capacity.cores());
        freeMemoryBytes = capacity.memoryBytes();
        freeDiskBytes = capacity.diskBytes();
        freeGpus = capacity.gpus().size();
        gpuTaken = new boolean[freeGpus];
        freeCustom = new HashMap<>(capacity.custom());
    }

    /** Why a task's resources and the memory of its session never fit, even when nothing runs; null if they do. */
    @Nullable
    String shortfall(TaskSpec task) {
        var asked = task.resources();
        if (task.session() != null && asked.memoryBytes() + task.session().memoryBytes() > capacity.memoryBytes()) {
            return "it has " + Quantity.formatBytes(capacity.memoryBytes())
                    + " of memory, the task and its session ask "
                    + Quantity.formatBytes(asked.memoryBytes() + task.session().memoryBytes());
        }
        return shortfall(asked);
    }

    /** Why this never fits, even when nothing runs; null if it does. */
    @Nullable
    String shortfall(Resources asked) {
        if (millicores(asked.cores()) > millicores(capacity.cores())) {
            return "it has " + capacity.cores() + " cores, the task asks " + asked.cores();
        }
        if (asked.memoryBytes() > capacity.memoryBytes()) {
            return "it has " + Quantity.formatBytes(capacity.memoryBytes()) + " of memory, the task asks "
                    + Quantity.formatBytes(asked.memoryBytes());
        }
        if (asked.diskBytes() > capacity.diskBytes()) {
            return "it has " + Quantity.formatBytes(capacity.diskBytes()) + " of disk, the task asks "
                    + Quantity.formatBytes(asked.diskBytes());
        }
        if (asked.gpus() > capacity.gpus().size()) {
            return "it has " + capacity.gpus().size() + " GPUs, the task asks " + asked.gpus();
        }
        for (var entry : asked.custom().entrySet()) {
            var has = capacity.custom().getOrDefault(entry.getKey(), 0L);
            if (entry.getValue() > has) {
                return "it has " + has + " of '" + entry.getKey() + "', the task asks " + entry.getValue();
            }
        }
        return null;
    }

    /** Whether all of this is free now, and so much memory beside it. */
    boolean fits(Resources asked, long moreMemoryBytes) {
        return fits(asked) && asked.memoryBytes() + moreMemoryBytes <= freeMemoryBytes;
    }

    /** Reserves memory beside that of attempts. */
    void takeMemory(long bytes) {
        freeMemoryBytes -= bytes;
    }

    /** Gives back what {@link #takeMemory} reserved. */
    void releaseMemory(long bytes) {
        freeMemoryBytes += bytes;
    }

    /** Whether all of this is free now. */
    boolean fits(Resources asked) {
        return millicores(asked.cores()) <= freeMillicores
                && asked.memoryBytes() <= freeMemoryBytes
                && asked.diskBytes() <= freeDiskBytes
                && asked.gpus() <= freeGpus
                && (asked.custom().isEmpty() || fitsCustom(asked));
    }

    private boolean fitsCustom(Resources asked) {
        for (var entry : asked.custom().entrySet()) {
            if (entry.getValue() > freeCustom.getOrDefault(entry.getKey(), 0L)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Reserves what fits.
     *
     * @return the numbers of the GPUs
     */
    List<Integer> take(Resources asked) {
        if (!fits(asked)) {
            throw new IllegalStateException("resources were taken that are not free: " + asked);
        }
        add(asked, -1);
        if (asked.gpus() == 0) {
            return List.of();
        }
        var gpus = new ArrayList<Integer>();
        for (var number = 0; gpus.size() < asked.gpus(); number++) {
            if (!gpuTaken[number]) {
                gpuTaken[number] = true;
                gpus.add(number);
            }
        }
        return List.copyOf(gpus);
    }

    /** Gives back what {@link #take} reserved. */
    void release(Resources asked, List<Integer> gpus) {
        add(asked, 1);
        for (var number : gpus) {
            gpuTaken[number] = false;
        }
    }

    private void add(Resources asked, int sign) {
        freeMillicores += sign * millicores(asked.cores());
        freeMemoryBytes += sign * asked.memoryBytes();
        freeDiskBytes += sign * asked.diskBytes();
        freeGpus += sign * asked.gpus();
        if (!asked.custom().isEmpty()) {
            asked.custom().forEach((name, amount) -> freeCustom.merge(name, sign * amount, Long::sum));
        }
    }

    private static long millicores(double cores) {
        return Math.round(cores * 1000);
    }
}
