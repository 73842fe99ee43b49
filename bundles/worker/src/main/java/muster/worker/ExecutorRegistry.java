package muster.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import muster.api.ExecutorView;
import muster.api.TaskSpec;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executors that are deployed here and whether each can run, asked again and again, each on a thread of its own.
 * Where two have the same kind, the first counts. Thread-safe.
 */
final class ExecutorRegistry implements AutoCloseable {
    static final Duration PROBE_INTERVAL = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(ExecutorRegistry.class);

    private final List<Entry> entries = new ArrayList<>();
    private final ExecutorService probes = Executors.newCachedThreadPool(task -> daemon(task, "muster-worker-probe"));
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "muster-worker-probe-clock"));
    private final Future<?> ticks;
    private final String aboutNative;
    private volatile Map<String, Entry> byKind = Map.of();
    private volatile Runnable listener = () -> {};

    /** @param aboutNative what operators should know of native tasks on this worker */
    ExecutorRegistry(Duration probeInterval, String aboutNative) {
        this.aboutNative = aboutNative;
        ticks = clock.scheduleWithFixedDelay(
                this::probeAll, probeInterval.toNanos(), probeInterval.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Is called after each change, by any thread; must not block. */
    void onChange(Runnable newListener) {
        listener = newListener;
    }

    /** Takes an executor in; it counts as soon as it has been probed. */
    void add(String kind, Executor executor) {
        var entry = new Entry(kind, executor);
        synchronized (entries) {
            if (entries.stream().anyMatch(e -> e.kind.equals(kind))) {
                LOG.warn("Two executors are of kind '{}'; the first is used, remove one of the bundles", kind);
            }
            entries.add(entry);
            index();
        }
        probe(entry);
    }

    void remove(String kind, Executor executor) {
        synchronized (entries) {
            entries.removeIf(e -> e.kind.equals(kind) && e.executor == executor);
            index();
        }
        listener.run();
    }

    private void index() {
        var index = new TreeMap<String, Entry>();
        entries.forEach(entry -> index.putIfAbsent(entry.kind, entry));
        byKind = Map.copyOf(index);
    }

    /**
     * Gives nothing more to the executors of these kinds; what they run goes on.
     *
     * @param why for the cluster to know; empty to give them tasks again
     */
    void pause(Collection<String> kinds, String why) {
        kinds.stream().map(byKind::get).filter(Objects::nonNull).forEach(entry -> entry.paused = why);
        listener.run();
    }

    /** The executor of a kind, if it can run now; else null. */
    @Nullable
    Executor available(String kind) {
        var entry = byKind.get(kind);
        return entry != null && entry.now().available() ? entry.executor : null;
    }

    /** Why {@link #available} says null. */
    String whyNot(String kind) {
        var entry = byKind.get(kind);
        return entry == null
                ? "executor '" + kind + "' is not deployed here"
                : "executor '" + kind + "' cannot run here: " + entry.now().reason();
    }

    /** Whether this very executor is still deployed. */
    boolean holds(Executor executor) {
        synchronized (entries) {
            return entries.stream().anyMatch(e -> e.executor == executor);
        }
    }

    /** All that have been probed, by name. */
    List<ExecutorView> views() {
        return byKind.values().stream()
                .filter(entry -> entry.probed)
                .map(this::view)
                .sorted(Comparator.comparing(ExecutorView::name))
                .toList();
    }

    private ExecutorView view(Entry entry) {
        var now = entry.now();
        var isNative = now.available() && entry.kind.equals(TaskSpec.DEFAULT_EXECUTOR);
        return new ExecutorView(entry.kind, now.available(), now.reason() + (isNative ? aboutNative : ""));
    }

    private void probeAll() {
        List<Entry> all;
        synchronized (entries) {
            all = List.copyOf(entries);
        }
        all.forEach(this::probe);
    }

    private void probe(Entry entry) {
        if (!entry.probing.compareAndSet(false, true)) {
            return;
        }
        try {
            probes.execute(() -> {
                try {
                    tell(entry, ask(entry));
                } finally {
                    // not before it is told: of two probes the later counts
                    entry.probing.set(false);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("Executor '{}' is not probed any more: the worker stops", entry.kind);
        }
    }

    private void tell(Entry entry, Availability availability) {
        if (!entry.probed || !availability.equals(entry.availability)) {
            entry.availability = availability;
            entry.probed = true;
            listener.run();
        }
    }

    // an executor is foreign code: whatever it throws means that it cannot run
    private static Availability ask(Entry entry) {
        try {
            return entry.executor.probe();
        } catch (RuntimeException | LinkageError e) {
            return Availability.no("its probe failed: " + e);
        }
    }

    @Override
    public void close() {
        ticks.cancel(false);
        clock.shutdownNow();
        probes.shutdownNow();
    }

    private static Thread daemon(Runnable task, String name) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static final class Entry {
        final String kind;
        final Executor executor;
        final AtomicBoolean probing = new AtomicBoolean();
        volatile Availability availability = Availability.no("it has not been probed yet");
        volatile boolean probed;

        /** Why it is given nothing more; empty if it is. */
        volatile String paused = "";

        Entry(String kind, Executor executor) {
            this.kind = kind;
            this.executor = executor;
        }

        Availability now() {
            return paused.isEmpty() ? availability : Availability.no(paused);
        }
    }
}
