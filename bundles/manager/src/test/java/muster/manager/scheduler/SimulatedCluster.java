package muster.manager.scheduler;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.SessionId;
import muster.api.TaskId;
import muster.api.TaskState;
import muster.manager.store.EndedAttempt;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler among simulated workers, with a clock that only tests move and a store whose writes become durable when
 * they say so. It remembers what was told, and checks with each word what must hold at any time.
 */
final class SimulatedCluster implements Comm {
    Instant now = Instant.EPOCH;
    Settings settings;
    Scheduler scheduler;

    /** What each worker was given and has not ended, by attempt. */
    final Map<String, Map<AttemptId, Execution>> given = new LinkedHashMap<>();

    final Map<String, Capacity> capacities = new HashMap<>();
    final Map<TaskId, Integer> lastNumber = new HashMap<>();
    final Map<TaskId, TaskState> terminal = new HashMap<>();
    final Set<JobId> ended = new HashSet<>();
    final List<AttemptId> stops = new ArrayList<>();
    final List<Execution> dispatched = new ArrayList<>();
    final Map<JobId, String> stuck = new HashMap<>();

    /** Ends that are not durable yet. */
    final ArrayDeque<Runnable> unwritten = new ArrayDeque<>();

    /** What a store would hold: ends of attempts, and who was sent what, by job. */
    private final Map<JobId, List<Ended>> endings = new HashMap<>();

    private final Map<JobId, List<Execution>> sent = new HashMap<>();
    private final Set<JobId> canceled = new HashSet<>();

    /** Who alone has what the newest attempt of a task left that left something. */
    private final Map<TaskId, Made> made = new HashMap<>();

    /** Tasks that ran again for what was lost, and how often. */
    final Map<TaskId, Integer> undone = new HashMap<>();

    /** What workers have no longer, as somebody found. */
    private final Set<AttemptId> gone = new HashSet<>();

    /** Sessions as workers have them open. */
    final Map<String, Map<SessionId, Opened>> open = new LinkedHashMap<>();

    /** In which session an attempt runs. */
    private final Map<AttemptId, Opened> inside = new HashMap<>();

    /** Where what the newest attempt of a task kept in its session is. */
    private final Map<TaskId, Kept> kept = new HashMap<>();

    /** Tasks that did not find what they take. */
    int foundNothing;

    private boolean restarted;
    private boolean restoring;
    private long lastJob;

    private record Ended(
            int position, int number, EndedAttempt.Standing standing, TaskState state, Cause cause, String worker) {}

    private record Made(String worker, AttemptId attempt) {}

    private record Kept(Opened session, AttemptId attempt) {}

    /** One opening of a session on a worker. */
    static final class Opened {
        final Set<AttemptId> kept = new HashSet<>();

        /** Whether it is open, as far as the manager was told. */
        boolean open = true;

        /** Whether its executor is gone. */
        boolean orphaned;
    }

    SimulatedCluster(Settings settings) {
        this.settings = settings;
        scheduler = new Scheduler(this, settings);
    }

    WorkerRun worker(String id, Capacity capacity) {
        var worker = scheduler.workerOrNew(id);
        capacities.put(id, capacity);
        given.computeIfAbsent(id, i -> new LinkedHashMap<>());
        worker.executors(List.of(new ExecutorView("native", true, "")));
        worker.capacity(capacity);
        worker.session = "s";
        worker.online(true);
        return worker;
    }

    static Capacity capacity(double cores, long memory, int gpus, String... labels) {
        var devices = new ArrayList<String>();
        for (var i = 0; i < gpus; i++) {
            devices.add("gpu" + i);
        }
        return new Capacity(cores, memory, 1 << 30, devices, Map.of(), List.of(labels));
    }

    JobRun submit(JobSpec spec, String owner, Set<JobId> blockers) {
        var job = new JobRun(new JobId(++lastJob), owner, spec, now);
        scheduler.add(job, blockers);
        scheduler.begin(job);
        return job;
    }

    void schedule() {
        scheduler.schedule(now);
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    /** The worker says that this attempt ended; false if that is stale. What misses objects that it takes ends so. */
    boolean finish(String worker, AttemptId attempt, Cause asked, Duration wall) {
        var missing = missing(worker, attempt);
        var cause = asked == Cause.SUCCESS && !missing.isEmpty() ? Cause.SESSION : asked;
        foundNothing += cause == Cause.SESSION ? 1 : 0;
        var held = given.get(worker);
        if (held != null) {
            held.remove(attempt);
        }
        var execution = scheduler.current(worker, attempt);
        if (execution == null || scheduler.recording(execution)) {
            return false;
        }
        if (cause == Cause.SUCCESS
                && !execution.job.task(execution.position).outputs().isEmpty()) {
            made.put(attempt.task(), new Made(worker, attempt));
            scheduler.made(worker, attempt, 1000);
        }
        var session = inside.get(attempt);
        if (cause == Cause.SUCCESS && session != null) {
            session.kept.add(attempt);
            kept.put(attempt.task(), new Kept(session, attempt));
        }
        if (cause == Cause.SESSION) {
            scheduler.missed(execution, missing);
        }
        var verdict = scheduler.finished(execution, cause, wall, now);
        unwritten.add(() -> {
            store(
                    execution,
                    verdict.last()
                            ? EndedAttempt.Standing.LAST
                            : verdict.failure() ? EndedAttempt.Standing.TRY : EndedAttempt.Standing.LOST,
                    verdict.state(),
                    cause);
            scheduler.recorded(execution, verdict, "", now);
        });
        return true;
    }

    private void store(Execution execution, EndedAttempt.Standing standing, TaskState state, Cause cause) {
        endings.computeIfAbsent(execution.job.id, j -> new ArrayList<>())
                .add(new Ended(execution.position, execution.number, standing, state, cause, execution.worker));
    }

    /** Somebody finds that a worker has no longer what it made, whatever is left of it. */
    void lose(AttemptId attempt) {
        gone.add(attempt);
        scheduler.gone(attempt);
    }

    /** The objects that an attempt takes and its session has not. */
    private List<String> missing(String worker, AttemptId attempt) {
        var execution = scheduler.current(worker, attempt);
        var session = inside.get(attempt);
        if (execution == null || session == null) {
            return List.of();
        }
        var job = execution.job;
        return Arrays.stream(job.needs(execution.position))
                .filter(source -> job.takesKept(execution.position, source))
                .filter(source -> {
                    var what = kept.get(job.taskId(source));
                    return what == null || !session.kept.contains(what.attempt);
                })
                .mapToObj(source -> job.task(source).session().makes())
                .flatMap(List::stream)
                .toList();
    }

    /** Everything that sessions keep on a worker is gone, and nobody is told. */
    void breakSessions(String worker) {
        open.getOrDefault(worker, Map.of()).values().forEach(session -> session.kept.clear());
    }

    /** A worker closes the sessions of an executor that is no longer there by itself; whoever comes gets new ones. */
    void orphanSessions(String worker) {
        open.computeIfAbsent(worker, w -> new LinkedHashMap<>()).replaceAll((id, session) -> {
            session.orphaned = true;
            return new Opened();
        });
    }

    @Override
    public void close(String worker, List<SessionId> sessions) {
        sessions.forEach(id -> closed(open.getOrDefault(worker, Map.of()).remove(id)));
    }

    private static void closed(@Nullable Opened session) {
        if (session != null) {
            session.open = false;
        }
    }

    private void closeAll(String worker) {
        open.getOrDefault(worker, Map.of()).values().forEach(SimulatedCluster::closed);
        open.remove(worker);
    }

    /** What tasks left on workers. */
    List<AttemptId> left() {
        return made.values().stream().map(Made::attempt).toList();
    }

    /** A worker introduces itself, holding what it was given and has not ended. */
    void hello(String id, boolean restarted) {
        var worker = scheduler.workerOrNew(id);
        if (restarted) {
            given.get(id).clear();
            closeAll(id);
        }
        worker.executors(List.of(new ExecutorView("native", true, "")));
        worker.capacity(capacities.get(id));
        worker.session = "s";
        worker.online(true);
        scheduler.reconciled(
                worker,
                restarted,
                Set.copyOf(given.get(id).keySet()),
                Set.of(),
                List.copyOf(open.getOrDefault(id, Map.of()).keySet()));
    }

    /** The manager dies and starts again: what was not durable is gone, what workers hold is not. */
    void restart() {
        unwritten.clear();
        var before = scheduler;
        scheduler = new Scheduler(this, settings);
        restoring = true;
        restarted = true;
        for (var worker : before.workers()) {
            scheduler.workerOrNew(worker.id).draining(worker.draining());
        }
        var open = before.jobs().stream()
                .map(job -> {
                    var run = new JobRun(job.id, job.owner, job.spec, job.submittedAt);
                    run.startedAt = job.startedAt;
                    return run;
                })
                .toList();
        for (var run : open) {
            var blockers = new HashSet<JobId>();
            run.spec.after().stream()
                    .map(JobSpec.Dependency::job)
                    .filter(j -> !ended.contains(j))
                    .forEach(blockers::add);
            scheduler.add(run, blockers);
            restoreTasks(run);
            if (canceled.contains(run.id)) {
                scheduler.cancel(run, "canceled");
            }
        }
        open.forEach(scheduler::begin);
        made.values().forEach(left -> scheduler.made(left.worker, left.attempt, 1000));
        for (var holder : scheduler.holders()) {
            var worker = scheduler.worker(holder);
            if (worker != null) {
                worker.online(true);
            }
        }
        gone.forEach(scheduler::gone);
        open.forEach(scheduler::restoreOutputs);
        restoring = false;
    }

    private void restoreTasks(JobRun run) {
        var known = new HashSet<AttemptId>();
        for (var end : endings.getOrDefault(run.id, List.of())) {
            known.add(new AttemptId(run.taskId(end.position), end.number));
            switch (end.standing) {
                case LAST -> scheduler.restoreEnded(run, end.position, end.state, end.number, end.worker);
                case TRY -> scheduler.restoreTry(run, end.position, end.number, end.cause);
                case FORGIVEN -> throw new IllegalStateException("nobody asked to try again");
                case LOST -> scheduler.restoreLost(run, end.position, end.number, end.cause, end.worker);
            }
        }
        scheduler.restoreConsequences(run);
        var newest = new HashMap<Integer, Execution>();
        for (var execution : sent.getOrDefault(run.id, List.of())) {
            newest.merge(execution.position, execution, (a, b) -> a.number > b.number ? a : b);
        }
        newest.forEach((position, execution) -> {
            if (run.state(position) == TaskState.WAITING) {
                if (known.contains(execution.id())) {
                    scheduler.restoreNumber(run, position, execution.number);
                } else {
                    scheduler.restoreNumber(run, position, execution.number - 1);
                    scheduler.restoreExecution(run, position, execution.number, execution.worker, now);
                }
            }
        });
        scheduler.restoreSessions(run);
    }

    void write() {
        for (var next = unwritten.poll(); next != null; next = unwritten.poll()) {
            next.run();
        }
    }

    /** Ends everything that runs, in the order in which it was given, each after {@code wall}. */
    void finishAll(Duration wall) {
        for (var worker : List.copyOf(given.keySet())) {
            for (var attempt : List.copyOf(given.get(worker).keySet())) {
                finish(worker, attempt, Cause.SUCCESS, wall);
            }
        }
        write();
    }

    @Override
    public void dispatch(Execution execution) {
        var task = execution.id().task();
        var before = lastNumber.put(task, execution.number);
        require(before == null || before < execution.number, "attempt numbers of " + task + " rise");
        require(!terminal.containsKey(task), task + " starts after its end");
        given.computeIfAbsent(execution.worker, w -> new LinkedHashMap<>()).put(execution.id(), execution);
        var session = execution.job.session(execution.position);
        if (session != null) {
            inside.put(
                    execution.id(),
                    open.computeIfAbsent(execution.worker, w -> new LinkedHashMap<>())
                            .computeIfAbsent(session.id, s -> new Opened()));
        }
        sent.computeIfAbsent(execution.job.id, j -> new ArrayList<>()).add(execution);
        requireOrder(execution);
        dispatched.add(execution);
    }

    @Override
    public void stop(String worker, AttemptId attempt) {
        stops.add(attempt);
    }

    @Override
    public void recordLoss(Execution execution, Cause cause, String message, boolean last) {
        var state = cause == Cause.CANCELED ? TaskState.CANCELED : execution.job.failure(execution.position);
        unwritten.add(() -> {
            store(execution, last ? EndedAttempt.Standing.LAST : EndedAttempt.Standing.TRY, state, cause);
            if (last) {
                scheduler.recorded(execution, new Verdict(true, state, false), message, now);
            }
        });
    }

    @Override
    public void changed(JobRun job, int position, TaskState state, @Nullable Execution execution, String message) {
        if (state.terminal()) {
            var before = terminal.put(job.taskId(position), state);
            require(
                    before == null || (restoring && before == state),
                    job.taskId(position) + " ends once, but " + before + " and " + state);
        }
    }

    @Override
    public void outputsLost(JobRun job, int position, int number) {
        var task = job.taskId(position);
        var attempt = new AttemptId(task, number);
        require(
                terminal.remove(task) == TaskState.SUCCEEDED && number == lastNumber.get(task),
                task + " runs again after it succeeded");
        var needed = false;
        for (var dependant : job.dependants(position)) {
            needed |= !job.state(dependant).terminal() && misses(job, dependant, position);
        }
        require(needed, "what " + attempt + " made is lost and needed");
        require(
                undone.merge(task, 1, Integer::sum) <= settings.maxCrashes(),
                task + " runs again no oftener than it may crash");
        endings.computeIfPresent(
                job.id,
                (id, ends) -> new ArrayList<>(ends.stream()
                        .map(end -> end.position == position && end.number == number
                                ? new Ended(
                                        position, number, EndedAttempt.Standing.LOST, end.state, end.cause, end.worker)
                                : end)
                        .toList()));
    }

    /** Whether what a task takes of another is not there. */
    private boolean misses(JobRun job, int dependant, int position) {
        var what = kept.get(job.taskId(position));
        return (job.takesFiles(dependant, position) && !available(job, position))
                || (job.takesKept(dependant, position)
                        && (restarted
                                || what == null
                                || !what.session.open
                                || what.session.orphaned
                                || !what.session.kept.contains(what.attempt)));
    }

    /** Whether the manager knows that what a task kept is not there. */
    private boolean knownLost(JobRun job, int dependant, int position) {
        var what = kept.get(job.taskId(position));
        return job.takesKept(dependant, position) && !restarted && (what == null || !what.session.open);
    }

    /** Whether what a task that has succeeded made can be had. */
    private boolean available(JobRun job, int position) {
        var left = made.get(job.taskId(position));
        if (left == null) {
            return true;
        }
        var worker = scheduler.worker(left.worker);
        return worker != null && worker.online() && !gone.contains(left.attempt);
    }

    @Override
    public void stuck(JobRun job, String why) {
        stuck.put(job.id, why);
    }

    @Override
    public void canceled(JobRun job) {
        canceled.add(job.id);
    }

    @Override
    public void ended(JobRun job) {
        require(ended.add(job.id), "job " + job.id + " ends once");
    }

    /** No task of higher priority would have fit in the room that this one got. */
    private void requireOrder(Execution execution) {
        var worker = scheduler.worker(execution.worker);
        if (worker == null || execution.prefetched || worker.reservedFor != null) {
            return;
        }
        var room = Room.of(worker).plus(execution.demand());
        for (var job : scheduler.jobs()) {
            for (var group : job.groups) {
                require(
                        !group.listed
                                || job.spec.priority() <= execution.job.spec.priority()
                                || worker.prefetched() > 0
                                || !worker.takes(group.demand)
                                || !room.holds(worker, group.demand),
                        "job " + job.id + " of higher priority comes before " + execution.id() + " on " + worker.id);
            }
        }
    }

    /** What holds at any time between two words. */
    void check() {
        for (var worker : scheduler.workers()) {
            var room = Room.of(worker);
            require(
                    worker.capacity() == null || (room.cores >= 0 && room.memory >= 0 && room.gpus >= 0),
                    worker.id + " is not over its capacity: " + room);
            for (var execution : worker.executions()) {
                require(
                        scheduler.current(worker.id, execution.id()) == execution && !execution.recording(),
                        execution.id() + " is the current attempt on " + worker.id);
            }
        }
        for (var job : scheduler.jobs()) {
            // after a restart the scheduler also counts what it cannot know to be given back
            var held = given.values().stream()
                    .flatMap(some -> some.values().stream())
                    .filter(e -> scheduler.current(e.worker, e.id()) != null && e.job.id.equals(job.id))
                    .count();
            require(held <= job.throttle(), "job " + job.id + " keeps its throttle");
            for (var position = 0; position < job.size(); position++) {
                checkTask(job, position);
            }
        }
    }

    private void checkTask(JobRun job, int position) {
        var execution = job.executing(position);
        var what = job.taskId(position) + " is " + job.state(position) + " and ";
        switch (job.state(position)) {
            case WAITING ->
                require(
                        execution == null && (!job.waitsFor.isEmpty() || job.openNeeds(position) > 0),
                        what + "waits for something open");
            case READY -> {
                require(job.openNeeds(position) == 0, what + "all that it needs has succeeded");
                for (var source : job.sources(position)) {
                    require(
                            job.state(source) == TaskState.IGNORED
                                    || ((!job.takesFiles(position, source) || available(job, source))
                                            && !knownLost(job, position, source))
                                    || job.crashes(source) >= settings.maxCrashes(),
                            what + "what it takes is there: " + job.taskId(source));
                }
                var place = job.group(position).placeOf(position);
                require(
                        execution == null && place >= 0 != (scheduler.due(job, position) != null),
                        what + "is queued or delayed");
                if (place == 0) {
                    scheduler
                            .explain(job, position, now)
                            .workers()
                            .forEach((id, why) -> checkReason(job, position, scheduler.worker(id), why));
                }
            }
            case ASSIGNED, RUNNING ->
                require(execution != null && execution.position == position, what + "has an attempt");
            case SUCCEEDED, FAILED, CANCELED, IGNORED -> require(execution == null, what + "has no attempt");
        }
    }

    /** What is said to fall short does, and what is not said does not. */
    private static void checkReason(JobRun job, int position, @Nullable WorkerRun worker, String why) {
        var demand = job.group(position).demand;
        require(worker != null, "the worker that is named is there");
        var could = worker.takes(demand) && Room.of(worker).holds(worker, demand) && worker.prefetched() == 0;
        require(
                could == (why.equals("could take it") || why.startsWith("is kept for")),
                "'" + why + "' is true of " + worker.id + " and " + demand);
    }

    /** After a pass nothing that could start waits, but for what is kept for larger tasks. */
    void checkNothingIdles() {
        for (var job : scheduler.jobs()) {
            for (var group : job.groups) {
                for (var worker : group.listed ? scheduler.workers() : List.<WorkerRun>of()) {
                    require(
                            !worker.takes(group.demand)
                                    || worker.prefetched() > 0
                                    || worker.reservedFor != null
                                    || !Room.of(worker).holds(worker, group.demand),
                            "a task of job " + job.id + " waits though " + worker.id + " has room");
                }
            }
        }
    }

    /** What is free on a worker, summed up afresh. */
    record Room(double cores, long memory, int gpus) {
        static Room of(WorkerRun worker) {
            var capacity = worker.capacity();
            if (capacity == null) {
                return new Room(0, 0, 0);
            }
            var cores = Math.round(capacity.cores() * 1000);
            var memory = capacity.memoryBytes();
            var gpus = capacity.gpus().size();
            for (var execution : worker.executions()) {
                if (!execution.prefetched) {
                    var resources = execution.job.task(execution.position).resources();
                    cores -= Math.round(resources.cores() * 1000);
                    memory -= resources.memoryBytes();
                    gpus -= resources.gpus();
                }
            }
            for (var session : worker.sessions()) {
                memory -= session.memoryBytes;
            }
            return new Room(cores, memory, gpus);
        }

        Room plus(Demand demand) {
            var amounts = demand.amounts();
            return new Room(
                    cores + amounts.cores(),
                    memory + amounts.get(Amounts.MEMORY),
                    gpus + (int) amounts.get(Amounts.GPUS));
        }

        boolean holds(WorkerRun worker, Demand demand) {
            var open = demand.session() != null && worker.sessions().contains(demand.session());
            var amounts = open ? demand.amounts() : demand.whole();
            return amounts.cores() <= cores
                    && amounts.get(Amounts.MEMORY) <= memory
                    && amounts.get(Amounts.GPUS) <= gpus;
        }
    }

    static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("does not hold: " + what);
        }
    }
}
