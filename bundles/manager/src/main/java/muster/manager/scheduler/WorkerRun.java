package muster.manager.scheduler;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
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

    /** Its session when it last spoke to an earlier manager; null if it left that in order. */
    public @Nullable String formerSession;

    public String address = "";

    /** See {@link WorkerView#dataAddress()}. */
    public String dataAddress = "";

    public String version = "";
    public @Nullable Instant since;
    public @Nullable Instant lastSeen;
    private boolean draining;

    /** Whether it holds a lease. */
    private boolean online;

    /** Whether what it holds has to be heard from it before it is given more. */
    private boolean unsure;

    /** When its lease ends, on the caller's monotonic clock. */
    public long leaseEndsNanos;

    /** Attempts taken from it when its lease ended, that it may still run. */
    final List<AttemptId> fenced = new ArrayList<>();

    /** Its place in arrays by worker. */
    final int index;

    /** For whose tasks it is kept free; null for nobody's. */
    @Nullable
    DemandClass reservedFor;

    private final Journal journal;
    private @Nullable Capacity capacity;
    private List<ExecutorView> executors = List.of();
    private Amounts total = Amounts.none();
    private Amounts free = Amounts.none();

    /** What is open here, as far as this manager knows. */
    private final Set<SessionRun> sessions = new LinkedHashSet<>();

    private @Nullable Execution first;
    private @Nullable Execution last;
    private int executing;

    /** Waits for room, in order; those that left it otherwise are not {@code prefetched} any more and are skipped. */
    private final ArrayDeque<Execution> backlog = new ArrayDeque<>();

    private int prefetched;

    /** How long tasks run here by what is the mean of all workers; moving mean of the quotient. */
    private double slowness = 1;

    WorkerRun(String id, int index, Journal journal) {
        this.id = id;
        this.index = index;
        this.journal = journal;
    }

    /** The session that the attempts it was given belong to; null if there is none. */
    public @Nullable String lastSession() {
        return session != null ? session : formerSession;
    }

    public @Nullable Capacity capacity() {
        return capacity;
    }

    List<String> labels() {
        return capacity == null ? List.of() : capacity.labels();
    }

    public List<ExecutorView> executors() {
        return executors;
    }

    /** What it has, as it says in its hello. */
    public void capacity(Capacity newCapacity) {
        capacity = newCapacity;
        total = Amounts.of(newCapacity);
        free = total.copy();
        for (var session : sessions) {
            free.takeMemory(session.memoryBytes);
        }
        for (var each = first; each != null; each = each.after) {
            if (!each.prefetched) {
                free.take(each.demand().amounts());
            }
        }
        moveUp();
        journal.addChanged(this);
    }

    public void executors(List<ExecutorView> newExecutors) {
        executors = List.copyOf(newExecutors);
        journal.addChanged(this);
    }

    public boolean online() {
        return online;
    }

    /** Gives it a lease, or takes it. */
    public void online(boolean nowOnline) {
        online = nowOnline;
        journal.add(this);
    }

    /** Whether what it was sent of late may be lost: until it says what it holds, it is given nothing. */
    public boolean unsure() {
        return unsure;
    }

    public void unsure(boolean nowUnsure) {
        unsure = nowUnsure;
        journal.add(this);
    }

    public boolean draining() {
        return draining;
    }

    /** Whether it takes no new tasks. */
    public void draining(boolean nowDraining) {
        draining = nowDraining;
        journal.add(this);
    }

    /** Whether an executor of that name is deployed on it, be it available now or not. */
    boolean lists(String executor) {
        for (var view : executors) {
            if (view.name().equals(executor)) {
                return true;
            }
        }
        return false;
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
                && total.cover(demand.whole())
                && demand.unmatched(capacity.labels()).isEmpty();
    }

    /** Whether it may be given tasks that ask this. */
    boolean takes(Demand demand) {
        return online
                && !unsure
                && !draining
                && capacity != null
                && has(demand.executor())
                && demand.unmatched(capacity.labels()).isEmpty()
                && (demand.session() == null || !demand.session().bars(this));
    }

    boolean fitsNow(Demand demand) {
        var session = demand.session();
        return (session == null || sessions.contains(session))
                ? free.cover(demand.amounts())
                : free.cover(demand.amounts(), session.memoryBytes);
    }

    Set<SessionRun> sessions() {
        return Collections.unmodifiableSet(sessions);
    }

    /** Reserves the memory of a session that is opened here, if it is not. */
    void open(SessionRun session) {
        if (sessions.add(session)) {
            session.workers.add(this);
            free.takeMemory(session.memoryBytes);
        }
    }

    /** Gives back the memory of a session. */
    void close(SessionRun session) {
        if (sessions.remove(session)) {
            session.workers.remove(this);
            free.takeMemory(-session.memoryBytes);
            moveUp();
            journal.add(this);
        }
    }

    int prefetched() {
        return prefetched;
    }

    /** Cores in thousandths. */
    long cores() {
        return total.cores();
    }

    Amounts total() {
        return total;
    }

    /** How many attempts it was given that have not ended. */
    int executing() {
        return executing;
    }

    List<Execution> executions() {
        var all = new ArrayList<Execution>(executing);
        for (var each = first; each != null; each = each.after) {
            all.add(each);
        }
        return all;
    }

    double slowness() {
        return slowness;
    }

    /** Takes note of how long a task ran here by what its kind takes on all workers. */
    void ran(long nanos, double meanNanos) {
        if (meanNanos > 0) {
            slowness = 0.9 * slowness + 0.1 * Math.min(16, Math.max(1 / 16.0, nanos / meanNanos));
        }
    }

    /** How loaded it is: attempts for each core, exact below 16 and within a sixteenth above. */
    int level() {
        var load = (int) Math.min(1 << 20, executing * 1000L / Math.max(1000, total.cores()));
        if (load < 16) {
            return load;
        }
        var magnitude = 31 - Integer.numberOfLeadingZeros(load);
        return 16 * (magnitude - 3) + (load >> (magnitude - 4)) - 16;
    }

    void add(Execution execution) {
        execution.before = last;
        if (last == null) {
            first = execution;
        } else {
            last.after = execution;
        }
        last = execution;
        executing++;
        if (free.cover(execution.demand().amounts())) {
            free.take(execution.demand().amounts());
        } else {
            execution.prefetched = true;
            prefetched++;
            backlog.add(execution);
        }
    }

    /** Takes an execution off that is on it; those that waited for its resources move up. */
    void remove(Execution execution) {
        if (execution.before == null) {
            first = execution.after;
        } else {
            execution.before.after = execution.after;
        }
        if (execution.after == null) {
            last = execution.before;
        } else {
            execution.after.before = execution.before;
        }
        execution.before = null;
        execution.after = null;
        executing--;
        if (execution.prefetched) {
            execution.prefetched = false;
            prefetched--;
            if (backlog.size() > 2 * prefetched + 64) {
                backlog.removeIf(e -> !e.prefetched);
            }
        } else {
            free.giveBack(execution.demand().amounts());
        }
        moveUp();
        journal.add(this);
    }

    private void moveUp() {
        for (var next = backlog.peek(); next != null; next = backlog.peek()) {
            if (next.prefetched) {
                if (!free.cover(next.demand().amounts())) {
                    return;
                }
                prefetched--;
                next.prefetched = false;
                free.take(next.demand().amounts());
            }
            backlog.remove();
        }
    }

    public WorkerState state() {
        if (!online) {
            return lastSeen == null ? WorkerState.MISSING : WorkerState.LOST;
        }
        return draining ? WorkerState.DRAINING : WorkerState.ONLINE;
    }

    public double coresInUse() {
        return (total.cores() - free.cores()) / 1000.0;
    }

    public WorkerView view() {
        var running =
                (int) executions().stream().filter(e -> e.startedAt != null).count();
        return new WorkerView(
                id,
                state(),
                address,
                dataAddress,
                version,
                capacity,
                executors,
                coresInUse(),
                running,
                executing - running,
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
        var session = demand.session();
        if (session != null && session.bars(this)) {
            return "is not where session '" + session.id.name() + "' is open: worker '"
                    + session.workers.iterator().next().id + "'";
        }
        var whole = demand.whole();
        for (var asked : whole.byName().entrySet()) {
            var name = asked.getKey();
            if (total.get(name) < asked.getValue()) {
                return "has " + Demand.describe(name, total.get(name)) + ", the task asks "
                        + Demand.describe(name, asked.getValue());
            }
        }
        var now = session != null && sessions.contains(session) ? demand.amounts() : whole;
        for (var asked : now.byName().entrySet()) {
            var name = asked.getKey();
            var available = Math.max(0, free.get(name));
            if (available < asked.getValue()) {
                return "has " + Demand.describe(name, available) + " free, the task asks "
                        + Demand.describe(name, asked.getValue());
            }
        }
        return prefetched > 0 ? "has " + prefetched + " tasks waiting on it that come first" : null;
    }
}
