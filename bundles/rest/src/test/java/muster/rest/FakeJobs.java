package muster.rest;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import muster.api.AttemptView;
import muster.api.CategoryView;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.Explanation;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Page;
import muster.api.ResultTable;
import muster.api.TaskId;
import muster.api.TaskQuery;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.api.Usage;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/** Jobs in memory, which end when a test says so. */
final class FakeJobs implements JobService {
    static final Instant NOW = Instant.parse("2026-11-20T08:00:00.123Z");

    private final TreeMap<JobId, JobSpec> specs = new TreeMap<>(Comparator.reverseOrder());
    private final Map<JobId, JobView> views = new HashMap<>();
    private final Map<String, JobId> keys = new HashMap<>();
    private final Map<JobId, CompletableFuture<JobView>> ends = new HashMap<>();
    private final List<Event> events = new ArrayList<>();
    private final Map<String, byte[]> logs = new HashMap<>();
    private CompletableFuture<Void> nextEvent = new CompletableFuture<>();
    private long last;
    final AtomicInteger listeners = new AtomicInteger();
    boolean brokenLogs;

    /** What jobs become when their tasks are asked for, as those that a script drives. */
    final Map<JobId, JobSpec> growing = new ConcurrentHashMap<>();

    volatile long furthestRead;

    @Override
    public JobId resume(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        return submit(spec, owner, idempotencyKey);
    }

    @Override
    public synchronized JobId submit(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        if (spec.name().equals("defect")) {
            throw new IllegalStateException("a defect");
        }
        if (spec.name().equals("impossible")) {
            throw new MusterException(ErrorCode.IMPOSSIBLE, "no worker has 64 cores; the largest, w2, has 8");
        }
        if (spec.name().equals("greedy")) {
            throw new MusterException(ErrorCode.TOO_MANY, "'ursula' has 2 open jobs, of 2 allowed");
        }
        if (idempotencyKey != null && keys.containsKey(idempotencyKey)) {
            var id = keys.get(idempotencyKey);
            if (!spec.equals(specs.get(id))) {
                throw MusterException.conflict("key '" + idempotencyKey + "' stands for job " + id);
            }
            return id;
        }
        var id = new JobId(++last);
        specs.put(id, spec);
        put(id, spec, owner, JobState.WAITING);
        ends.put(id, new CompletableFuture<>());
        if (idempotencyKey != null) {
            keys.put(idempotencyKey, id);
        }
        tell("job.submitted", id);
        return id;
    }

    private void put(JobId id, JobSpec spec, String owner, JobState state) {
        var kind =
                spec.work() instanceof Work.Single ? "single" : spec.work() instanceof Work.Array ? "array" : "graph";
        views.put(
                id,
                new JobView(
                        id,
                        spec.name(),
                        owner,
                        spec.tags(),
                        spec.priority(),
                        kind,
                        state,
                        spec.work().size(),
                        Map.of(taskState(state), spec.work().size()),
                        NOW,
                        state == JobState.WAITING ? null : NOW,
                        state.terminal() ? NOW : null,
                        ""));
    }

    private static TaskState taskState(JobState state) {
        return state == JobState.WAITING ? TaskState.READY : TaskState.valueOf(state.name());
    }

    /** Lets a job end. */
    void end(JobId id, JobState state) {
        CompletableFuture<JobView> end;
        JobView view;
        synchronized (this) {
            put(id, spec(id), job(id).owner(), state);
            tell("job." + state.name().toLowerCase(java.util.Locale.ROOT), id);
            end = ends.get(id);
            view = job(id);
        }
        end.complete(view);
    }

    /** Lets something happen. */
    void tell(String type, @Nullable JobId job) {
        CompletableFuture<Void> waiters;
        synchronized (this) {
            events.add(new Event(events.size() + 1L, NOW, type, job, null, null, "w1", ""));
            waiters = nextEvent;
            nextEvent = new CompletableFuture<>();
        }
        waiters.complete(null);
    }

    /** Lets a task write. */
    synchronized void write(TaskId task, LogStream stream, byte[] bytes) {
        var before = logs.getOrDefault(task + "/" + stream, new byte[0]);
        var after = Arrays.copyOf(before, before.length + bytes.length);
        System.arraycopy(bytes, 0, after, before.length, bytes.length);
        logs.put(task + "/" + stream, after);
    }

    void write(TaskId task, LogStream stream, String text) {
        write(task, stream, text.getBytes(StandardCharsets.UTF_8));
    }

    private static long cursor(String cursor) {
        try {
            return Long.parseLong(cursor);
        } catch (NumberFormatException e) {
            throw new MusterException(ErrorCode.INVALID, "cursor '" + cursor + "' is not one", e);
        }
    }

    @Override
    public synchronized Page<JobView> jobs(JobQuery query) {
        var after = query.cursor() == null ? Long.MAX_VALUE : cursor(query.cursor());
        var found = specs.keySet().stream()
                .filter(id -> id.value() < after)
                .map(views::get)
                .filter(view -> query.states().isEmpty() || query.states().contains(view.state()))
                .filter(view -> query.tag() == null || view.tags().contains(query.tag()))
                .filter(view -> query.owner() == null || view.owner().equals(query.owner()))
                .filter(view -> query.name() == null || view.name().contains(query.name()))
                .toList();
        return found.size() <= query.limit()
                ? new Page<>(found, null)
                : new Page<>(
                        found.subList(0, query.limit()),
                        found.get(query.limit() - 1).id().toString());
    }

    @Override
    public synchronized JobView job(JobId id) {
        var view = views.get(id);
        if (view == null) {
            throw MusterException.notFound("there is no job " + id);
        }
        return view;
    }

    @Override
    public synchronized JobSpec spec(JobId id) {
        job(id);
        return specs.get(id);
    }

    @Override
    public ResultTable results(JobId id, String sql, int limit) {
        job(id);
        if (!sql.startsWith("select")) {
            throw MusterException.invalid("this is no query");
        }
        return new ResultTable(
                List.of("SYSTEMID", "VALUE"),
                List.of(Arrays.asList("a,\"b\"", 1L), Arrays.asList(sql, null)),
                limit < 3);
    }

    @Override
    public List<CategoryView> categories(JobId id) {
        var job = job(id);
        return List.of(new CategoryView("tasks", job.size(), job.tasks()));
    }

    @Override
    public synchronized CompletionStage<JobView> ended(JobId id) {
        listeners.incrementAndGet();
        return ends.get(id);
    }

    @Override
    public void cancel(JobId id, String by) {
        if (!job(id).state().terminal()) {
            end(id, JobState.CANCELED);
        }
    }

    @Override
    public synchronized int retry(JobId id, boolean failedOnly, String by) {
        if (!job(id).state().terminal()) {
            throw MusterException.conflict("job " + id + " has not ended; wait or cancel it");
        }
        if (failedOnly && job(id).state() != JobState.FAILED) {
            return 0;
        }
        put(id, spec(id), job(id).owner(), JobState.WAITING);
        ends.put(id, new CompletableFuture<>());
        return spec(id).work().size();
    }

    @Override
    public synchronized void delete(JobId id, String by) {
        if (!job(id).state().terminal()) {
            throw MusterException.conflict("job " + id + " has not ended; wait or cancel it");
        }
        specs.remove(id);
        views.remove(id);
    }

    @Override
    public synchronized Page<TaskView> tasks(TaskQuery query) {
        var grown = growing.remove(query.job());
        if (grown != null) {
            specs.put(query.job(), grown);
            put(query.job(), grown, job(query.job()).owner(), job(query.job()).state());
        }
        var state = taskState(job(query.job()).state());
        var tasks = new ArrayList<TaskView>();
        for (var i = 0; i < job(query.job()).size(); i++) {
            if (query.states().isEmpty() || query.states().contains(state)) {
                tasks.add(task(new TaskId(query.job(), i)));
            }
        }
        return new Page<>(tasks, null);
    }

    @Override
    public synchronized TaskView task(TaskId id) {
        var state = taskState(job(id.job()).state());
        if (id.index() >= job(id.job()).size()) {
            throw MusterException.notFound("job " + id.job() + " has no task " + id.index());
        }
        var attempt = new AttemptView(
                1,
                "w1",
                state.terminal() ? Cause.EXIT_CODE : null,
                state.terminal() ? 3 : null,
                null,
                "",
                "",
                NOW,
                NOW,
                state.terminal() ? NOW : null,
                new Usage(Duration.ofMillis(1200), Duration.ofMillis(300), 123));
        return new TaskView(id, "", "native", null, state, List.of(attempt), "", false);
    }

    @Override
    public synchronized TaskId find(JobId job, String nameOrIndex) {
        if (spec(job).work() instanceof Work.Graph graph) {
            for (var i = 0; i < graph.size(); i++) {
                if (graph.tasks().get(i).name().equals(nameOrIndex)) {
                    return new TaskId(job, i);
                }
            }
        }
        throw MusterException.notFound("job " + job + " has no task '" + nameOrIndex + "'");
    }

    @Override
    public CompletionStage<LogChunk> log(TaskId id, LogStream stream, long offset, int limit) {
        task(id);
        synchronized (this) {
            if (brokenLogs) {
                return CompletableFuture.failedFuture(
                        new MusterException(ErrorCode.UNAVAILABLE, "worker 'w1' does not answer"));
            }
            var all = logs.getOrDefault(id + "/" + stream, new byte[0]);
            var from = (int) Math.min(offset, all.length);
            var to = Math.min(all.length, from + limit);
            furthestRead = Math.max(furthestRead, to);
            return CompletableFuture.completedFuture(new LogChunk(
                    from,
                    Arrays.copyOfRange(all, from, to),
                    to == all.length && job(id.job()).state().terminal()));
        }
    }

    @Override
    public Explanation explain(TaskId id) {
        task(id);
        return new Explanation(
                id, TaskState.READY, "waits for a free slot", List.of(), Map.of("w1", "has 0 of 4 cores free"), 12);
    }

    @Override
    public synchronized List<Event> events(long after, @Nullable JobId job, int limit) {
        return events.stream()
                .filter(event -> event.id() > after && (job == null || job.equals(event.job())))
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized long newestEvent() {
        return events.size();
    }

    @Override
    public synchronized CompletionStage<Void> eventAfter(long after) {
        return events.size() > after ? CompletableFuture.completedFuture(null) : nextEvent;
    }
}
