package muster.manager.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * Which workers may have got room, in the order in which it came. Whoever keeps up with it looks at those alone; who fell
 * behind by more than it holds looks at all workers.
 */
final class Journal {
    private static final int SIZE = 1 << 12;

    private final @Nullable WorkerRun[] ring = new WorkerRun[SIZE];
    private long end = 1;
    private boolean changed;

    void add(WorkerRun worker) {
        ring[(int) (end++ % SIZE)] = worker;
    }

    /** As {@link #add}; and what could run at all has to be judged again. */
    void addChanged(WorkerRun worker) {
        changed = true;
        add(worker);
    }

    /** Whether a worker has other capacity or executors than at the last call. */
    boolean takeChanged() {
        var was = changed;
        changed = false;
        return was;
    }

    long end() {
        return end;
    }

    /** Whether nothing since {@code position} was overwritten. */
    boolean holds(long position) {
        return position > 0 && end - position <= SIZE;
    }

    @Nullable
    WorkerRun at(long position) {
        return ring[(int) (position % SIZE)];
    }
}
