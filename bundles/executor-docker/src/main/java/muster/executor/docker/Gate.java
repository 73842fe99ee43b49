package muster.executor.docker;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Lets so many at a time make and start containers: a daemon that makes more at once than there are cores makes none of
 * them sooner. On the daemon's thread.
 */
final class Gate {
    private final Daemon daemon;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int free;

    Gate(Daemon daemon, int places) {
        this.daemon = daemon;
        free = places;
    }

    /** Runs this once there is a place, which {@link #leave} gives back. */
    void enter(Runnable task) {
        if (free > 0) {
            free--;
            task.run();
        } else {
            waiting.add(task);
        }
    }

    void leave() {
        var next = waiting.poll();
        if (next == null) {
            free++;
        } else {
            daemon.post(next);
        }
    }
}
