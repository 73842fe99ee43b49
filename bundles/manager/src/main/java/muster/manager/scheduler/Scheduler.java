package muster.manager.scheduler;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.Explanation;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.TaskState;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/**
 * Decides which task runs on which worker. One thread calls it; it neither reads a clock nor does I/O, and tells its
 * decisions to {@link Comm}.
 *
 * <p>Order: priority, then the owner who uses least, then the older job. A worker is given what fits on it, and beyond
 * that as much as keeps it busy for {@link Settings#prefetchTime} by the observed run times of the job's tasks.
 */
public final class Scheduler {
    /** How many tasks of one job are placed before owners are compared again. */
    private static final int CHUNK = 256;

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

    private final Comm comm;
    private final Settings settings;
    private final Map<JobId, JobRun> jobs = new LinkedHashMap<>();
    private final Map<String, WorkerRun> workers = new TreeMap<>();
    private final Shares shares = new Shares();
    private final PriorityQueue<Delayed> delayed = new PriorityQueue<>(Comparator.comparing(Delayed::at));

    private record Delayed(Instant at, JobRun job, int position) {}

    private record Turn(JobRun job, double share) {}

    private static final Comparator<Turn> TURNS = Comparator.comparingInt((Turn turn) -> -turn.job.spec.priority())
            .thenComparingDouble(Turn::share)
            .thenComparing(turn -> turn.job.id);

    public Scheduler(Comm comm, Settings settings) {
        this.comm = comm;
        this.settings = settings;
    }

    public Collection<JobRun> jobs() {
        return Collections.unmodifiableCollection(jobs.values());
    }

    public @Nullable JobRun job(JobId id) {
        return jobs.get(id);
    }

    public Collection<WorkerRun> workers() {
        return Collections.unmodifiableCollection(workers.values());
    }

    public @Nullable WorkerRun worker(String id) {
        return workers.get(id);
    }

    /** The worker of that id, made if it is new. */
    public WorkerRun workerOrNew(String id) {
        return workers.computeIfAbsent(id, WorkerRun::new);
    }

    /**
     * Refuses a job that can never run as things stand. While a listed worker is missing, or none has ever come, all can.
     *
     * @throws MusterException INVALID for an executor that nobody has, IMPOSSIBLE for demands that nobody can meet
     */
    public void requirePossible(JobSpec spec) {
        var known = workers.values().stream().filter(w -> w.capacity() != null).toList();
        if (known.isEmpty() || known.size() < workers.size()) {
            return;
        }
        var seen = new HashSet<Demand>();
        for (var position = 0; position < spec.work().size(); position++) {
            var demand = Demand.of(JobRun.task(spec.work(), position));
            if (seen.add(demand)) {
                requirePossible(
                        demand, known, JobRun.task(spec.work(), position).name());
            }
            if (!(spec.work() instanceof Work.Graph)) {
                break;
            }
        }
    }

    private static void requirePossible(Demand demand, List<WorkerRun> known, String name) {
        var withExecutor = known.stream()
                .filter(w -> w.executors().stream().anyMatch(e -> e.name().equals(demand.executor())))
                .toList();
        if (withExecutor.isEmpty()) {
            var deployed = known.stream()
                    .flatMap(w -> w.executors().stream().map(e -> e.name()))
                    .distinct()
                    .sorted()
                    .collect(Collectors.joining(", "));
            throw MusterException.invalid("no worker has executor '" + demand.executor() + "'; use one of: " + deployed
                    + "; or deploy its bundle on a worker");
        }
        if (withExecutor.stream().noneMatch(w -> w.couldRun(demand))) {
            throw new MusterException(ErrorCode.IMPOSSIBLE, impossible(demand, withExecutor, name));
        }
    }

    private static String impossible(Demand demand, List<WorkerRun> candidates, String name) {
        var task = name.isEmpty() ? "" : " for task '" + name + "'";
        for (var entry : demand.amounts().entrySet()) {
            var what = entry.getKey();
            var largest = Collections.max(candidates, Comparator.comparingLong(w -> total(w, what)));
            if (total(largest, what) < entry.getValue()) {
                return "no worker has " + Demand.describe(what, entry.getValue()) + task + "; the largest, "
                        + largest.id + ", has " + Demand.describe(what, total(largest, what))
                        + "; ask for less or add a larger worker";
            }
        }
        for (var label : demand.labels()) {
            if (candidates.stream()
                    .noneMatch(w -> demand(label).unmatched(labels(w)).isEmpty())) {
                return "no worker matches label '" + label + "'" + task + "; set labels on a worker or drop the label";
            }
        }
        return "no single worker has all that is asked" + task + ": "
                + demand.amounts().entrySet().stream()
                        .map(e -> Demand.describe(e.getKey(), e.getValue()))
                        .collect(Collectors.joining(", "))
                + (demand.labels().isEmpty() ? "" : ", labels " + String.join(", ", demand.labels()))
                + "; ask for less or add a larger worker";
    }

    private static Demand demand(String label) {
        return new Demand("", Map.of(), List.of(label));
    }

    private static List<String> labels(WorkerRun worker) {
        var capacity = worker.capacity();
        return capacity == null ? List.of() : capacity.labels();
    }

    private static long total(WorkerRun worker, String name) {
        var capacity = worker.capacity();
        return capacity == null ? 0 : Demand.amounts(capacity).getOrDefault(name, 0L);
    }

    /**
     * Takes a job in, be it new or brought back from the store. {@link #begin} must follow.
     *
     * @param blockers jobs it comes after that have not ended
     */
    public void add(JobRun job, Set<JobId> blockers) {
        jobs.put(job.id, job);
        job.waitsFor.addAll(blockers);
    }

    /** Lets a job that was added run as far as it may. */
    public void begin(JobRun job) {
        if (!job.waitsFor.isEmpty()) {
            return;
        }
        if (job.spec.work() instanceof Work.Graph) {
            for (var position = 0; position < job.size(); position++) {
                if (job.state(position) == TaskState.WAITING && job.openNeeds(position) == 0) {
                    ready(job, position);
                }
            }
        } else if (job.count(TaskState.WAITING) == job.size()) {
            job.readyAll();
        } else {
            for (var position = 0; position < job.size(); position++) {
                if (job.state(position) == TaskState.WAITING) {
                    ready(job, position);
                }
            }
        }
        endIfOver(job);
    }

    private void ready(JobRun job, int position) {
        job.move(position, TaskState.READY);
        job.group(position).add(position);
    }

    /** Puts back what the store knows of a task of a job that was just added: it ended so. */
    public void restoreEnded(JobRun job, int position, TaskState state, int number) {
        job.move(position, TaskState.READY);
        job.move(position, TaskState.ASSIGNED);
        job.move(position, state);
        job.tried(position, number, false, false);
        if (state == TaskState.SUCCEEDED) {
            for (var dependant : job.dependants(position)) {
                job.needMet(dependant);
            }
        }
    }

    /** Puts back an attempt that did not end its task. */
    public void restoreTry(JobRun job, int position, int number, Cause cause) {
        var crash = cause == Cause.WORKER_LOST;
        job.tried(position, number, !crash && cause != Cause.CANCELED, crash);
    }

    /** Puts back that attempts up to this number were made, none of which counts any more. */
    public void restoreNumber(JobRun job, int position, int number) {
        job.tried(position, number, false, false);
    }

    /** Puts back an attempt that may still run on a worker: it stays there until that worker speaks or its lease ends. */
    public void restoreExecution(JobRun job, int position, int number, String worker, Instant assignedAt) {
        job.move(position, TaskState.READY);
        job.move(position, TaskState.ASSIGNED);
        var execution = new Execution(job, position, number, worker, assignedAt);
        job.executing.put(position, execution);
        workerOrNew(worker).add(execution);
        charge(execution, 1);
    }

    /** After all was put back: cancels what follows from failures that were. */
    public void restoreConsequences(JobRun job) {
        for (var position = 0; position < job.size(); position++) {
            var state = job.state(position);
            if (state == TaskState.FAILED || state == TaskState.CANCELED) {
                cancelDependants(job, position);
            }
        }
    }

    /** Places what can be placed. */
    public void schedule(Instant now) {
        for (var next = delayed.peek(); next != null && !next.at.isAfter(now); next = delayed.peek()) {
            delayed.remove();
            if (next.job.state(next.position) == TaskState.READY && jobs.containsKey(next.job.id)) {
                next.job.group(next.position).add(next.position);
            }
        }
        var turns = new PriorityQueue<>(TURNS);
        for (var job : jobs.values()) {
            if (job.hasReady() && job.waitsFor.isEmpty()) {
                turns.add(new Turn(job, shares.of(job.owner, now)));
            }
        }
        var candidates = new HashMap<Demand, ArrayDeque<WorkerRun>>();
        for (var turn = turns.poll(); turn != null; turn = turns.poll()) {
            if (place(turn.job, candidates, now) == CHUNK && turn.job.hasReady()) {
                turns.add(new Turn(turn.job, shares.of(turn.job.owner, now)));
            }
        }
    }

    /** When the next delayed task is due; null if there is none. */
    public @Nullable Instant nextDelayed() {
        var next = delayed.peek();
        return next == null ? null : next.at;
    }

    private int place(JobRun job, Map<Demand, ArrayDeque<WorkerRun>> candidates, Instant now) {
        var placed = 0;
        for (var group : job.groups) {
            if (group.isEmpty()) {
                continue;
            }
            var open = candidates.computeIfAbsent(group.demand, this::takers);
            while (placed < CHUNK && !group.isEmpty() && job.executing.size() < job.throttle()) {
                var worker = next(open, group);
                if (worker == null) {
                    break;
                }
                assign(job, group.poll(), worker, now);
                placed++;
            }
        }
        return placed;
    }

    private ArrayDeque<WorkerRun> takers(Demand demand) {
        var takers = new ArrayList<WorkerRun>();
        for (var worker : workers.values()) {
            if (worker.takes(demand)) {
                takers.add(worker);
            }
        }
        takers.sort(Comparator.comparingDouble(w -> w.executing.size() / (double) Math.max(1, w.cores())));
        return new ArrayDeque<>(takers);
    }

    /** The next worker in turn that the task fits on now; failing that, the next that may hold one in advance. */
    private @Nullable WorkerRun next(ArrayDeque<WorkerRun> open, ReadyGroup group) {
        for (var i = open.size(); i > 0; i--) {
            var worker = open.remove();
            open.add(worker);
            if (worker.prefetched() == 0 && worker.fitsNow(group.demand)) {
                return worker;
            }
        }
        for (var i = open.size(); i > 0; i--) {
            var worker = open.remove();
            open.add(worker);
            if (worker.prefetched() < credit(worker, group)) {
                return worker;
            }
        }
        return null;
    }

    /** How many tasks of a group a worker may hold beyond those that fit on it. */
    private int credit(WorkerRun worker, ReadyGroup group) {
        if (group.meanNanos < 0 || !worker.couldRun(group.demand)) {
            return 0;
        }
        var each = Math.max(1, group.demand.amount(Demand.CORES));
        var slots = Math.max(1, worker.cores() / each);
        var perSlot = settings.prefetchTime().toNanos() / Math.max(1, group.meanNanos);
        return (int) Math.min(settings.prefetch(), slots * Math.min(perSlot, settings.prefetch()));
    }

    private void assign(JobRun job, int position, WorkerRun worker, Instant now) {
        job.move(position, TaskState.ASSIGNED);
        var execution = new Execution(job, position, job.nextNumber(position), worker.id, now);
        job.executing.put(position, execution);
        if (job.startedAt == null) {
            job.startedAt = now;
        }
        worker.add(execution);
        charge(execution, 1);
        comm.dispatch(execution);
    }

    private void charge(Execution execution, int sign) {
        shares.running(execution.job.owner, sign * cores(execution));
    }

    /** In thousandths; a task that asks none counts a little all the same. */
    private static long cores(Execution execution) {
        return Math.max(1, execution.demand().amount(Demand.CORES));
    }

    /** The current execution that this attempt names on this worker; null if it is stale. */
    public @Nullable Execution current(String worker, AttemptId attempt) {
        var job = jobs.get(attempt.task().job());
        var position = job == null
                ? -1
                : JobRun.position(job.spec.work(), attempt.task().index());
        var execution = job == null || position < 0 ? null : job.executing.get(position);
        return execution != null && execution.number == attempt.number() && execution.worker.equals(worker)
                ? execution
                : null;
    }

    /** Whether attempts were given to the worker that have not ended. */
    public boolean holdsWork(WorkerRun worker) {
        return !worker.executing.isEmpty();
    }

    /** Whether its result has come and is being made durable. */
    public boolean recording(Execution execution) {
        return execution.recording;
    }

    /** The worker began to run it. */
    public void started(Execution execution, Instant at) {
        if (execution.startedAt == null && !execution.recording) {
            execution.startedAt = at;
            execution.job.move(execution.position, TaskState.RUNNING);
            comm.changed(execution.job, execution.position, TaskState.RUNNING, execution, "");
        }
    }

    /**
     * The worker says how it ended. Its resources are free from now on; its task moves once the result is durable and
     * {@link #recorded} was called.
     */
    public Verdict finished(Execution execution, Cause cause, Duration wall, Instant now) {
        execution.recording = true;
        release(execution);
        var job = execution.job;
        job.group(execution.position).ran(wall.toNanos());
        shares.used(job.owner, cores(execution) / 1000.0 * wall.toNanos() / 1e9, now);
        if (cause == Cause.SUCCESS) {
            return new Verdict(true, TaskState.SUCCEEDED, false);
        }
        if (job.canceling || execution.canceling || cause == Cause.CANCELED) {
            return new Verdict(true, TaskState.CANCELED, false);
        }
        var retries = job.task(execution.position).retries();
        if (cause != Cause.INVALID && job.failures(execution.position) < retries) {
            return new Verdict(false, TaskState.READY, true);
        }
        return new Verdict(true, TaskState.FAILED, true);
    }

    /** The end of an attempt is durable. */
    public void recorded(Execution execution, Verdict verdict, String message, Instant now) {
        var job = execution.job;
        var position = execution.position;
        job.executing.remove(position, execution);
        if (verdict.last() || job.canceling) {
            end(job, position, verdict.last() ? verdict.state() : TaskState.CANCELED, execution, message);
        } else {
            // kept for what runs again alone: of a large job most tasks run once
            job.tried(position, execution.number, verdict.failure(), false);
            job.move(position, TaskState.READY);
            comm.changed(job, position, TaskState.READY, execution, message);
            delay(job, position, now);
        }
    }

    private void delay(JobRun job, int position, Instant now) {
        var doublings = Math.min(20, Math.max(0, job.failures(position) - 1));
        var backoff = FIRST_BACKOFF.multipliedBy(1L << doublings);
        delayed.add(new Delayed(
                now.plus(backoff.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : backoff), job, position));
    }

    private void end(JobRun job, int position, TaskState state, @Nullable Execution execution, String message) {
        job.move(position, state);
        comm.changed(job, position, state, execution, message);
        if (state == TaskState.SUCCEEDED) {
            for (var dependant : job.dependants(position)) {
                if (job.needMet(dependant) && job.state(dependant) == TaskState.WAITING && !job.canceling) {
                    ready(job, dependant);
                }
            }
        } else {
            cancelDependants(job, position);
            var maxFails = job.spec.maxFails();
            if (state == TaskState.FAILED && maxFails != null && job.count(TaskState.FAILED) > maxFails) {
                cancel(job, "more than " + maxFails + " tasks failed");
            }
        }
        endIfOver(job);
    }

    private void cancelDependants(JobRun job, int position) {
        var open = new ArrayDeque<Integer>();
        open.add(position);
        for (var from = open.poll(); from != null; from = open.poll()) {
            for (var dependant : job.dependants(from)) {
                if (job.state(dependant) == TaskState.WAITING) {
                    job.move(dependant, TaskState.CANCELED);
                    comm.changed(
                            job,
                            dependant,
                            TaskState.CANCELED,
                            null,
                            "needs '" + job.task(from).name() + "', which did not succeed");
                    open.add(dependant);
                }
            }
        }
    }

    private void endIfOver(JobRun job) {
        if (job.ended() && jobs.remove(job.id) != null) {
            comm.ended(job);
            for (var waiting : List.copyOf(jobs.values())) {
                if (waiting.waitsFor.remove(job.id)) {
                    blockerEnded(waiting, job.id, job.state());
                }
            }
        }
    }

    /** A job that this one comes after has ended. */
    public void blockerEnded(JobRun job, JobId blocker, JobState state) {
        var anyEnd = job.spec.after().stream().anyMatch(d -> d.job().equals(blocker) && d.anyEnd());
        if (state != JobState.SUCCEEDED && !anyEnd) {
            cancel(job, "comes after job " + blocker + ", which did not succeed");
        } else if (job.waitsFor.isEmpty()) {
            begin(job);
        }
    }

    /** Ends every task that has not ended: at once where no worker has it, else once the worker has stopped it. */
    public void cancel(JobRun job, String why) {
        if (job.canceling || job.ended()) {
            return;
        }
        job.canceling = true;
        if (job.message.isEmpty()) {
            job.message = why;
        }
        comm.canceled(job);
        job.waitsFor.clear();
        job.groups.forEach(ReadyGroup::clear);
        for (var position = 0; position < job.size(); position++) {
            if (job.state(position) == TaskState.WAITING || job.state(position) == TaskState.READY) {
                job.move(position, TaskState.CANCELED);
            }
        }
        for (var execution : List.copyOf(job.executing.values())) {
            stop(execution);
        }
        endIfOver(job);
    }

    private void stop(Execution execution) {
        if (!execution.recording) {
            execution.canceling = true;
            comm.stop(execution.worker, execution.id());
        }
    }

    private void release(Execution execution) {
        var worker = workers.get(execution.worker);
        if (worker != null) {
            worker.remove(execution);
        }
        charge(execution, -1);
    }

    /**
     * A worker has come or come again. What it was given and does not hold goes back to the queue; what it holds and is
     * not current is stopped.
     *
     * @param restarted whether its process is a new one, so that what it ran has crashed
     * @param running attempts that it holds
     * @param finished attempts whose results it will send
     */
    public void reconciled(WorkerRun worker, boolean restarted, Set<AttemptId> running, Set<AttemptId> finished) {
        for (var execution : List.copyOf(worker.executing)) {
            if (!running.contains(execution.id()) && !finished.contains(execution.id())) {
                lose(execution, restarted && began(execution), "worker '" + worker.id + "' was restarted");
            }
        }
        worker.fenced.clear();
        for (var attempt : running) {
            if (current(worker.id, attempt) == null) {
                comm.stop(worker.id, attempt);
            }
        }
        // a cancel that was sent while the worker was away got lost
        worker.executing.stream().filter(e -> e.canceling).forEach(e -> comm.stop(worker.id, e.id()));
    }

    /** Whether it may have run: it is known to, or the worker had room for it. */
    private static boolean began(Execution execution) {
        return execution.startedAt != null || !execution.prefetched;
    }

    /** The worker's lease has ended: its attempts are fenced, their tasks go back to the queue or have failed. */
    public void lost(WorkerRun worker) {
        worker.online = false;
        for (var execution : List.copyOf(worker.executing)) {
            worker.fenced.add(execution.id());
            lose(execution, began(execution), "worker '" + worker.id + "' was lost");
        }
    }

    /** What the worker lost with its lease and may still run; forgotten here. */
    public List<AttemptId> takeFenced(WorkerRun worker) {
        var fenced = List.copyOf(worker.fenced);
        worker.fenced.clear();
        return fenced;
    }

    /** The worker did not start it and gives it back. */
    public void returned(Execution execution) {
        lose(execution, false, "");
    }

    private void lose(Execution execution, boolean crash, String message) {
        if (execution.recording) {
            return;
        }
        var job = execution.job;
        var position = execution.position;
        release(execution);
        if (job.canceling || execution.canceling) {
            execution.recording = true;
            comm.recordLoss(execution, Cause.CANCELED, "canceled", true);
        } else if (crash && job.crashes(position) >= settings.maxCrashes()) {
            execution.recording = true;
            comm.recordLoss(
                    execution,
                    Cause.WORKER_LOST,
                    message + " for the " + (settings.maxCrashes() + 1) + "th time while it ran this task",
                    true);
        } else {
            job.executing.remove(position, execution);
            job.tried(position, execution.number, false, crash);
            job.move(position, TaskState.READY);
            if (crash) {
                comm.recordLoss(execution, Cause.WORKER_LOST, message, false);
            }
            comm.changed(job, position, TaskState.READY, execution, message);
            job.group(position).add(position);
        }
    }

    /** Forgets a worker that is not online. */
    public void remove(WorkerRun worker) {
        workers.remove(worker.id);
    }

    /** Why a task of an open job is where it is. */
    public Explanation explain(JobRun job, int position) {
        var state = job.state(position);
        var id = job.taskId(position);
        return switch (state) {
            case WAITING -> {
                var waitsFor = waitsFor(job, position);
                yield new Explanation(id, state, "waits for " + String.join(", ", waitsFor), waitsFor, Map.of(), null);
            }
            case READY -> explainReady(job, position);
            case ASSIGNED, RUNNING -> {
                var execution = job.executing.get(position);
                var where = execution == null ? "" : " on worker '" + execution.worker + "'";
                var summary = state == TaskState.RUNNING
                        ? "runs" + where
                        : execution != null && execution.prefetched
                                ? "is" + where + ", which starts it when what it runs now leaves room"
                                : "was sent to" + where.replace(" on", "") + " and starts now";
                yield new Explanation(id, state, summary, List.of(), Map.of(), null);
            }
            case SUCCEEDED, FAILED, CANCELED -> new Explanation(id, state, "has ended", List.of(), Map.of(), null);
        };
    }

    private static List<String> waitsFor(JobRun job, int position) {
        if (!job.waitsFor.isEmpty()) {
            return job.waitsFor.stream().sorted().map(j -> "job " + j).toList();
        }
        var open = new ArrayList<String>();
        if (job.spec.work() instanceof Work.Graph graph) {
            var needs = Set.copyOf(graph.tasks().get(position).needs());
            for (var i = 0; i < graph.tasks().size(); i++) {
                var name = graph.tasks().get(i).name();
                if (needs.contains(name) && job.state(i) != TaskState.SUCCEEDED) {
                    open.add("task '" + name + "'");
                }
            }
        }
        return open;
    }

    private Explanation explainReady(JobRun job, int position) {
        var demand = job.group(position).demand;
        var shortfalls = new TreeMap<String, String>();
        for (var worker : workers.values()) {
            var shortfall = worker.shortfall(demand);
            shortfalls.put(worker.id, shortfall == null ? "could take it" : shortfall);
        }
        var ahead = jobs.values().stream()
                .filter(other -> other.spec.priority() > job.spec.priority()
                        || (other.spec.priority() == job.spec.priority() && other.id.compareTo(job.id) < 0))
                .mapToInt(other -> other.count(TaskState.READY))
                .sum();
        var due = delayed.stream()
                .filter(d -> d.job == job && d.position == position)
                .findFirst();
        String summary;
        if (due.isPresent()) {
            summary = "failed and is tried again at " + due.get().at;
        } else if (workers.values().stream().noneMatch(w -> w.online)) {
            summary = "no worker is online; start one, the task runs as soon as it comes";
        } else if (job.executing.size() >= job.throttle()) {
            summary = "the job runs at most " + job.throttle() + " tasks at once";
        } else if (workers.values().stream().noneMatch(w -> w.couldRun(demand) && w.has(demand.executor()))) {
            summary = "no worker here could ever run it; ask for less, or add a worker that can";
        } else {
            summary = "all workers that could run it are busy";
        }
        return new Explanation(job.taskId(position), TaskState.READY, summary, List.of(), shortfalls, ahead);
    }
}
