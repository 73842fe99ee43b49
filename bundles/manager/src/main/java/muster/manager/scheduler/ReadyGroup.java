package muster.manager.scheduler;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Ready tasks of one job that are alike for placement. An array that has not begun costs two numbers. */
final class ReadyGroup implements Comparable<ReadyGroup> {
    final JobRun job;

    /** Its place among the groups of its job. */
    final int ordinal;

    final Demand demand;

    /** How long its tasks run; moving mean in nanoseconds, or negative before the first has ended. */
    double meanNanos = -1;

    /** Whether it is found by placing: it has tasks that may start now. */
    boolean listed;

    /** Workers that may hold its tasks in advance; null until its tasks are known to be short. */
    @Nullable
    Takers ahead;

    /** How many tasks are looked at for one whose files are where there is room. */
    private static final int LOOKED_AT = 32;

    /** How often the first task was passed over. */
    private int passedOver;

    private final IntQueue queue = new IntQueue();
    private int cursor;
    private int end;

    ReadyGroup(JobRun job, int ordinal, Demand demand) {
        this.job = job;
        this.ordinal = ordinal;
        this.demand = demand;
    }

    /** Makes the positions from {@code first} to before {@code last} ready, none of which is. */
    void addRange(int first, int last) {
        cursor = first;
        end = last;
    }

    void add(int position) {
        queue.add(position);
    }

    boolean isEmpty() {
        return queue.size() == 0 && cursor == end;
    }

    int size() {
        return queue.size() + (end - cursor);
    }

    /** @param index 0, or what {@link #nearest} gave */
    int poll(int index) {
        if (index > 0) {
            passedOver++;
            return queue.take(index);
        }
        passedOver = 0;
        return queue.size() > 0 ? queue.poll() : cursor++;
    }

    /** The worker that has most of what the next task takes; null if none has any. */
    @Nullable
    WorkerRun home() {
        return job.hasHomes() && queue.size() > 0 ? job.home(queue.get(0)) : null;
    }

    /** Which of the next tasks is best given to a worker: one that finds its files there, unless others wait too long. */
    int nearest(WorkerRun worker) {
        if (job.hasHomes() && passedOver < LOOKED_AT) {
            for (var i = 0; i < Math.min(LOOKED_AT, queue.size()); i++) {
                if (job.home(queue.get(i)) == worker) {
                    return i;
                }
            }
        }
        return 0;
    }

    /** How many of its tasks come before this one; -1 if it is not here. */
    int placeOf(int position) {
        var requeued = queue.indexOf(position);
        if (requeued >= 0) {
            return requeued;
        }
        return position >= cursor && position < end ? queue.size() + position - cursor : -1;
    }

    /** Takes out all others of those that were {@link #add}ed. */
    void keep(IntPredicate kept) {
        queue.keep(kept);
    }

    void clear() {
        queue.clear();
        cursor = end;
    }

    /** Takes note of how long one of its tasks ran. */
    void ran(long nanos) {
        meanNanos = meanNanos < 0 ? nanos : 0.9 * meanNanos + 0.1 * nanos;
    }

    /** The older job first. */
    @Override
    public int compareTo(ReadyGroup other) {
        var byJob = job.id.compareTo(other.job.id);
        return byJob != 0 ? byJob : Integer.compare(ordinal, other.ordinal);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
