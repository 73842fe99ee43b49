package muster.executor.process;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that waits for the processes of attempts. It looks at each dead child of this JVM before it takes it, and
 * leaves those that others in this JVM started, such as {@link ProcessBuilder}, to them. Whoever started a process waits
 * for it; so what nobody has taken for a while was an orphan that no attempt could be told of, and is removed.
 */
final class Reaper implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);

    /** How long a dead child of unknown origin is left to whoever may wait for it. */
    private static final long STRANGER_NANOS = 500_000_000;

    /** Likewise one that is in the session of this JVM, as most are that others in it start. */
    private static final long FAMILIAR_NANOS = 5_000_000_000L;

    /** Between two looks at all of them. */
    private static final long LOOK_NANOS = 50_000_000;

    private static final long SHORTEST_PAUSE_NANOS = 20_000;
    private static final long LONGEST_PAUSE_NANOS = 5_000_000;
    private static final long IDLE_NANOS = 10_000_000_000L;

    private final ProcessTrees trees;
    private final WaitBuffer waiting = new WaitBuffer();
    private final AtomicInteger open = new AtomicInteger();
    private final Map<Thread, Long> launches = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean stopped;

    private int stranger;
    private long lookedNanos;
    private Map<Integer, Long> strangers = Map.of();
    private long pause = SHORTEST_PAUSE_NANOS;

    Reaper(ProcessTrees trees, String name) {
        this.trees = trees;
        thread = new Thread(this, name);
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

    /** This thread is about to make a process. */
    void launching() {
        launches.put(Thread.currentThread(), System.nanoTime());
        open.incrementAndGet();
    }

    /** It has been made and its tree is known, or it could not be made. */
    void launched() {
        launches.remove(Thread.currentThread());
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
            lookedNanos = now;
            pause = SHORTEST_PAUSE_NANOS;
        } else if (now - lookedNanos > LOOK_NANOS) {
            lookedNanos = now;
            takeStrangers(now);
        }
        // it hides those of ours that died after it
        takeRoots();
        LockSupport.parkNanos(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
    }

    private void takeStrangers(long now) {
        var present = new HashMap<Integer, Long>();
        for (var dead : trees.deadStrangers()) {
            long since = strangers.getOrDefault(dead.pid(), now);
            var patience = trees.isOfOwnSession(dead) ? FAMILIAR_NANOS : STRANGER_NANOS;
            if (now - since < patience || mayBeOfALaunch(since)) {
                present.put(dead.pid(), since);
            } else {
                waiting.take(dead.pid());
            }
        }
        strangers = present;
    }

    /** Whether a process seen dead at that time may be one that a thread has made and not yet told of. */
    private boolean mayBeOfALaunch(long seen) {
        return launches.values().stream().anyMatch(began -> began - seen < 0);
    }

    private void takeRoots() {
        trees.running().forEach(tree -> tree.execution.childDied(tree.root));
    }
}
