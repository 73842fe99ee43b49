package muster.executor.process;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import muster.api.AttemptId;
import muster.api.executor.Attempt;
import muster.api.executor.Outcomes;
import muster.api.executor.ProgramRunner.Options;
import muster.executor.process.Execution.Stop;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all attempts of this JVM share that are processes: the threads that make, watch and wait for them. There is but
 * one, since the parent of orphans and the waiting for children are matters of the whole JVM. Thread-safe.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final String THREADS = "muster-process-";
    private static final long TICK_NANOS = 25_000_000;
    private static final long IDLE_THREAD_SECONDS = 30;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    final Launcher launcher;
    final ProcessTrees trees;
    final Reaper reaper;

    private final ScheduledThreadPoolExecutor timer;
    private final Processes processes;
    private final @Nullable ControlGroups groups;
    private final ThreadPoolExecutor spawners;
    private final Map<AttemptId, Execution> executions = new ConcurrentHashMap<>();
    private final AtomicBoolean sampling = new AtomicBoolean();
    private final boolean wasSubreaper;
    private volatile boolean closed;

    /** The largest resident set of this JVM that is known of. */
    private volatile long ownPeakBytes;

    /**
     * @param groups null to follow trees by {@code /proc} alone; closed with the engine
     * @throws IOException if {@code /proc} is not there, or this JVM cannot become a child subreaper
     */
    Engine(Launcher launcher, @Nullable ControlGroups groups) throws IOException {
        this.launcher = launcher;
        this.groups = groups;
        processes = new Processes();
        wasSubreaper = isSubreaper();
        if (LibC.prctl(LibC.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
            throw new IOException("the worker cannot become the parent of orphans (prctl: "
                    + LibC.strerror(Native.getLastError()) + "); allow prctl where its system calls are filtered");
        }
        trees = new ProcessTrees(processes, groups);
        timer = new ScheduledThreadPoolExecutor(1, daemons("timer"));
        timer.setRemoveOnCancelPolicy(true);
        var threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        spawners = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_THREAD_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                daemons("spawner"));
        spawners.allowCoreThreadTimeOut(true);
        reaper = new Reaper(trees, THREADS + "reaper");
        reaper.start();
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            var thread = new Thread(task, THREADS + name);
            thread.setDaemon(true);
            return thread;
        };
    }

    private static boolean isSubreaper() {
        try (var answer = new Memory(8)) {
            answer.clear();
            LibC.prctl(LibC.PR_GET_CHILD_SUBREAPER, Pointer.nativeValue(answer), 0, 0, 0);
            return answer.getInt(0) != 0;
        }
    }

    void start(List<Attempt> attempts, Outcomes outcomes, Commands owner) {
        for (var attempt : attempts) {
            var execution = new Execution(attempt, outcomes, this, owner);
            // before the look at closed: whoever closes waits for what is in the map
            executions.put(attempt.id(), execution);
            if (closed || owner.closed()) {
                execution.refuseClosed();
            } else {
                spawners.execute(execution::launch);
            }
        }
    }

    void cancel(AttemptId attempt) {
        var execution = executions.get(attempt);
        if (execution != null) {
            execution.stop(Stop.CANCEL);
        }
    }

    void forget(Execution execution) {
        executions.remove(execution.id(), execution);
    }

    /** Makes a group for an attempt; null where there are none, or they do not work. */
    @Nullable
    ControlGroup createGroup(Attempt attempt, Options options) {
        if (groups == null || !groups.working()) {
            return null;
        }
        try {
            return groups.create(attempt.id().toString(), limits(attempt, options));
        } catch (IOException e) {
            groups.fail(e);
            return null;
        }
    }

    private static Limits limits(Attempt attempt, Options options) {
        var resources = attempt.task().resources();
        return options.limits()
                ? new Limits(resources.cores(), resources.memoryBytes(), options.processes())
                : Limits.NONE;
    }

    /** A group could not be entered: from now on there are none. */
    void cannotEnter(IOException cause) {
        if (groups != null) {
            groups.fail(cause);
        }
    }

    /** A process could not be moved into its group: no matter, if it is dead. */
    void cannotJoin(int pid, IOException cause) {
        if (groups != null && processes.stat(pid).filter(stat -> !stat.dead()).isPresent()) {
            groups.fail(cause);
        }
    }

    /** Whether attempts get groups before their first process; else while they run. */
    boolean holdsFromStart() {
        return groups != null && groups.holdFromStart();
    }

    /** Whether attempts get groups while they run. */
    boolean holdsLater() {
        return groups != null && !groups.holdFromStart();
    }

    /** Whether the kernel sees to it that an attempt holds no more memory than it may, from its first byte. */
    boolean holdsMemory() {
        return holdsFromStart()
                && groups != null
                && groups.working()
                && groups.controllers().contains(ControlGroups.MEMORY);
    }

    /** Limits the number of processes where no group does: that of all which the user of this JVM runs. */
    void limitProcesses(int pid, Options options) {
        var limit = options.limits() ? options.processes() : 0;
        if (limit > 0 && (groups == null || !groups.controllers().contains(ControlGroups.PIDS))) {
            LibC.limitProcesses(pid, (long) limit * Runtime.getRuntime().availableProcessors());
        }
    }

    /** Does something that may take its time. */
    void aside(Runnable task) {
        spawners.execute(task);
    }

    /** Does something on the thread for what is due. */
    @CanIgnoreReturnValue
    Future<?> later(Runnable task, long nanos) {
        return timer.schedule(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        LOG.error("What was due for an attempt was not done", e);
                    }
                },
                nanos,
                TimeUnit.NANOSECONDS);
    }

    /** Sees to it that attempts are sampled from now on, as long as there are any. */
    void sample() {
        if (!sampling.getAndSet(true)) {
            later(this::sampleAll, TICK_NANOS);
        }
    }

    private void sampleAll() {
        var now = System.nanoTime();
        sampling.set(false);
        executions.values().forEach(execution -> execution.sample(now));
        if (!executions.isEmpty()) {
            sample();
        }
    }

    /**
     * The peak of a process as the kernel counts it, if it tells something of the process: a process made by another
     * inherits the peak of its maker, so that all below this JVM's own is unknown. 0 then.
     */
    long exactPeak(long maxResidentBytes) {
        if (maxResidentBytes <= ownPeakBytes + ownPeakBytes / 4) {
            return 0;
        }
        ownPeakBytes = processes.peakMemoryBytes(processes.self);
        return maxResidentBytes > ownPeakBytes + ownPeakBytes / 4 ? maxResidentBytes : 0;
    }

    /** Kills what runs of one executor, which gives no more, and waits until that is told. */
    void end(Commands owner) {
        try {
            end(execution -> execution.owner == owner);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(Predicate<Execution> which) throws InterruptedException {
        var deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        executions.values().stream().filter(which).forEach(execution -> execution.stop(Stop.SHUTDOWN));
        while (executions.values().stream().anyMatch(which) && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /** Kills whatever runs, waits until that is told, and ends the threads. */
    @Override
    public void close() {
        closed = true;
        try {
            end(execution -> true);
            spawners.shutdown();
            spawners.awaitTermination(1, TimeUnit.SECONDS);
            if (!reaper.stop(1000)) {
                LOG.warn("Attempts {} do not die; their processes may hang in the kernel", executions.keySet());
            }
            timer.shutdownNow();
            timer.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LibC.prctl(LibC.PR_SET_CHILD_SUBREAPER, wasSubreaper ? 1 : 0, 0, 0, 0);
        if (groups != null) {
            groups.close();
        }
        processes.close();
    }
}
