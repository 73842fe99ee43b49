package muster.executor.process;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that waits for the processes of attempts. It looks at each dead child of this JVM before it takes it, and
 * leaves those that others in this JVM started, such as {@link ProcessBuilder}, to them; only what nobody has taken for
 * two seconds it removes, since then it was an orphan that no attempt could be told of.
 */
final class Reaper implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
    private static final long STRANGER_NANOS = 2_000_000_000;
    private static final long SHORTEST_PAUSE_NANOS = 20_000;
    private static final long LONGEST_PAUSE_NANOS = 5_000_000;
    private static final long IDLE_NANOS = 10_000_000_000L;

    private final ProcessTrees trees;
    private final WaitBuffer waiting = new WaitBuffer();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger launching = new AtomicInteger();
    private final Thread thread;
    private volatile boolean stopped;

    private int stranger;
    private long strangerSince;
    private long pause = SHORTEST_PAUSE_NANOS;

    Reaper(ProcessTrees trees) {
        this.trees = trees;
        thread = new Thread(this, "muster-native-reaper");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Lets the thread end once no attempt is open, and waits for that. */
    boolean stop(long millis) throws InterruptedException {
        stopped = true;
        LockSupport.unpark(thread);
        thread.join(millis);
        return !thread.isAlive();
    }

    /** A process is about to be made. */
    void launching() {
        launching.incrementAndGet();
        open.incrementAndGet();
    }

    /** It has been made and its tree is known, or it could not be made. */
    void launched() {
        launching.decrementAndGet();
        LockSupport.unpark(thread);
    }

    /** Nothing is left of it. */
    void settled() {
        open.decrementAndGet();
    }

    @Override
    public void run() {
        while (!stopped || open.get() > 0) {
            try {
                step();
            } catch (RuntimeException e) {
                LOG.error("A dead process was not taken care of", e);
                LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
            }
        }
    }

    private void step() {
        var busy = open.get() > 0;
        var pid = waiting.peek(busy);
        if (pid > 0) {
            take(pid);
        } else if (!busy) {
            LockSupport.parkNanos(IDLE_NANOS);
        } else if (pid == -LibC.ECHILD) {
            // the first is just being made; or another part of this JVM took what is ours
            LockSupport.parkNanos(1_000_000_000);
            takeRoots();
        }
    }

    private void take(int pid) {
        var tree = trees.treeOfDead(pid);
        if (tree.isPresent()) {
            pause = SHORTEST_PAUSE_NANOS;
            tree.get().execution.childDied(pid);
            return;
        }
        var now = System.nanoTime();
        if (pid != stranger) {
            stranger = pid;
            strangerSince = now;
            pause = SHORTEST_PAUSE_NANOS;
        } else if (launching.get() > 0) {
            strangerSince = now;
        } else if (now - strangerSince > STRANGER_NANOS) {
            waiting.take(pid);
            return;
        }
        // it hides those of ours that died after it
        takeRoots();
        LockSupport.parkNanos(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
    }

    private void takeRoots() {
        trees.running().forEach(tree -> tree.execution.childDied(tree.root));
    }
}
