package muster.manager;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import muster.api.AttemptId;
import muster.api.AttemptView;
import muster.api.CategoryView;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.Explanation;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.JobView;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Page;
import muster.api.Quantity;
import muster.api.ResultTable;
import muster.api.Secret;
import muster.api.TaskId;
import muster.api.TaskQuery;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.api.Usage;
import muster.api.Work;
import muster.api.language.DynamicLanguage;
import muster.api.language.WorkflowRequest;
import muster.manager.scheduler.JobRun;
import muster.manager.store.EndedAttempt;
import muster.manager.store.StoredDriver;
import muster.manager.store.StoredJob;
import muster.manager.store.Write;
import muster.transport.Codec;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The job service: checks, asks the reactor and the store, and translates. */
final class Jobs implements JobService {
    private static final int MOST_CATEGORIES = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

    private final Manager manager;
    private final Results results;
    private final Object reopening = new Object();

    Jobs(Manager manager) {
        this.manager = manager;
        this.results = new Results(manager.store);
    }

    @Override
    public JobId submit(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        return submit(spec, owner, idempotencyKey, Cache.Plan.NOTHING, null);
    }

    /**
     * Submits a job whose tasks a driver asks for.
     *
     * @param sent all that the script may ask for
     * @param spec of the job, by the tasks that it begins with
     */
    JobId drive(
            Languages.Known known,
            DynamicLanguage language,
            Sent sent,
            WorkflowRequest request,
            Function<Work, JobSpec> spec,
            String owner,
            @Nullable String idempotencyKey) {
        var driven = manager.drivers.start(language, known.name(), sent);
        sent.requireAll();
        sent.close();
        var first = driven.first().tasks();
        var definition =
                new StoredDriver(known.name(), known.version().toString(), first.size(), request.withoutSecrets());
        return submit(
                spec.apply(new Work.Graph(first)),
                owner,
                idempotencyKey,
                Cache.Plan.NOTHING,
                new Driving(definition, driven));
    }

    /** What asks for the tasks of a job. */
    private record Driving(StoredDriver definition, Driven driven) {}

    void languagesChanged() {
        manager.drivers.languagesChanged();
    }

    @Override
    public JobId resume(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        var cache = manager.cache();
        return submit(
                spec,
                owner,
                idempotencyKey,
                cache != null && spec.secrets().isEmpty() && spec.work() instanceof Work.Graph graph
                        ? cache.plan(owner, graph)
                        : Cache.Plan.NOTHING,
                null);
    }

    private JobId submit(
            JobSpec given, String owner, @Nullable String idempotencyKey, Cache.Plan plan, @Nullable Driving driving) {
        var spec = given.withoutSecretValues();
        given.secrets().forEach(Secret::requireValue);
        var bytes = Codec.encode(spec);
        var fingerprint = fingerprint(
                bytes, driving == null ? "" : driving.definition.script().text());
        var fault = manager.store.fault();
        if (!fault.isEmpty()) {
            throw new MusterException(ErrorCode.UNAVAILABLE, fault + "; try again when it can");
        }
        var admitted = manager.reactor.ask(() -> {
            var known = idempotencyKey == null ? null : known(owner, idempotencyKey, fingerprint);
            return known == null ? new Admitted(null, admit(spec, given.secrets(), owner)) : new Admitted(known, null);
        });
        if (admitted.run == null) {
            return Objects.requireNonNull(admitted.known);
        }
        var accepted = new CompletableFuture<JobId>();
        var reserved = false;
        try {
            if (!plan.equals(Cache.Plan.NOTHING)) {
                reserve(admitted.run.id);
                reserved = true;
            }
            accept(admitted.run, idempotencyKey, fingerprint, plan, driving, accepted);
        } catch (RuntimeException e) {
            accepted.completeExceptionally(e);
        }
        try {
            return Reactor.await(accepted);
        } finally {
            if (accepted.isCompletedExceptionally()) {
                notAccepted(admitted.run, reserved);
            }
        }
    }

    /** Either a job that was accepted before, or one that may be. */
    private record Admitted(@Nullable JobId known, @Nullable JobRun run) {}

    private @Nullable JobId known(String owner, String key, String fingerprint) {
        var id = manager.directory.byKey(owner, key);
        if (id != null && !manager.directory.get(id).fingerprint().equals(fingerprint)) {
            throw MusterException.conflict("idempotency key '" + Names.escape(key) + "' was used for job " + id
                    + " with another specification; use a new key");
        }
        return id;
    }

    private JobRun admit(JobSpec spec, List<Secret> secrets, String owner) {
        manager.quotas.submitted(owner, manager.nanos.getAsLong());
        for (var dependency : spec.after()) {
            if (manager.directory.find(dependency.job()) == null) {
                throw MusterException.invalid("job " + dependency.job()
                        + " does not exist, so that none can come after it; 'job list' shows those that do");
            }
        }
        manager.scheduler.requirePossible(spec);
        manager.quotas.open(owner, spec.work().size(), manager.nanos.getAsLong());
        var run = new JobRun(manager.nextJob(), owner, spec, manager.now());
        run.secrets = secrets;
        return run;
    }

    private void accept(
            JobRun run,
            @Nullable String key,
            String fingerprint,
            Cache.Plan plan,
            @Nullable Driving driving,
            CompletableFuture<JobId> accepted) {
        var taken = take(run, plan);
        manager.store.write(
                new Write.Submitted(
                        new StoredJob(
                                run.id,
                                run.owner,
                                run.spec,
                                key,
                                fingerprint,
                                run.submittedAt,
                                null,
                                null,
                                "",
                                false,
                                false,
                                null,
                                driving == null ? null : driving.definition),
                        run.secrets.isEmpty() ? null : manager.secrets.seal(run.id, run.secrets),
                        taken),
                () -> manager.reactor.post(() -> {
                    manager.directory.addOpen(run, fingerprint, key);
                    manager.scheduler.add(run, Recovery.blockers(manager.directory, run));
                    manager.metrics.jobsSubmitted.increment();
                    manager.jobEvent(run, "job.submitted", "");
                    if (driving != null) {
                        manager.drivers.begin(run, driving.definition, driving.driven);
                    }
                    for (var attempt : taken) {
                        var position = attempt.id().task().index();
                        manager.scheduler.restoreEnded(run, position, TaskState.SUCCEEDED, 1, "");
                        manager.changed(run, position, TaskState.SUCCEEDED, null, attempt.message());
                    }
                    // the earlier job may be deleted before this one
                    plan.taken()
                            .forEach((position, found) -> manager.store.write(
                                    new Write.Cached(found.id(), new AttemptId(run.taskId(position), 1)),
                                    () -> {},
                                    e -> {}));
                    accepted.complete(run.id);
                    Recovery.resume(manager, run);
                }),
                error -> accepted.completeExceptionally(notWritten(error)));
    }

    private static MusterException notWritten(Exception error) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                "the job was not accepted, the store cannot be written: " + error.getMessage(),
                error);
    }

    /** Keeps the id of a job from those who lead next: what is named by it before it is accepted is its own alone. */
    private void reserve(JobId id) {
        var reserved = new CompletableFuture<Boolean>();
        manager.store.write(
                new Write.Reserved(id),
                () -> reserved.complete(true),
                error -> reserved.completeExceptionally(notWritten(error)));
        Reactor.await(reserved);
    }

    /** Makes the job's what is taken from earlier ones, and the attempts that stand for it. */
    private List<EndedAttempt> take(JobRun run, Cache.Plan plan) {
        var cache = manager.cache();
        if (cache == null || plan.equals(Cache.Plan.NOTHING)) {
            return List.of();
        }
        cache.take(run.id, plan);
        var origins = origins(plan);
        return plan.taken().entrySet().stream()
                .map(taken -> EndedAttempt.taken(
                        new AttemptId(run.taskId(taken.getKey()), 1),
                        taken.getValue().made().worker(),
                        origins.getOrDefault(
                                taken.getValue().made().attempt(),
                                "task " + taken.getValue().made().attempt().task() + " made it"),
                        run.submittedAt))
                .toList();
    }

    /** What is taken was made by, when and where: of what was taken itself, the first that made it. */
    private Map<AttemptId, String> origins(Cache.Plan plan) {
        var indices = new HashMap<JobId, List<Integer>>();
        for (var taken : plan.taken().values()) {
            var task = taken.made().attempt().task();
            indices.computeIfAbsent(task.job(), job -> new ArrayList<>()).add(task.index());
        }
        var origins = new HashMap<AttemptId, String>();
        indices.forEach((job, all) -> {
            for (var from = 0; from < all.size(); from += Cache.BATCH) {
                for (var attempt :
                        manager.store.attempts(job, all.subList(from, Math.min(all.size(), from + Cache.BATCH)))) {
                    origins.put(
                            attempt.id(),
                            attempt.standing() == EndedAttempt.Standing.CACHED
                                    ? attempt.message()
                                            .substring(attempt.message().indexOf(": ") + 2)
                                    : "task " + attempt.id().task() + " made it on worker '" + attempt.worker()
                                            + "' at " + attempt.finishedAt().truncatedTo(ChronoUnit.SECONDS) + " in "
                                            + Quantity.formatDuration(
                                                    attempt.usage().wall().truncatedTo(ChronoUnit.MILLIS)));
                }
            }
        });
        return origins;
    }

    private void notAccepted(JobRun run, boolean reserved) {
        notOpened(run);
        var files = manager.files();
        // an id that is not reserved is another job's, if another manager leads by now; and nothing is named by it
        if (files == null || !reserved) {
            return;
        }
        try {
            files.forget(run.id);
        } catch (MusterException e) {
            LOG.warn(
                    "What job {} was to take from earlier ones stays, though it was not accepted: {}",
                    run.id,
                    e.getMessage());
        }
    }

    private void notOpened(JobRun run) {
        manager.reactor.post(() -> manager.quotas.close(run.owner, run.size(), manager.nanos.getAsLong()));
    }

    private static String fingerprint(byte[] bytes, String script) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            digest.update(script.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public Page<JobView> jobs(JobQuery query) {
        var before = query.cursor() == null ? Long.MAX_VALUE : cursor(query.cursor());
        return manager.reactor.ask(() -> {
            var found = new ArrayList<JobView>();
            for (var entry : manager.directory.before(before)) {
                if (query.states().isEmpty() || query.states().contains(entry.state())) {
                    var view = entry.view();
                    if (matches(query, view)) {
                        if (found.size() == query.limit()) {
                            return new Page<>(
                                    found, found.get(found.size() - 1).id().toString());
                        }
                        found.add(view);
                    }
                }
            }
            return new Page<>(found, null);
        });
    }

    private static boolean matches(JobQuery query, JobView view) {
        return (query.tag() == null || view.tags().contains(query.tag()))
                && (query.owner() == null || view.owner().equals(query.owner()))
                && (query.name() == null || view.name().contains(query.name()));
    }

    private static long cursor(String cursor) {
        if (!cursor.matches("[0-9]{1,18}")) {
            throw MusterException.invalid(
                    "cursor '" + Names.escape(cursor) + "' is not one; use 'next' of the page before");
        }
        return Long.parseLong(cursor);
    }

    @Override
    public JobView job(JobId id) {
        return manager.reactor.ask(() -> manager.directory.get(id).view());
    }

    @Override
    public JobSpec spec(JobId id) {
        var run = manager.reactor.ask(() -> Found.of(manager.directory.get(id).run()));
        return run.value() != null ? run.value().spec : stored(id).spec();
    }

    @Override
    public ResultTable results(JobId id, String sql, int limit) {
        return results.ask(id, spec(id).work(), manager.files(), sql, limit);
    }

    @Override
    public List<CategoryView> categories(JobId id) {
        // names are made here: the reactor's thread is for less
        var seen = onRun(id, run -> new States(run.spec.work(), run.states()));
        var counts = new LinkedHashMap<String, int[]>();
        for (var position = 0; position < seen.states.length; position++) {
            var name = JobRun.task(seen.work, position).categoryName();
            if (counts.size() < MOST_CATEGORIES || counts.containsKey(name)) {
                counts.computeIfAbsent(name, category -> new int[TaskState.values().length])[seen.states[position]]++;
            }
        }
        var views = new ArrayList<CategoryView>();
        counts.forEach((name, byState) -> {
            var tasks = new EnumMap<TaskState, Integer>(TaskState.class);
            for (var state : TaskState.values()) {
                tasks.put(state, byState[state.ordinal()]);
            }
            views.add(new CategoryView(name, Arrays.stream(byState).sum(), tasks));
        });
        return views;
    }

    /** @param states ordinals by position */
    private record States(Work work, byte[] states) {}

    /** A value that may be null, out of the reactor. */
    private record Found<T>(@Nullable T value) {
        static <T> Found<T> of(@Nullable T value) {
            return new Found<>(value);
        }
    }

    private StoredJob stored(JobId id) {
        return manager.store
                .job(id)
                .orElseThrow(() -> MusterException.notFound("job " + id + " is no longer there; it was deleted"));
    }

    @Override
    public CompletionStage<JobView> ended(JobId id) {
        var ended = new CompletableFuture<JobView>();
        manager.reactor.post(() -> {
            try {
                manager.directory.get(id).whenEnded(ended::complete);
            } catch (MusterException e) {
                ended.completeExceptionally(e);
            }
        });
        return ended;
    }

    @Override
    public void cancel(JobId id, String by) {
        var durable = new CompletableFuture<Boolean>();
        manager.reactor.post(() -> {
            try {
                var run = manager.directory.get(id).run();
                if (run != null && !run.state().terminal()) {
                    manager.scheduler.cancel(run, "canceled by " + by);
                    manager.jobEvent(run, "job.canceling", "by " + by);
                }
                onceDurable(durable);
            } catch (RuntimeException e) {
                durable.completeExceptionally(e);
            }
        });
        Reactor.await(durable);
    }

    /** Completes once all that was given to the store before is durable, and told to the reactor. */
    private void onceDurable(CompletableFuture<Boolean> durable) {
        manager.store.write(
                new Write.Barrier(),
                () -> manager.reactor.post(() -> durable.complete(true)),
                durable::completeExceptionally);
    }

    @Override
    public int retry(JobId id, boolean failedOnly, String by) {
        synchronized (reopening) {
            var ended = ended(id, "retried");
            if (ended.driver() != null) {
                throw MusterException.conflict("job " + id + " was driven by a script, which has gone on from what"
                        + " failed, and cannot be retried; run the script anew");
            }
            var run = new JobRun(id, ended.owner(), ended.spec(), ended.submittedAt());
            var states = run.reopened(Objects.requireNonNull(ended.endStates()), failedOnly);
            if (!runsAgain(states)) {
                return 0;
            }
            run.startedAt = ended.startedAt();
            run.secrets = Recovery.secrets(manager, run);
            var numbers = new HashMap<Integer, Integer>();
            manager.store.attempts(
                    id,
                    attempt -> numbers.merge(
                            JobRun.position(
                                    ended.spec().work(), attempt.id().task().index()),
                            attempt.id().number(),
                            Math::max));
            var files = manager.files();
            var left = files != null && JobRun.passesFiles(ended.spec().work())
                    ? files.leftOnWorkers(id)
                    : List.<Outputs.Made>of();
            // last of what can fail before it is written
            manager.reactor.ask(() -> {
                manager.quotas.open(run.owner, run.size(), manager.nanos.getAsLong());
                return true;
            });
            var again = new CompletableFuture<Integer>();
            manager.store.write(
                    new Write.Reopened(id, failedOnly ? states : null),
                    () -> manager.reactor.post(() -> {
                        manager.scheduler.add(run, Recovery.blockers(manager.directory, run));
                        for (var position = 0; position < states.length; position++) {
                            var number = numbers.getOrDefault(position, 0);
                            if (states[position] == TaskState.SUCCEEDED.ordinal()) {
                                manager.scheduler.restoreEnded(run, position, TaskState.SUCCEEDED, number, "");
                            } else {
                                manager.scheduler.restoreNumber(run, position, number);
                            }
                        }
                        manager.scheduler.restoreLeft(run, states);
                        manager.directory.get(id).reopen(run);
                        manager.jobEvent(run, "job.reopened", "retried by " + by);
                        manager.scheduler.restoreConsequences(run);
                        var count = run.count(TaskState.WAITING);
                        left.forEach(made -> manager.scheduler.made(made.worker(), made.attempt(), made.leftBytes()));
                        manager.scheduler.restoreOutputs(run);
                        manager.scheduler.begin(run);
                        again.complete(count);
                    }),
                    error -> {
                        notOpened(run);
                        again.completeExceptionally(error);
                    });
            return Reactor.await(again);
        }
    }

    private static boolean runsAgain(byte[] states) {
        for (var state : states) {
            if (state == TaskState.WAITING.ordinal()) {
                return true;
            }
        }
        return false;
    }

    private StoredJob ended(JobId id, String action) {
        var state = job(id).state();
        if (!state.terminal()) {
            throw MusterException.conflict("job " + id + " is " + Names.word(state) + " and cannot be " + action
                    + "; wait for its end or cancel it");
        }
        // its end is seen a moment before it is durable
        var durable = new CompletableFuture<Boolean>();
        onceDurable(durable);
        Reactor.await(durable);
        return stored(id);
    }

    @Override
    public void delete(JobId id, String by) {
        synchronized (reopening) {
            ended(id, "deleted");
            var gone = new CompletableFuture<Boolean>();
            manager.store.write(
                    new Write.Deleted(id),
                    () -> manager.reactor.post(() -> {
                        manager.directory.remove(id);
                        manager.scheduler
                                .workers()
                                .forEach(
                                        worker -> manager.dispatcher.send(worker.id, new ToWorker.Forget(List.of(id))));
                        gone.complete(true);
                    }),
                    gone::completeExceptionally);
            Reactor.await(gone);
            var files = manager.files();
            if (files != null) {
                files.forget(id);
            }
        }
    }

    /** Some tasks of a job as the reactor sees them, before the store adds what it knows. */
    private record Slice(
            JobSpec spec, List<Row> rows, @Nullable String next) {}

    /** @param unreachable what kept it from running, in words; empty for nothing */
    private record Row(
            int position, TaskState state, @Nullable AttemptView current, String unreachable) {}

    @Override
    public Page<TaskView> tasks(TaskQuery query) {
        var from = query.cursor() == null ? 0 : (int) Math.min(Integer.MAX_VALUE, cursor(query.cursor()));
        var slice = onRun(query.job(), run -> slice(run, query, from));
        return new Page<>(views(query.job(), slice, false), slice.next);
    }

    private static Slice slice(JobRun run, TaskQuery query, int from) {
        var rows = new ArrayList<Row>();
        for (var position = from; position < run.size(); position++) {
            if (query.states().isEmpty() || query.states().contains(run.state(position))) {
                if (rows.size() == query.limit()) {
                    return new Slice(run.spec, rows, Integer.toString(position));
                }
                rows.add(row(run, position));
            }
        }
        return new Slice(run.spec, rows, null);
    }

    private static Row row(JobRun run, int position) {
        var execution = run.executing(position);
        var current = execution == null
                ? null
                : new AttemptView(
                        execution.number,
                        execution.worker,
                        null,
                        null,
                        null,
                        "",
                        "",
                        execution.assignedAt,
                        execution.startedAt,
                        null,
                        Usage.NONE);
        var state = run.state(position);
        var withoutRun = state == TaskState.CANCELED || state == TaskState.IGNORED;
        return new Row(position, state, current, withoutRun ? run.unreachable(position) : "");
    }

    /** On the reactor's thread for an open job; on the caller's, from the store, for one that has ended. */
    private <T> T onRun(JobId id, Function<JobRun, T> function) {
        var found = manager.reactor.ask(() -> {
            var run = manager.directory.get(id).run();
            return Found.of(run == null ? null : function.apply(run));
        });
        if (found.value() != null) {
            return found.value();
        }
        var stored = stored(id);
        var states = stored.endStates();
        if (states == null) {
            // it was opened again in between
            return onRun(id, function);
        }
        return function.apply(Recovery.endedRun(stored, states));
    }

    private List<TaskView> views(JobId id, Slice slice, boolean everyAttempt) {
        var work = slice.spec.work();
        var indices =
                slice.rows.stream().map(row -> JobRun.index(work, row.position)).toList();
        var attempts = new HashMap<Integer, List<AttemptView>>();
        var cached = new HashSet<Integer>();
        for (var attempt : manager.store.attempts(id, indices)) {
            attempts.computeIfAbsent(attempt.id().task().index(), i -> new ArrayList<>())
                    .add(attempt.view());
            if (attempt.standing() == EndedAttempt.Standing.CACHED) {
                cached.add(attempt.id().task().index());
            }
        }
        var views = new ArrayList<TaskView>(slice.rows.size());
        for (var row : slice.rows) {
            views.add(view(id, work, row, attempts, cached, everyAttempt));
        }
        return views;
    }

    private static TaskView view(
            JobId id,
            Work work,
            Row row,
            Map<Integer, List<AttemptView>> attempts,
            Set<Integer> cached,
            boolean everyAttempt) {
        var index = JobRun.index(work, row.position);
        var all = new ArrayList<>(attempts.getOrDefault(index, List.of()));
        var current = row.current;
        if (current != null && all.stream().noneMatch(a -> a.number() == current.number())) {
            all.add(current);
        }
        var shown = everyAttempt || all.isEmpty() ? all : List.of(all.get(all.size() - 1));
        var spec = JobRun.task(work, row.position);
        var fromCache = cached.contains(index) && row.state == TaskState.SUCCEEDED;
        var message = all.isEmpty() || (row.state == TaskState.SUCCEEDED && !fromCache)
                ? ""
                : all.get(all.size() - 1).message();
        if (all.isEmpty() && !row.unreachable.isEmpty()) {
            message = "was not run: " + row.unreachable;
        } else if (message.isEmpty() && row.state == TaskState.CANCELED) {
            message = "canceled before it started";
        }
        return new TaskView(
                new TaskId(id, index),
                spec.name(),
                spec.executor(),
                JobRun.item(work, row.position),
                row.state,
                shown,
                message,
                fromCache);
    }

    @Override
    public TaskView task(TaskId id) {
        var slice = onRun(id.job(), run -> new Slice(run.spec, List.of(row(run, position(run, id.index()))), null));
        return views(id.job(), slice, true).get(0);
    }

    private static int position(JobRun run, int index) {
        var position = JobRun.position(run.spec.work(), index);
        if (position < 0) {
            throw MusterException.notFound(
                    "job " + run.id + " has no task " + index + "; 'task list " + run.id + "' shows its tasks");
        }
        return position;
    }

    @Override
    public TaskId find(JobId job, String nameOrIndex) {
        return onRun(job, run -> {
            if (!nameOrIndex.isEmpty() && nameOrIndex.chars().allMatch(c -> c >= '0' && c <= '9')) {
                var id = TaskId.parse(job + "." + nameOrIndex);
                position(run, id.index());
                return id;
            }
            for (var position = 0; position < run.size(); position++) {
                if (run.task(position).name().equals(nameOrIndex)) {
                    return run.taskId(position);
                }
                if (!(run.spec.work() instanceof Work.Graph)) {
                    break;
                }
            }
            throw MusterException.notFound("job " + job + " has no task '" + Names.escape(nameOrIndex)
                    + "'; 'task list " + job + "' shows its tasks");
        });
    }

    @Override
    public CompletionStage<LogChunk> log(TaskId id, LogStream stream, long offset, int limit) {
        if (offset < 0 || limit < 1) {
            throw MusterException.invalid("offset " + offset + " and limit " + limit
                    + " are not a range of bytes; offset must be 0 or more, limit 1 or more");
        }
        var row = onRun(id.job(), run -> row(run, position(run, id.index())));
        var attempts = manager.store.attempts(id.job(), List.of(id.index()));
        var last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        var current = row.current;
        if (current != null && (last == null || last.id().number() < current.number())) {
            if (row.state != TaskState.RUNNING) {
                return CompletableFuture.completedFuture(new LogChunk(offset, new byte[0], false));
            }
            return manager.logs
                    .read(current.worker(), new AttemptId(id, current.number()), stream, offset, limit)
                    .thenApply(chunk -> new LogChunk(chunk.offset(), chunk.bytes(), false))
                    .exceptionallyCompose(error -> endedMeanwhile(id, stream, offset, limit, current.number(), error));
        }
        if (last == null) {
            return CompletableFuture.completedFuture(new LogChunk(offset, new byte[0], row.state.terminal()));
        }
        return ofEnded(last, stream, offset, limit, row.state.terminal());
    }

    /** A worker has no log of an attempt that ended while it was asked: then the store has it. */
    private CompletionStage<LogChunk> endedMeanwhile(
            TaskId id, LogStream stream, long offset, int limit, int number, Throwable error) {
        return manager.store.attempts(id.job(), List.of(id.index())).stream()
                .filter(attempt -> attempt.id().number() == number)
                .findFirst()
                .map(attempt -> ofEnded(attempt, stream, offset, limit, false))
                .orElseGet(() -> CompletableFuture.failedFuture(error));
    }

    private CompletionStage<LogChunk> ofEnded(
            EndedAttempt attempt, LogStream stream, long offset, int limit, boolean terminal) {
        var total = stream == LogStream.STDOUT ? attempt.stdoutBytes() : attempt.stderrBytes();
        var kept = manager.store.log(attempt.id(), stream).orElse(new byte[0]);
        if (offset < kept.length) {
            var until = (int) Math.min(kept.length, offset + limit);
            return CompletableFuture.completedFuture(
                    new LogChunk(offset, Arrays.copyOfRange(kept, (int) offset, until), terminal && until >= total));
        }
        if (offset >= total) {
            return CompletableFuture.completedFuture(new LogChunk(offset, new byte[0], terminal));
        }
        return manager.logs
                .read(attempt.worker(), attempt.id(), stream, offset, limit)
                .thenApply(
                        chunk -> new LogChunk(chunk.offset(), chunk.bytes(), terminal && chunk.nextOffset() >= total));
    }

    @Override
    public Explanation explain(TaskId id) {
        var open = manager.reactor.ask(() -> {
            var run = manager.directory.get(id.job()).run();
            return Found.of(
                    run == null ? null : manager.scheduler.explain(run, position(run, id.index()), manager.now()));
        });
        var cache = manager.cache();
        var reason = cache == null ? "" : cache.reason(id);
        var notTaken = reason.isEmpty() ? "" : "; not taken from the cache, since " + reason;
        var explanation = open.value();
        if (explanation != null && !explanation.state().terminal()) {
            return new Explanation(
                    id,
                    explanation.state(),
                    explanation.summary() + notTaken,
                    explanation.waitsFor(),
                    explanation.workers(),
                    explanation.ahead());
        }
        var view = task(id);
        var attempts = view.attempts();
        var where = attempts.isEmpty()
                ? ""
                : " on worker '" + attempts.get(attempts.size() - 1).worker() + "'";
        return new Explanation(
                id,
                view.state(),
                ended(view.state()) + where + (view.message().isEmpty() ? "" : ": " + view.message()) + notTaken,
                List.of(),
                Map.of(),
                null);
    }

    private static String ended(TaskState state) {
        return switch (state) {
            case CANCELED -> "has been canceled";
            case IGNORED -> "may fail, and did not succeed";
            default -> "has " + Names.word(state);
        };
    }

    @Override
    public List<Event> events(long after, @Nullable JobId job, int limit) {
        return manager.events.after(after, job, limit);
    }

    @Override
    public long newestEvent() {
        return manager.events.newest();
    }

    @Override
    public CompletionStage<Void> eventAfter(long after) {
        return manager.events.eventAfter(after);
    }
}
