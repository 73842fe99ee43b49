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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.Explanation;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.SessionId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import muster.manager.scheduler.StateMachine.AttemptState;
import org.jspecify.annotations.Nullable;

/**
 * Decides which task runs on which worker. One thread calls it; it neither reads a clock nor does I/O, and tells its
 * decisions to {@link Comm}.
 *
 * <p>Order: priority, then the owner who uses least, then the older job. A worker is given what fits on it, and beyond
 * that as much as keeps it busy for {@link Settings#prefetchTime} by the observed run times of the job's tasks and the
 * observed speed of the worker. See docs/architecture.md, "Who comes first".
 */
public final class Scheduler {
    /** How many tasks of one job are placed before owners are compared again, where no other owner waits. */
    private static final int CHUNK = 256;

    /** How long tasks that ask alike may see others take the room before a worker is kept free for them. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

    private final Comm comm;
    private final Settings settings;
    private final Map<JobId, JobRun> jobs = new LinkedHashMap<>();
    private final Map<JobId, List<JobRun>> waiters = new HashMap<>();
    private final ArrayDeque<JobRun> over = new ArrayDeque<>();
    private final Map<String, WorkerRun> workers = new TreeMap<>();
    private final Journal journal = new Journal();
    private int nextWorker;

    /** Every demand of an open job. */
    private final Map<Demand, DemandClass> classes = new LinkedHashMap<>();

    /** Those that have tasks which may start. */
    private final Set<DemandClass> waiting = new LinkedHashSet<>();

    /** Whether what could run at all has to be looked at again. */
    private boolean judge;

    private int reserved;

    /** Whether another owner waits beside the one whose turn it is. */
    private boolean contended;

    private final Shares shares = new Shares();
    private final PriorityQueue<Delayed> delayed = new PriorityQueue<>(Comparator.comparing(Delayed::at));

    private final Lineage lineage;

    /** Counts what sessions saw. */
    private int order;

    private record Delayed(Instant at, JobRun job, int position) {}

    public Scheduler(Comm comm, Settings settings) {
        this.comm = comm;
        this.settings = settings;
        lineage = new Lineage(comm, settings.maxCrashes(), this::online, new Lineage.Queues() {
            @Override
            public void ready(JobRun job, int position) {
                if (job.state(position) != TaskState.WAITING) {
                    return;
                }
                if (endIfNever(job, position)) {
                    endIfOver(job);
                } else {
                    Scheduler.this.ready(job, position);
                }
            }

            @Override
            public void withdrawn(JobRun job) {
                delayed.removeIf(d -> d.job == job && job.state(d.position) != TaskState.READY);
                for (var group : job.groups) {
                    group.keep(position -> job.state(position) == TaskState.READY);
                    list(group);
                }
            }
        });
    }

    private boolean online(String id) {
        var worker = workers.get(id);
        return worker != null && worker.online();
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
        return workers.computeIfAbsent(id, i -> {
            judge = true;
            return new WorkerRun(i, nextWorker++, journal);
        });
    }

    /**
     * Refuses a job that can never run as things stand. While a listed worker is missing, or none has ever come, all can.
     *
     * @throws MusterException INVALID for an executor that nobody has, IMPOSSIBLE for demands that nobody can meet
     */
    public void requirePossible(JobSpec spec) {
        var seen = new HashSet<Demand>();
        var tasks = spec.work() instanceof Work.Graph ? spec.work().size() : 1;
        for (var position = 0; position < tasks; position++) {
            var task = JobRun.task(spec.work(), position);
            var demand = Demand.of(task);
            if (seen.add(demand)) {
                var why = Possible.whyNot(demand, workers.values(), task.name());
                if (why != null) {
                    throw new MusterException(why.code(), why.message());
                }
            }
        }
    }

    /** Says of jobs, once, that some of their tasks can never run as things stand; or takes it back. */
    private void judge() {
        judge = false;
        for (var each : classes.values()) {
            var why = Possible.whyNot(each.demand, workers.values(), "");
            each.impossible = why == null ? "" : why.message();
        }
        for (var job : jobs.values()) {
            var why = "";
            for (var group : job.groups) {
                why = why.isEmpty() ? demandClass(group).impossible : why;
            }
            if (!job.stuck.equals(why) && !job.canceling) {
                if (job.message.equals(job.stuck)) {
                    job.message = why;
                }
                job.stuck = why;
                comm.stuck(job, why);
            }
        }
    }

    private DemandClass demandClass(ReadyGroup group) {
        return Objects.requireNonNull(classes.get(group.demand));
    }

    /**
     * Takes a job in, be it new or brought back from the store. {@link #begin} must follow.
     *
     * @param blockers jobs it comes after that have not ended
     */
    public void add(JobRun job, Set<JobId> blockers) {
        jobs.put(job.id, job);
        job.waitsFor.addAll(blockers);
        blockers.forEach(b -> waiters.computeIfAbsent(b, k -> new ArrayList<>()).add(job));
        job.groups.forEach(this::join);
    }

    private void join(ReadyGroup group) {
        var demandClass = classes.get(group.demand);
        if (demandClass == null) {
            demandClass = new DemandClass(group.demand);
            classes.put(group.demand, demandClass);
            judge = true;
        }
        judge |= !demandClass.impossible.isEmpty();
        demandClass.groups++;
    }

    /** Adds tasks to a job that is driven, as its driver asked; each has a name of its own, and needs only earlier ones. */
    public void grow(JobRun job, List<TaskSpec> more) {
        var from = job.size();
        var groups = job.groups.size();
        job.grow(more);
        job.groups.subList(groups, job.groups.size()).forEach(this::join);
        for (var position = from; position < job.size(); position++) {
            if (job.state(position) == TaskState.WAITING && !endIfNever(job, position)) {
                lineage.mend(job, position);
                if (job.openNeeds(position) == 0 && job.waitsFor.isEmpty()) {
                    ready(job, position);
                }
            }
        }
    }

    /** The driver of a job asks for nothing more: it ends with its tasks. */
    public void driveNoMore(JobRun job) {
        job.driveNoMore();
        endIfOver(job);
    }

    /** Ends a job as failed, whatever its tasks did: what runs is stopped. */
    public void fail(JobRun job, String why) {
        if (!job.canceling && !job.ended()) {
            job.fail();
            job.message = why;
            cancel(job, why);
        }
    }

    private void forget(JobRun job) {
        for (var group : job.groups) {
            list(group);
            var demandClass = demandClass(group);
            if (--demandClass.groups == 0) {
                classes.remove(group.demand);
            }
        }
    }

    /** Lets placing find a group, or not, as it is now. */
    private void list(ReadyGroup group) {
        var job = group.job;
        var may = !group.isEmpty() && job.waitsFor.isEmpty() && !job.canceling && job.executing() < job.throttle();
        if (may == group.listed) {
            return;
        }
        group.listed = may;
        var demandClass = demandClass(group);
        if (may) {
            demandClass.list(group);
            waiting.add(demandClass);
        } else {
            demandClass.unlist(group);
            if (demandClass.isEmpty()) {
                waiting.remove(demandClass);
                demandClass.waitingSince = null;
                unreserve(demandClass);
            }
        }
    }

    /** Lets a job that was added run as far as it may. */
    public void begin(JobRun job) {
        if (!job.waitsFor.isEmpty()) {
            return;
        }
        if (job.spec.work() instanceof Work.Graph) {
            for (var position = 0; position < job.size(); position++) {
                if (job.state(position) == TaskState.WAITING
                        && job.openNeeds(position) == 0
                        && !endIfNever(job, position)) {
                    ready(job, position);
                }
            }
        } else if (job.count(TaskState.WAITING) == job.size()) {
            job.readyAll();
            list(job.groups.get(0));
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
        enqueue(job, position);
    }

    private void enqueue(JobRun job, int position) {
        var group = job.group(position);
        var near = job.nearBytes(position);
        job.home(
                position,
                near.isEmpty()
                        ? null
                        : workers.get(Collections.max(near.entrySet(), Map.Entry.comparingByValue())
                                .getKey()));
        group.add(position);
        list(group);
    }

    /**
     * Puts back what the store knows of a task of a job that was just added: it ended so.
     *
     * @param worker that ran its last attempt; empty if what that kept in a session is not there any more
     */
    public void restoreEnded(JobRun job, int position, TaskState state, int number, String worker) {
        job.move(position, TaskState.READY);
        job.move(position, TaskState.ASSIGNED);
        job.move(position, state);
        if (state == TaskState.SUCCEEDED) {
            if (makes(job, position)) {
                job.keeps(position, new JobRun.Kept(worker, number, worker.isEmpty() ? -1 : 0, ++order));
            }
        }
        if (job.settled(position)) {
            for (var dependant : job.dependants(position)) {
                job.needMet(dependant);
            }
        }
    }

    /** Puts back those tasks of a job that was opened again that stay as they ended without success. */
    public void restoreLeft(JobRun job, byte[] states) {
        var known = TaskState.values();
        for (var position = 0; position < states.length; position++) {
            var state = known[states[position]];
            if (state == TaskState.CANCELED || state == TaskState.IGNORED) {
                restoreEnded(job, position, state, 0, "");
            }
        }
    }

    private static boolean makes(JobRun job, int position) {
        var session = job.task(position).session();
        return session != null && !session.makes().isEmpty();
    }

    /**
     * After the tasks of a job were put back: its sessions are taken to be open where their tasks are, else where most of
     * what is kept was made. Who finds it otherwise says so.
     */
    public void restoreSessions(JobRun job) {
        for (var session : job.sessions()) {
            var votes = new TreeMap<String, Integer>();
            for (var position = 0; position < job.size(); position++) {
                var kept = job.session(position) == session ? job.kept(position) : null;
                if (kept != null && kept.opening() >= 0) {
                    votes.merge(kept.worker(), 1, Integer::sum);
                }
            }
            if (session.workers.isEmpty() && !votes.isEmpty()) {
                var most = Collections.max(votes.entrySet(), Map.Entry.comparingByValue());
                workerOrNew(most.getKey()).open(session);
            }
            for (var position = 0; position < job.size(); position++) {
                var kept = job.session(position) == session ? job.kept(position) : null;
                if (kept != null && session.workers.stream().noneMatch(w -> w.id.equals(kept.worker()))) {
                    job.keeps(position, kept.lost());
                }
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

    /** Puts back an attempt that counts for nothing since files were lost: what it made, or what it was to take. */
    public void restoreLost(JobRun job, int position, int number, Cause cause, String worker) {
        job.tried(position, number, false, cause == Cause.SUCCESS);
        if (cause == Cause.SUCCESS) {
            job.again(position, "what attempt " + number + " made was lost with worker '" + worker + "'");
        }
    }

    /** Puts back an attempt that may still run on a worker: it stays there until that worker speaks or its lease ends. */
    public void restoreExecution(JobRun job, int position, int number, String worker, Instant assignedAt) {
        job.begun();
        job.move(position, TaskState.READY);
        job.move(position, TaskState.ASSIGNED);
        var execution = new Execution(job, position, number, worker, assignedAt);
        job.executes(execution);
        enter(execution, workerOrNew(worker));
        workerOrNew(worker).add(execution);
        charge(execution, 1);
    }

    /**
     * An attempt that is the current one of its task, or ended it, left outputs on its worker that the manager has not.
     *
     * @param bytes how large they are together
     */
    public void made(String worker, AttemptId attempt, long bytes) {
        var job = jobs.get(attempt.task().job());
        if (job != null && job.spec.work() instanceof Work.Graph) {
            var position = JobRun.position(job.spec.work(), attempt.task().index());
            job.holds(position, new JobRun.Holding(worker, attempt.number(), false, bytes));
        }
    }

    /** Somebody who needs what an attempt left on its worker could not get it from there. */
    public void gone(AttemptId attempt) {
        var job = jobs.get(attempt.task().job());
        if (job == null) {
            return;
        }
        var position = JobRun.position(job.spec.work(), attempt.task().index());
        var holding = job.holding(position);
        if (holding != null && holding.number() == attempt.number()) {
            job.holds(position, holding.lost());
            lineage.check(job, position);
        }
    }

    /** The workers that alone have outputs of open jobs, or sessions. */
    public Set<String> holders() {
        var holders = new HashSet<String>();
        for (var job : jobs.values()) {
            for (var position = 0; job.holdsAny() && position < job.size(); position++) {
                var holding = job.holding(position);
                if (holding != null) {
                    holders.add(holding.worker());
                }
            }
            job.sessions().forEach(session -> session.workers.forEach(worker -> holders.add(worker.id)));
        }
        return holders;
    }

    /** After all was put back: what is needed of workers that hold no lease is made again. */
    public void restoreOutputs(JobRun job) {
        lineage.lost(List.of(job));
    }

    /** After all was put back: cancels what follows from failures that were. */
    public void restoreConsequences(JobRun job) {
        for (var position = 0; position < job.size(); position++) {
            var state = job.state(position);
            if (state == TaskState.FAILED || state == TaskState.CANCELED) {
                follow(job, position);
            }
        }
    }

    /** Places what can be placed. Costs what has changed since the last call, and the number of demands that wait. */
    public void schedule(Instant now) {
        for (var next = delayed.peek(); next != null && !next.at.isAfter(now); next = delayed.peek()) {
            delayed.remove();
            if (next.job.state(next.position) == TaskState.READY && jobs.get(next.job.id) == next.job) {
                enqueue(next.job, next.position);
            }
        }
        if (journal.takeChanged() || judge) {
            loseUnlistedSessions();
            judge();
        }
        for (var each : waiting) {
            each.takers.follow(journal, workers.values());
            each.exhausted = false;
        }
        waiting.forEach(each -> reserve(each, now));
        for (var group = first(now); group != null; group = first(now)) {
            place(group, now);
        }
        for (var each : waiting) {
            if (each.waitingSince == null) {
                each.waitingSince = now;
            }
        }
    }

    /** The group whose turn it is: of those that may find room the one of highest priority, least share, oldest job. */
    private @Nullable ReadyGroup first(Instant now) {
        ReadyGroup first = null;
        var leastShare = 0.0;
        contended = false;
        for (var each : waiting) {
            if (each.exhausted || (first != null && each.priority() < first.job.spec.priority())) {
                continue;
            }
            for (var groups : each.owners()) {
                var group = groups.first();
                var share = shares.of(group.job.owner, now);
                if (first == null || group.job.spec.priority() > first.job.spec.priority()) {
                    contended = false;
                    first = group;
                    leastShare = share;
                    continue;
                }
                contended |= !group.job.owner.equals(first.job.owner);
                if (share < leastShare || (share == leastShare && group.compareTo(first) < 0)) {
                    first = group;
                    leastShare = share;
                }
            }
        }
        return first;
    }

    private void place(ReadyGroup group, Instant now) {
        var demandClass = demandClass(group);
        // another class may hold an older job of the same owner, which is compared again after each
        var chunk = contended || waiting.size() > 1 ? 1 : CHUNK;
        for (var placed = 0; placed < chunk && group.listed; placed++) {
            var worker = fitting(demandClass, group);
            var home = worker == null ? null : group.home();
            if (home != null && home != worker && canHoldNow(home, group)) {
                assign(group, 0, home, now);
            } else if (worker != null) {
                assign(group, group.nearest(worker), worker, now);
                demandClass.takers.rotateFirst();
            } else {
                worker = ahead(group);
                if (worker == null) {
                    demandClass.exhausted = true;
                    return;
                }
                assign(group, group.nearest(worker), worker, now);
                Objects.requireNonNull(group.ahead).rotateFirst();
            }
        }
    }

    /** Whether a task of the group fits on a worker now. */
    private static boolean canHoldNow(WorkerRun worker, ReadyGroup group) {
        return worker.takes(group.demand)
                && worker.prefetched() == 0
                && worker.fitsNow(group.demand)
                && !keptFromOthers(worker, group);
    }

    /** The least loaded worker that a task of the group fits on now. */
    private @Nullable WorkerRun fitting(DemandClass demandClass, ReadyGroup group) {
        List<WorkerRun> kept = List.of();
        var takers = demandClass.takers;
        WorkerRun found = null;
        for (var worker = takers.peek(); worker != null && found == null; worker = takers.peek()) {
            if (!worker.takes(group.demand) || worker.prefetched() > 0 || !worker.fitsNow(group.demand)) {
                takers.dropFirst();
            } else if (keptFromOthers(worker, group)) {
                takers.dropFirst();
                kept = kept.isEmpty() ? new ArrayList<>() : kept;
                kept.add(worker);
            } else {
                found = worker;
                break;
            }
        }
        for (var worker : kept) {
            takers.add(worker);
        }
        return found;
    }

    private static boolean keptFromOthers(WorkerRun worker, ReadyGroup group) {
        var owner = worker.reservedFor;
        return owner != null && !owner.demand.equals(group.demand) && owner.priority() >= group.job.spec.priority();
    }

    /** The least loaded worker that may hold a task of the group in advance. */
    private @Nullable WorkerRun ahead(ReadyGroup group) {
        if (group.meanNanos < 0
                || group.meanNanos > 16 * settings.prefetchTime().toNanos()) {
            return null;
        }
        if (group.ahead == null) {
            group.ahead = new Takers();
        }
        var takers = group.ahead;
        takers.follow(journal, workers.values());
        for (var worker = takers.peek(); worker != null; worker = takers.peek()) {
            if (worker.takes(group.demand)
                    && worker.reservedFor == null
                    && worker.couldRun(group.demand)
                    && (group.demand.session() == null || worker.sessions().contains(group.demand.session()))
                    && worker.prefetched() < credit(worker, group)) {
                return worker;
            }
            takers.dropFirst();
        }
        return null;
    }

    /** How many tasks of a group a worker may hold beyond those that fit on it, by how fast it is. */
    private int credit(WorkerRun worker, ReadyGroup group) {
        var slots = Math.max(1, worker.cores() / group.demand.cores());
        var eachNanos = Math.max(1, group.meanNanos * worker.slowness());
        var perSlot = (long) (settings.prefetchTime().toNanos() / eachNanos);
        return (int) Math.min(settings.prefetch(), slots * Math.min(perSlot, settings.prefetch()));
    }

    /**
     * Keeps a worker free for tasks that have waited long while others took the room: it takes no more of no higher
     * priority until one of them fits. Half of the workers at most are kept so.
     */
    private void reserve(DemandClass demandClass, Instant now) {
        var kept = demandClass.reserved;
        if (kept != null && !canHost(kept, demandClass.demand)) {
            unreserve(demandClass);
            kept = null;
        }
        var since = demandClass.waitingSince;
        if (kept != null || since == null || now.isBefore(since.plus(PATIENCE))) {
            return;
        }
        WorkerRun best = null;
        var bound = 0;
        for (var worker : workers.values()) {
            if (worker.takes(demandClass.demand)) {
                bound++;
                if (worker.reservedFor == null
                        && worker.couldRun(demandClass.demand)
                        && (best == null || worker.level() < best.level())) {
                    best = worker;
                }
            }
        }
        if (best == null || reserved >= Math.max(1, bound / 2)) {
            demandClass.waitingSince = now;
        } else {
            best.reservedFor = demandClass;
            demandClass.reserved = best;
            reserved++;
        }
    }

    private boolean canHost(WorkerRun worker, Demand demand) {
        return workers.get(worker.id) == worker && worker.takes(demand) && worker.couldRun(demand);
    }

    private void unreserve(DemandClass demandClass) {
        var worker = demandClass.reserved;
        if (worker != null) {
            demandClass.reserved = null;
            worker.reservedFor = null;
            reserved--;
            journal.add(worker);
            for (var each : waiting) {
                if (each != demandClass) {
                    each.takers.add(worker);
                    each.exhausted = false;
                }
            }
        }
    }

    /** When the next delayed task is due; null if there is none. */
    public @Nullable Instant nextDelayed() {
        var next = delayed.peek();
        return next == null ? null : next.at;
    }

    private void assign(ReadyGroup group, int index, WorkerRun worker, Instant now) {
        var job = group.job;
        var position = group.poll(index);
        job.move(position, TaskState.ASSIGNED);
        job.begun();
        var execution = new Execution(job, position, job.nextNumber(position), worker.id, now);
        job.executes(execution);
        if (job.startedAt == null) {
            job.startedAt = now;
        }
        enter(execution, worker);
        worker.add(execution);
        charge(execution, 1);
        var demandClass = demandClass(group);
        demandClass.waitingSince = null;
        unreserve(demandClass);
        list(group);
        comm.dispatch(execution);
    }

    /** From now on the session of an execution is open on its worker. */
    private void enter(Execution execution, WorkerRun worker) {
        var session = execution.job.session(execution.position);
        if (session != null) {
            worker.open(session);
            execution.opening = session.opening;
            execution.order = ++order;
        }
    }

    /** What sessions kept on a worker is lost, and they may be opened elsewhere. */
    private void lose(WorkerRun worker, List<SessionRun> sessions) {
        for (var session : sessions) {
            worker.close(session);
            session.opening++;
            for (var group : session.job.groups) {
                if (group.demand.session() == session) {
                    var demandClass = demandClass(group);
                    workers.values().forEach(demandClass.takers::add);
                    demandClass.exhausted = false;
                    group.ahead = null;
                }
            }
        }
        lineage.lost(sessions.stream().map(session -> session.job).distinct().toList());
    }

    /** Tells the worker to close what is open on it, and counts on it no more. */
    private void closeAll(WorkerRun worker) {
        var sessions = List.copyOf(worker.sessions());
        if (!sessions.isEmpty()) {
            comm.close(worker.id, sessions.stream().map(session -> session.id).toList());
            lose(worker, sessions);
        }
    }

    /** Sessions of an executor that is no longer deployed are lost. */
    private void loseUnlistedSessions() {
        for (var worker : workers.values()) {
            if (worker.online() && !worker.sessions().isEmpty()) {
                lose(
                        worker,
                        worker.sessions().stream()
                                .filter(session -> !worker.lists(session.id.executor()))
                                .toList());
            }
        }
    }

    /** Gives a worker no new tasks, or again. What is kept in its sessions and is needed is made again elsewhere. */
    public void drain(WorkerRun worker, boolean draining) {
        worker.draining(draining);
        if (draining) {
            closeAll(worker);
        }
    }

    private void charge(Execution execution, int sign) {
        shares.running(execution.job.owner, sign * execution.demand().cores());
    }

    /** The current execution that this attempt names on this worker; null if it is stale. */
    public @Nullable Execution current(String worker, AttemptId attempt) {
        var job = jobs.get(attempt.task().job());
        var position = job == null
                ? -1
                : JobRun.position(job.spec.work(), attempt.task().index());
        var execution = job == null || position < 0 ? null : job.executing(position);
        return execution != null && execution.number == attempt.number() && execution.worker.equals(worker)
                ? execution
                : null;
    }

    /** Whether attempts were given to the worker that have not ended. */
    public boolean holdsWork(WorkerRun worker) {
        return worker.executing() > 0;
    }

    /** Whether its result has come and is being made durable. */
    public boolean recording(Execution execution) {
        return execution.recording();
    }

    /** The worker began to run it. */
    public void started(Execution execution, Instant at) {
        if (execution.startedAt == null && execution.state() == AttemptState.SENT) {
            execution.startedAt = at;
            execution.move(AttemptState.STARTED);
            execution.job.move(execution.position, TaskState.RUNNING);
            comm.changed(execution.job, execution.position, TaskState.RUNNING, execution, "");
        }
    }

    /**
     * The worker says how it ended. Its resources are free from now on; its task moves once the result is durable and
     * {@link #recorded} was called.
     */
    public Verdict finished(Execution execution, Cause cause, Duration wall, Instant now) {
        execution.move(AttemptState.RECORDING);
        release(execution);
        var job = execution.job;
        var worker = workers.get(execution.worker);
        if (worker != null) {
            worker.ran(wall.toNanos(), execution.group.meanNanos);
        }
        execution.group.ran(wall.toNanos());
        shares.used(job.owner, execution.demand().cores() / 1000.0 * wall.toNanos() / 1e9, now);
        if (cause == Cause.SUCCESS) {
            return new Verdict(true, TaskState.SUCCEEDED, false);
        }
        if (job.canceling || execution.canceling || cause == Cause.CANCELED) {
            return new Verdict(true, TaskState.CANCELED, false);
        }
        if (cause == Cause.SESSION && awaitsKept(execution)) {
            return new Verdict(false, TaskState.READY, false);
        }
        if (cause == Cause.STAGING && awaitsInputs(job, execution.position)) {
            return new Verdict(false, TaskState.READY, false);
        }
        var retries = job.task(execution.position).retries();
        if (cause != Cause.INVALID && job.failures(execution.position) < retries) {
            return new Verdict(false, TaskState.READY, true);
        }
        return new Verdict(true, job.failure(execution.position), true);
    }

    /**
     * An attempt did not find these objects in its session: they are lost, and made again if they may be. Told before its
     * end.
     */
    public void missed(Execution execution, List<String> objects) {
        var job = execution.job;
        var session = execution.demand().session();
        if (session == null || execution.opening != session.opening) {
            return;
        }
        for (var source : job.sources(execution.position)) {
            var kept = job.kept(source);
            if (kept != null && kept.order() < execution.order && makes(job, source, objects)) {
                job.keeps(source, kept.lost());
                lineage.check(job, source);
            }
        }
    }

    private static boolean makes(JobRun job, int position, List<String> objects) {
        var spec = job.task(position).session();
        return spec != null && !Collections.disjoint(spec.makes(), objects);
    }

    /** Whether what an attempt did not find in its session is being made again, or was since. */
    private boolean awaitsKept(Execution execution) {
        var job = execution.job;
        var session = execution.demand().session();
        if (session == null) {
            return false;
        }
        var since = execution.opening != session.opening || job.openNeeds(execution.position) > 0;
        for (var source : job.sources(execution.position)) {
            var kept = job.kept(source);
            since |= kept != null && kept.order() > execution.order;
        }
        return since;
    }

    /** Whether what a task takes is being made again, or is on a worker that this manager has not heard yet. */
    private boolean awaitsInputs(JobRun job, int position) {
        if (job.openNeeds(position) > 0) {
            return true;
        }
        for (var source : job.sources(position)) {
            var holding = job.holding(source);
            var worker = holding == null ? null : workers.get(holding.worker());
            if (worker != null && worker.online() && worker.session == null) {
                return true;
            }
        }
        return false;
    }

    /** The end of an attempt is durable. */
    public void recorded(Execution execution, Verdict verdict, String message, Instant now) {
        var job = execution.job;
        var position = execution.position;
        execution.move(AttemptState.ENDED);
        job.executesNoMore(execution);
        if (verdict.last() || job.canceling) {
            end(job, position, verdict.last() ? verdict.state() : TaskState.CANCELED, execution, message);
        } else {
            // kept for what runs again alone: of a large job most tasks run once
            job.tried(position, execution.number, verdict.failure(), false);
            if (back(job, position, execution, message)) {
                delay(job, position, now);
            }
        }
        if (jobs.get(job.id) == job) {
            list(execution.group);
        }
    }

    /** A task goes back to those that may start, or to those that wait if what it takes was lost; whether to the former. */
    private boolean back(JobRun job, int position, Execution execution, String message) {
        lineage.mend(job, position);
        var never = job.never(position);
        if (!never.isEmpty()) {
            end(job, position, job.stateWithoutRun(position), execution, never);
            return false;
        }
        var to = job.openNeeds(position) == 0 ? TaskState.READY : TaskState.WAITING;
        job.move(position, to);
        comm.changed(job, position, to, execution, message);
        return to == TaskState.READY;
    }

    private void delay(JobRun job, int position, Instant now) {
        var doublings = Math.min(20, Math.max(0, job.failures(position) - 1));
        var backoff = FIRST_BACKOFF.multipliedBy(1L << doublings);
        delayed.add(new Delayed(
                now.plus(backoff.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : backoff), job, position));
    }

    private void end(JobRun job, int position, TaskState state, @Nullable Execution execution, String message) {
        var holding = job.holding(position);
        if (holding != null && (execution == null || holding.number() != execution.number)) {
            job.holds(position, null);
        }
        job.move(position, state);
        comm.changed(job, position, state, execution, message);
        if (state == TaskState.SUCCEEDED) {
            if (execution != null && execution.order != 0 && makes(job, position)) {
                job.keeps(position, new JobRun.Kept(execution.worker, execution.number, execution.opening, ++order));
            }
            follow(job, position);
            lineage.check(job, position);
        } else {
            follow(job, position);
            var maxFails = job.spec.maxFails();
            if (state == TaskState.FAILED && maxFails != null && job.count(TaskState.FAILED) > maxFails) {
                cancel(job, "more than " + maxFails + " tasks failed");
            }
        }
        endIfOver(job);
    }

    /** A task has ended: those that need it may start, or never will, with what follows from that. */
    private void follow(JobRun job, int position) {
        if (job.dependants(position).length == 0) {
            return;
        }
        var ended = new ArrayDeque<Integer>();
        ended.add(position);
        for (var from = ended.poll(); from != null; from = ended.poll()) {
            var settled = job.settled(from);
            for (var dependant : job.dependants(from)) {
                var last = settled && job.needMet(dependant);
                if (job.state(dependant) != TaskState.WAITING || job.canceling || (settled && !last)) {
                    continue;
                }
                var never = job.never(dependant);
                if (never.isEmpty()) {
                    ready(job, dependant);
                } else {
                    endWithoutRun(job, dependant, never);
                    ended.add(dependant);
                }
            }
        }
    }

    /** Ends a task that can never run, and what follows from that; whether it is one. */
    private boolean endIfNever(JobRun job, int position) {
        var never = job.never(position);
        if (never.isEmpty()) {
            return false;
        }
        endWithoutRun(job, position, never);
        follow(job, position);
        return true;
    }

    private void endWithoutRun(JobRun job, int position, String why) {
        var state = job.stateWithoutRun(position);
        if (state == TaskState.CANCELED && job.message.isEmpty() && job.count(TaskState.FAILED) == 0) {
            job.message =
                    "task " + job.taskId(position) + " (" + job.task(position).name() + ") was not run: it " + why;
        }
        job.move(position, state);
        comm.changed(job, position, state, null, why);
    }

    private void endIfOver(JobRun job) {
        if (!job.ended() || !jobs.remove(job.id, job)) {
            return;
        }
        forget(job);
        closeSessions(job);
        comm.ended(job);
        over.add(job);
        // what follows may end further jobs: these are left to the first call, so that no chain is too long
        for (var next = over.size() == 1 ? job : null; next != null; next = over.peek()) {
            for (var waiter : waiters.getOrDefault(next.id, List.of())) {
                if (waiter.waitsFor.remove(next.id)) {
                    blockerEnded(waiter, next.id, next.state());
                }
            }
            waiters.remove(next.id);
            over.remove();
        }
    }

    private void closeSessions(JobRun job) {
        for (var session : job.sessions()) {
            for (var worker : List.copyOf(session.workers)) {
                worker.close(session);
                comm.close(worker.id, List.of(session.id));
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
        for (var group : job.groups) {
            group.clear();
            list(group);
        }
        for (var position = 0; position < job.size(); position++) {
            if (job.state(position) == TaskState.WAITING || job.state(position) == TaskState.READY) {
                job.move(position, TaskState.CANCELED);
            }
        }
        if (job.driven()) {
            job.cut();
            job.driveNoMore();
        }
        for (var position = 0; job.executing() > 0 && position < job.size(); position++) {
            var execution = job.executing(position);
            if (execution != null) {
                stop(execution);
            }
        }
        endIfOver(job);
    }

    private void stop(Execution execution) {
        if (!execution.recording()) {
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
     * @param sessions that are open on it
     */
    public void reconciled(
            WorkerRun worker,
            boolean restarted,
            Set<AttemptId> running,
            Set<AttemptId> finished,
            List<SessionId> sessions) {
        worker.unsure(false);
        for (var execution : worker.executions()) {
            if (!running.contains(execution.id()) && !finished.contains(execution.id())) {
                lose(execution, restarted && began(execution), "worker '" + worker.id + "' was restarted");
            }
        }
        worker.fenced.clear();
        reconcile(worker, sessions);
        for (var attempt : running) {
            if (current(worker.id, attempt) == null) {
                comm.stop(worker.id, attempt);
            }
        }
        // a cancel that was sent while the worker was away got lost
        worker.executions().stream().filter(e -> e.canceling).forEach(e -> comm.stop(worker.id, e.id()));
    }

    private void reconcile(WorkerRun worker, List<SessionId> open) {
        lose(
                worker,
                worker.sessions().stream()
                        .filter(session -> !open.contains(session.id))
                        .toList());
        var known = worker.sessions().stream().map(session -> session.id).toList();
        var unknown = open.stream().filter(id -> !known.contains(id)).toList();
        if (!unknown.isEmpty()) {
            comm.close(worker.id, unknown);
        }
    }

    /** Whether it may have run: it is known to, or the worker had room for it. */
    private static boolean began(Execution execution) {
        return execution.startedAt != null || !execution.prefetched;
    }

    /** The worker's lease has ended: its attempts are fenced, their tasks go back to the queue or have failed. */
    public void lost(WorkerRun worker) {
        worker.online(false);
        for (var execution : worker.executions()) {
            worker.fenced.add(execution.id());
            lose(execution, began(execution), "worker '" + worker.id + "' was lost");
        }
        closeAll(worker);
        lineage.lost(List.copyOf(jobs.values()));
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
        if (execution.recording()) {
            return;
        }
        var job = execution.job;
        var position = execution.position;
        release(execution);
        if (job.canceling || execution.canceling) {
            execution.move(AttemptState.RECORDING);
            comm.recordLoss(execution, Cause.CANCELED, "canceled", true);
        } else if (crash && job.crashes(position) >= settings.maxCrashes()) {
            execution.move(AttemptState.RECORDING);
            comm.recordLoss(
                    execution,
                    Cause.WORKER_LOST,
                    message + " for the " + (settings.maxCrashes() + 1) + "th time while it ran this task",
                    true);
        } else {
            execution.move(AttemptState.ENDED);
            job.executesNoMore(execution);
            job.tried(position, execution.number, false, crash);
            if (crash) {
                comm.recordLoss(execution, Cause.WORKER_LOST, message, false);
            }
            if (back(job, position, execution, message)) {
                enqueue(job, position);
            }
        }
    }

    /** Forgets a worker that is not online. */
    public void remove(WorkerRun worker) {
        workers.remove(worker.id);
        judge = true;
    }

    /** Why a task of an open job is where it is. */
    public Explanation explain(JobRun job, int position, Instant now) {
        var state = job.state(position);
        var id = job.taskId(position);
        return switch (state) {
            case WAITING -> {
                var waitsFor = waitsFor(job, position);
                yield new Explanation(
                        id,
                        state,
                        again(job, position) + "waits for " + String.join(", ", waitsFor),
                        waitsFor,
                        Map.of(),
                        null);
            }
            case READY -> explainReady(job, position, now);
            case ASSIGNED, RUNNING -> {
                var execution = job.executing(position);
                var where = execution == null ? "" : " on worker '" + execution.worker + "'";
                var summary = state == TaskState.RUNNING
                        ? "runs" + where
                        : execution != null && execution.prefetched
                                ? "is" + where + ", which starts it when what it runs now leaves room"
                                : "was sent to" + where.replace(" on", "") + " and starts now";
                yield new Explanation(
                        id, state, again(job, position) + summary + near(job, position), List.of(), Map.of(), null);
            }
            case SUCCEEDED, FAILED, CANCELED, IGNORED ->
                new Explanation(id, state, "has ended", List.of(), Map.of(), null);
        };
    }

    /** What the worker of a task has of what that takes, for which it was preferred. */
    private static String near(JobRun job, int position) {
        var execution = job.executing(position);
        var bytes = execution == null ? 0 : job.nearBytes(position).getOrDefault(execution.worker, 0L);
        return bytes == 0 ? "" : "; that worker has " + Quantity.formatBytes(bytes) + " of what it takes";
    }

    private static String again(JobRun job, int position) {
        var why = job.again(position);
        return why.isEmpty() ? "" : "runs again (" + why + ") and ";
    }

    private static List<String> waitsFor(JobRun job, int position) {
        if (!job.waitsFor.isEmpty()) {
            return job.waitsFor.stream().sorted().map(j -> "job " + j).toList();
        }
        var open = new ArrayList<String>();
        if (job.spec.work() instanceof Work.Graph graph) {
            for (var need : job.needs(position)) {
                if (!job.settled(need)) {
                    open.add("task '" + graph.tasks().get(need).name() + "'");
                }
            }
        }
        return open;
    }

    private Explanation explainReady(JobRun job, int position, Instant now) {
        var group = job.group(position);
        var demand = group.demand;
        var shortfalls = new TreeMap<String, String>();
        for (var worker : workers.values()) {
            shortfalls.put(worker.id, shortfall(worker, group));
        }
        return new Explanation(
                job.taskId(position),
                TaskState.READY,
                again(job, position) + summary(job, position, group, demand),
                List.of(),
                shortfalls,
                Queue.ahead(jobs.values(), group, position, shares, now));
    }

    private static String shortfall(WorkerRun worker, ReadyGroup group) {
        var shortfall = worker.shortfall(group.demand);
        if (shortfall != null) {
            return shortfall;
        }
        return keptFromOthers(worker, group) ? "is kept for larger tasks that have waited long" : "could take it";
    }

    /** When a task that failed is tried again; null if it is not delayed. */
    @Nullable
    Instant due(JobRun job, int position) {
        return delayed.stream()
                .filter(d -> d.job == job && d.position == position)
                .map(Delayed::at)
                .findFirst()
                .orElse(null);
    }

    private String summary(JobRun job, int position, ReadyGroup group, Demand demand) {
        var due = due(job, position);
        var impossible = Possible.whyNot(demand, workers.values(), "");
        if (impossible != null) {
            return "can never run as things stand: " + impossible.message();
        } else if (due != null) {
            return "failed and is tried again at " + due;
        } else if (workers.values().stream().noneMatch(WorkerRun::online)) {
            return "no worker is online; start one, the task runs as soon as it comes";
        } else if (job.executing() >= job.throttle()) {
            return "the job runs at most " + job.throttle() + " tasks at once";
        } else if (workers.values().stream().noneMatch(w -> w.takes(demand) && w.couldRun(demand))) {
            return "no worker that could run it is online, takes tasks and has its executor available";
        } else if (workers.values().stream().anyMatch(w -> shortfall(w, group).equals("could take it"))) {
            return "is about to be sent to a worker";
        }
        return "all workers that could run it are busy";
    }
}
