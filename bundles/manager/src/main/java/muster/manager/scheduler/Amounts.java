package muster.manager.scheduler;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import muster.api.Capacity;
import muster.api.Resources;

/**
 * Amounts of resources: what a task asks, what a worker has or has free. Cores are in thousandths, so that sums are
 * exact. The four that every worker has are plain numbers, since each placement compares them.
 */
final class Amounts {
    static final String CORES = "cores";
    static final String MEMORY = "memory";
    static final String DISK = "disk";
    static final String GPUS = "gpus";

    private long cores;
    private long memory;
    private long disk;
    private long gpus;

    /** Empty for nearly all tasks. */
    private final Map<String, Long> custom;

    private Amounts(long cores, long memory, long disk, long gpus, Map<String, Long> custom) {
        this.cores = cores;
        this.memory = memory;
        this.disk = disk;
        this.gpus = gpus;
        this.custom = custom;
    }

    static Amounts none() {
        return new Amounts(0, 0, 0, 0, Map.of());
    }

    static Amounts of(Resources resources) {
        var custom = new TreeMap<>(resources.custom());
        custom.values().removeIf(amount -> amount == 0);
        return new Amounts(
                Math.round(resources.cores() * 1000),
                resources.memoryBytes(),
                resources.diskBytes(),
                resources.gpus(),
                custom.isEmpty() ? Map.of() : custom);
    }

    static Amounts of(Capacity capacity) {
        return new Amounts(
                Math.round(capacity.cores() * 1000),
                capacity.memoryBytes(),
                capacity.diskBytes(),
                capacity.gpus().size(),
                new TreeMap<>(capacity.custom()));
    }

    Amounts copy() {
        return new Amounts(cores, memory, disk, gpus, new TreeMap<>(custom));
    }

    long cores() {
        return cores;
    }

    /** Whether all that is asked is here. */
    boolean cover(Amounts asked) {
        return asked.cores <= cores
                && asked.memory <= memory
                && asked.disk <= disk
                && asked.gpus <= gpus
                && (asked.custom.isEmpty() || coverCustom(asked));
    }

    private boolean coverCustom(Amounts asked) {
        for (var entry : asked.custom.entrySet()) {
            if (entry.getValue() > custom.getOrDefault(entry.getKey(), 0L)) {
                return false;
            }
        }
        return true;
    }

    /** The same and more memory. */
    Amounts plusMemory(long bytes) {
        return new Amounts(cores, memory + bytes, disk, gpus, custom);
    }

    /** Whether all that is asked is here, and so much memory beside it. */
    boolean cover(Amounts asked, long moreMemory) {
        return cover(asked) && asked.memory + moreMemory <= memory;
    }

    void takeMemory(long bytes) {
        memory -= bytes;
    }

    void take(Amounts asked) {
        add(asked, -1);
    }

    void giveBack(Amounts asked) {
        add(asked, 1);
    }

    private void add(Amounts other, int sign) {
        cores += sign * other.cores;
        memory += sign * other.memory;
        disk += sign * other.disk;
        gpus += sign * other.gpus;
        if (!other.custom.isEmpty()) {
            other.custom.forEach((name, amount) -> custom.merge(name, sign * amount, Long::sum));
        }
    }

    /** By the names that users know; the order of telling, without zeros. */
    Map<String, Long> byName() {
        var all = new LinkedHashMap<String, Long>();
        all.put(CORES, cores);
        all.put(MEMORY, memory);
        all.put(DISK, disk);
        all.put(GPUS, gpus);
        custom.forEach((name, amount) -> all.put("custom " + name, amount));
        all.values().removeIf(amount -> amount == 0);
        return Collections.unmodifiableMap(all);
    }

    long get(String name) {
        return byName().getOrDefault(name, 0L);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Amounts that
                && cores == that.cores
                && memory == that.memory
                && disk == that.disk
                && gpus == that.gpus
                && custom.equals(that.custom);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(new long[] {cores, memory, disk, gpus, custom.hashCode()});
    }

    @Override
    public String toString() {
        return byName().toString();
    }
}
