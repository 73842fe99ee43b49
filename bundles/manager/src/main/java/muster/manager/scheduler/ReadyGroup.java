package muster.manager.scheduler;

import java.util.ArrayDeque;

/** Ready tasks of one job that are alike for placement. An array that has not begun costs two numbers. */
final class ReadyGroup {
    final Demand demand;

    private final ArrayDeque<Integer> queue = new ArrayDeque<>();
    private int cursor;
    private int end;

    /** How long its tasks run; moving mean in nanoseconds, or negative before the first has ended. */
    double meanNanos = -1;

    ReadyGroup(Demand demand) {
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
        return queue.isEmpty() && cursor == end;
    }

    int size() {
        return queue.size() + (end - cursor);
    }

    int poll() {
        var requeued = queue.poll();
        return requeued != null ? requeued : cursor++;
    }

    void clear() {
        queue.clear();
        cursor = end;
    }

    /** Takes note of how long one of its tasks ran. */
    void ran(long nanos) {
        meanNanos = meanNanos < 0 ? nanos : 0.9 * meanNanos + 0.1 * nanos;
    }
}
