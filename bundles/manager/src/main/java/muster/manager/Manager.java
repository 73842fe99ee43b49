package muster.manager;

import java.time.Clock;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongSupplier;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.Names;
import muster.api.SessionId;
import muster.api.TaskState;
import muster.api.Usage;
import muster.manager.scheduler.Comm;
import muster.manager.scheduler.Execution;
import muster.manager.scheduler.JobRun;
import muster.manager.scheduler.Scheduler;
import muster.manager.scheduler.Settings;
import muster.manager.scheduler.Verdict;
import muster.manager.scheduler.WorkerRun;
import muster.manager.security.TaskSecrets;
import muster.manager.store.EndedAttempt;
import muster.manager.store.Store;
import muster.manager.store.Write;
import muster.transport.Links.ManagerLink;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;

/**
 * Holds the parts together: what the scheduler decides goes to the store, from there to workers and followers. Its state
 * belongs to the {@link Reactor}'s thread.
 */
final class Manager implements Comm, AutoCloseable {
    private static final Map<TaskState, String> TASK_EVENTS = taskEvents();

    final Clock clock;
    final Store store;
    final long epoch;
    final Reactor reactor = new Reactor(this::turn);
    final Scheduler scheduler;
    final Directory directory = new Directory();
    final EventLog events;
    final Dispatcher dispatcher;
    final LogReader logs;
    final Questions<String> deployments = new Questions<>();
    final Metrics metrics = new Metrics();
    final Workers workers;
    final Rate rate = new Rate();
    final Quotas quotas;
    final LongSupplier nanos;
    final Drivers drivers;
    final TaskSecrets secrets;

    private long lastJob;
    private @Nullable ManagerLink link;
    private @Nullable ManagerFiles files;
    private @Nullable Cache cache;
    private String filesHost = "";
    private Function<String, List<ToWorker.Grant>> grants = worker -> List.of();

    /**
     * @param nanos a monotonic clock, for leases and rates
     * @param store which holds its lease
     * @param expected ids of workers that should come
     */
    Manager(
            Clock clock,
            LongSupplier nanos,
            Store store,
            Settings settings,
            Leases leases,
            Quotas.Limits limits,
            List<String> expected,
            TaskSecrets secrets) {
        this.clock = clock;
        this.nanos = nanos;
        this.secrets = secrets;
        quotas = new Quotas(limits);
        this.store = store;
        epoch = store.epoch();
        lastJob = store.lastJob();
        scheduler = new Scheduler(this, settings);
        events = new EventLog(epoch);
        dispatcher = new Dispatcher(store);
        drivers = new Drivers(this);
        logs = new LogReader(dispatcher);
        workers = new Workers(this, leases, nanos);
        Recovery.restore(this);
        expected.forEach(scheduler::workerOrNew);
        workers.trustAll();
        scheduler.jobs().stream().filter(JobRun::hasSessions).toList().forEach(scheduler::restoreOutputs);
    }

    /** Begins to work. The link's listener must be {@link #workers}. */
    void start(ManagerLink newLink) {
        newLink.epoch(epoch);
        link = newLink;
        dispatcher.link(newLink);
        reactor.start();
    }

    /**
     * Before {@link #start}; without it no files are moved.
     *
     * @param host where workers reach them; empty for where each of them joined
     */
    void files(ManagerFiles newFiles, String host) {
        files = newFiles;
        filesHost = host;
        newFiles.outputs().removeAfter(lastJob, store::leads);
        cache = new Cache(store, newFiles);
        var passing = scheduler.jobs().stream()
                .filter(job -> JobRun.passesFiles(job.spec.work()))
                .toList();
        for (var job : passing) {
            newFiles.leftOnWorkers(job.id)
                    .forEach(made -> scheduler.made(made.worker(), made.attempt(), made.leftBytes()));
        }
        workers.trustAll();
        passing.forEach(scheduler::restoreOutputs);
    }

    /**
     * Before {@link #start}; without it workers answer nobody at their own ports.
     *
     * @param newGrants by the id of a worker
     */
    void grants(Function<String, List<ToWorker.Grant>> newGrants) {
        grants = newGrants;
    }

    /** Whom a worker is to answer at its own port. */
    ToWorker.Grants grants(String worker) {
        return new ToWorker.Grants(grants.apply(worker));
    }

    /** Tells every worker whom to answer: one that is away hears it when it comes back. */
    void grantsChanged() {
        reactor.post(() -> scheduler.workers().stream()
                .filter(WorkerRun::online)
                .forEach(worker -> dispatcher.send(worker.id, grants(worker.id))));
    }

    /** What earlier jobs made; null where no files are moved. */
    @Nullable
    Cache cache() {
        return cache;
    }

    String filesHost() {
        return filesHost;
    }

    @Nullable
    ManagerFiles files() {
        return files;
    }

    Instant now() {
        return clock.instant();
    }

    private void turn() {
        workers.endLeases();
        scheduler.schedule(now());
        workers.flush();
        dispatcher.flush();
        events.flush();
    }

    @Override
    public void dispatch(Execution execution) {
        metrics.attemptsDispatched.increment();
        dispatcher.add(execution);
    }

    @Override
    public void stop(String worker, AttemptId attempt) {
        dispatcher.stop(worker, attempt);
    }

    @Override
    public void recordLoss(Execution execution, Cause cause, String message, boolean last) {
        var attempt = new EndedAttempt(
                execution.id(),
                last ? EndedAttempt.Standing.LAST : EndedAttempt.Standing.TRY,
                execution.worker,
                cause,
                -1,
                0,
                message,
                "",
                execution.assignedAt,
                execution.startedAt,
                now(),
                Usage.NONE,
                0,
                0,
                null,
                null);
        var state = cause == Cause.CANCELED ? TaskState.CANCELED : execution.job.failure(execution.position);
        store.write(
                new Write.Ended(List.of(attempt)),
                () -> {
                    if (last) {
                        reactor.post(
                                () -> scheduler.recorded(execution, new Verdict(true, state, false), message, now()));
                    }
                },
                e -> {});
    }

    @Override
    public void changed(JobRun job, int position, TaskState state, @Nullable Execution execution, String message) {
        var now = now();
        if (state.terminal()) {
            metrics.ended(state);
            rate.count(now.getEpochSecond());
        }
        var index = job.taskId(position).index();
        if (state == TaskState.FAILED && job.message.isEmpty()) {
            var name = job.task(position).name();
            job.message =
                    "task " + job.taskId(position) + (name.isEmpty() ? "" : " (" + name + ")") + " failed: " + message;
        }
        events.add(
                now,
                TASK_EVENTS.getOrDefault(state, ""),
                job.id,
                index,
                execution == null ? EventLog.NONE : execution.number,
                execution == null ? null : execution.worker,
                message);
        if (job.driven() && state.terminal()) {
            drivers.ended(job, position);
        }
    }

    private static Map<TaskState, String> taskEvents() {
        var types = new EnumMap<TaskState, String>(TaskState.class);
        for (var state : TaskState.values()) {
            types.put(state, "task." + (state == TaskState.READY ? "requeued" : Names.word(state)));
        }
        return types;
    }

    @Override
    public void outputsLost(JobRun job, int position, int number) {
        metrics.outputsLost.increment();
        store.write(new Write.OutputsLost(new AttemptId(job.taskId(position), number)), () -> {}, e -> {});
    }

    @Override
    public void close(String worker, List<SessionId> sessions) {
        dispatcher.send(worker, new ToWorker.Close(sessions));
    }

    @Override
    public void stuck(JobRun job, String why) {
        jobEvent(job, why.isEmpty() ? "job.unstuck" : "job.stuck", why);
    }

    @Override
    public void canceled(JobRun job) {
        drivers.drop(job);
        store.write(new Write.Canceled(job.id, job.message, job.failed()), () -> {}, e -> {});
    }

    /** What its tasks left on workers for each other is not needed any more. */
    private void release(JobRun job) {
        if (!JobRun.leavesFiles(job.spec.work())) {
            return;
        }
        scheduler.workers().forEach(worker -> dispatcher.send(worker.id, new ToWorker.Release(List.of(job.id))));
    }

    @Override
    public void ended(JobRun job) {
        job.finishedAt = now();
        job.secrets = List.of();
        quotas.close(job.owner, job.size(), nanos.getAsLong());
        release(job);
        store.write(
                new Write.JobEnded(
                        job.id, job.startedAt, Objects.requireNonNull(job.finishedAt), job.message, job.states()),
                () -> reactor.post(() -> {
                    var view = job.view();
                    var entry = directory.find(job.id);
                    if (entry != null) {
                        entry.end(view);
                    }
                    jobEvent(job, "job." + Names.word(view.state()), view.message());
                }),
                e -> {});
        var entry = directory.find(job.id);
        // the results of all its tasks are durable, and a manager that starts concludes its end from them; not a cancel
        if (entry != null && !job.canceling()) {
            entry.tellEnd(job.view());
        }
    }

    void jobEvent(JobRun job, String type, String message) {
        events.add(now(), type, job.id, EventLog.NONE, EventLog.NONE, null, message);
    }

    /** The next job's id. Reactor's thread only. */
    JobId nextJob() {
        return new JobId(++lastJob);
    }

    @Override
    public void close() {
        reactor.close();
        events.close();
        if (link != null) {
            link.close();
        }
        if (files != null) {
            files.close();
        }
        store.close();
        metrics.close();
    }
}
