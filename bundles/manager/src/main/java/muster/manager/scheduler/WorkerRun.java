package muster.manager.scheduler;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.ExecutorView;
import muster.api.WorkerState;
import muster.api.WorkerView;
import org.jspecify.annotations.Nullable;

/** A worker as the scheduler keeps it. Not thread-safe. */
public final class WorkerRun {
    public final String id;

    /** Null when it has never spoken to this manager. */
    public @Nullable String session;

    public String address = "";
    public String version = "";
    public @Nullable Instant since;
    public @Nullable Instant lastSeen;
    public boolean draining;

    /** Whether it holds a lease. */
    public boolean online;

    /** When its lease ends, on the caller's monotonic clock. */
    public long leaseEndsNanos;

    final Set<Execution> executing = new LinkedHashSet<>();

    /** Attempts taken from it when its lease ended, that it may still run. */
    final List<AttemptId> fenced = new ArrayList<>();

    private @Nullable Capacity capacity;
    private List<ExecutorView> executors = List.of();
    private final Map<String, Long> free = new HashMap<>();
    private final ArrayDeque<Execution> backlog = new ArrayDeque<>();
    private int prefetched;

    public WorkerRun(String id) {
        this.id = id;
    }

    public @Nullable Capacity capacity() {
        return capacity;
    }

    public List<ExecutorView> executors() {
        return executors;
    }

    /** What it has, as it says in its hello. */
    public void capacity(Capacity newCapacity) {
        capacity = newCapacity;
        free.clear();
        free.putAll(Demand.amounts(newCapacity));
        executing.stream().filter(e -> !e.prefetched).forEach(e -> take(e.demand(), 1));
    }

    public void executors(List<ExecutorView> newExecutors) {
        executors = List.copyOf(newExecutors);
    }

    boolean has(String executor) {
        for (var view : executors) {
            if (view.name().equals(executor)) {
                return view.available();
            }
        }
        return false;
    }

    /** Whether it could run this if it were idle. */
    boolean couldRun(Demand demand) {
        return capacity != null
                && demand.fits(Demand.amounts(capacity))
                && demand.unmatched(capacity.labels()).isEmpty();
    }

    /** Whether it may be given tasks that ask this. */
    boolean takes(Demand demand) {
        return online
                && !draining
                && capacity != null
                && has(demand.executor())
                && demand.unmatched(capacity.labels()).isEmpty();
    }

    boolean fitsNow(Demand demand) {
        return demand.fits(free);
    }

    int prefetched() {
        return prefetched;
    }

    /** Cores in thousandths. */
    long cores() {
        return capacity == null ? 0 : Math.round(capacity.cores() * 1000);
    }

    void add(Execution execution) {
        executing.add(execution);
        if (fitsNow(execution.demand())) {
            take(execution.demand(), 1);
        } else {
            execution.prefetched = true;
            prefetched++;
            backlog.add(execution);
        }
    }

    /** Takes an execution off; those that waited for its resources move up. */
    void remove(Execution execution) {
        if (!executing.remove(execution)) {
            return;
        }
        if (execution.prefetched) {
            prefetched--;
            backlog.remove(execution);
        } else {
            take(execution.demand(), -1);
        }
        for (var next = backlog.peek(); next != null && fitsNow(next.demand()); next = backlog.peek()) {
            backlog.remove();
            prefetched--;
            next.prefetched = false;
            take(next.demand(), 1);
        }
    }

    private void take(Demand demand, int sign) {
        demand.amounts().forEach((name, amount) -> free.merge(name, -sign * amount, Long::sum));
    }

    public WorkerState state() {
        if (!online) {
            return lastSeen == null ? WorkerState.MISSING : WorkerState.LOST;
        }
        return draining ? WorkerState.DRAINING : WorkerState.ONLINE;
    }

    public double coresInUse() {
        return (cores() - free.getOrDefault(Demand.CORES, 0L)) / 1000.0;
    }

    public WorkerView view() {
        var running = (int) executing.stream().filter(e -> e.startedAt != null).count();
        return new WorkerView(
                id,
                state(),
                address,
                version,
                capacity,
                executors,
                coresInUse(),
                running,
                executing.size() - running,
                since,
                lastSeen,
                message());
    }

    private String message() {
        return switch (state()) {
            case MISSING -> "listed in muster.nodes and not seen yet; start it, or take it off the list";
            case LOST -> "no heartbeat; its tasks went back to the queue";
            case DRAINING -> "takes no new tasks; 'worker resume " + id + "' undoes this";
            case ONLINE -> "";
        };
    }

    /** What keeps a ready task from it now; null if nothing does. */
    @Nullable
    String shortfall(Demand demand) {
        if (!online) {
            return state() == WorkerState.MISSING ? "has not come yet" : "is lost";
        }
        if (draining) {
            return "is draining";
        }
        if (!has(demand.executor())) {
            return executors.stream()
                    .filter(e -> e.name().equals(demand.executor()))
                    .findFirst()
                    .map(e -> "executor '" + e.name() + "' is not available: " + e.reason())
                    .orElse("has no executor '" + demand.executor() + "'");
        }
        if (capacity == null) {
            return "has not said what it has";
        }
        var unmatched = demand.unmatched(capacity.labels());
        if (!unmatched.isEmpty()) {
            return "does not match label " + String.join(", ", unmatched);
        }
        var total = Demand.amounts(capacity);
        for (var entry : demand.amounts().entrySet()) {
            var name = entry.getKey();
            var has = total.getOrDefault(name, 0L);
            if (has < entry.getValue()) {
                return "has " + Demand.describe(name, has) + ", the task asks "
                        + Demand.describe(name, entry.getValue());
            }
        }
        for (var entry : demand.amounts().entrySet()) {
            var name = entry.getKey();
            var available = Math.max(0, free.getOrDefault(name, 0L));
            if (available < entry.getValue()) {
                return "has " + Demand.describe(name, available) + " free, the task asks "
                        + Demand.describe(name, entry.getValue());
            }
        }
        return null;
    }
}
