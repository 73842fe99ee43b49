package muster.shell;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import muster.api.CategoryView;
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
import org.jspecify.annotations.Nullable;

/** Jobs in memory that nobody runs; their tasks are in the states that a test gives them. */
final class FakeJobs implements JobService {
    static final Instant SUBMITTED = Instant.parse("2026-01-02T03:04:05Z");

    final List<JobSpec> submitted = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    private final Map<JobId, List<TaskView>> tasks = new LinkedHashMap<>();
    private final Map<JobId, String> names = new HashMap<>();
    private final Map<JobId, CompletableFuture<JobView>> ends = new HashMap<>();
    private byte[] log = {};

    /** Adds a job that has one task in each of these states. */
    JobId add(String name, TaskState... states) {
        var id = new JobId(tasks.size() + 1);
        var list = new ArrayList<TaskView>();
        for (var state : states) {
            var message = state == TaskState.FAILED ? "exit code 3" : "";
            list.add(new TaskView(
                    new TaskId(id, list.size()), "t" + list.size(), "native", null, state, List.of(), message, false));
        }
        tasks.put(id, list);
        names.put(id, name);
        ends.put(id, new CompletableFuture<>());
        if (job(id).state().terminal()) {
            end(id).complete(job(id));
        }
        return id;
    }

    /** What every task has written. */
    void log(byte[] written) {
        log = written.clone();
    }

    private CompletableFuture<JobView> end(JobId id) {
        var end = ends.get(id);
        if (end == null) {
            throw MusterException.notFound("job " + id + " does not exist");
        }
        return end;
    }

    @Override
    public JobId resume(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        return submit(spec, owner, idempotencyKey);
    }

    @Override
    public JobId submit(JobSpec spec, String owner, @Nullable String idempotencyKey) {
        submitted.add(spec);
        calls.add("submit by " + owner);
        return add(spec.name(), TaskState.SUCCEEDED);
    }

    @Override
    public Page<JobView> jobs(JobQuery query) {
        var views = new ArrayList<JobView>();
        for (var id : tasks.keySet()) {
            var view = job(id);
            if (query.states().isEmpty() || query.states().contains(view.state())) {
                views.add(0, view);
            }
        }
        var more = views.size() > query.limit();
        return new Page<>(more ? views.subList(0, query.limit()) : views, more ? "next" : null);
    }

    @Override
    public JobView job(JobId id) {
        end(id);
        var states = tasks.get(id).stream().map(TaskView::state).toList();
        var state = states.contains(TaskState.RUNNING)
                ? JobState.RUNNING
                : states.contains(TaskState.FAILED) ? JobState.FAILED : JobState.SUCCEEDED;
        return new JobView(
                id,
                names.get(id),
                "ann",
                List.of("demo"),
                0,
                "array",
                state,
                states.size(),
                states.stream().collect(Collectors.toMap(s -> s, s -> 1, Integer::sum)),
                SUBMITTED,
                SUBMITTED,
                state.terminal() ? SUBMITTED.plusMillis(61_500) : null,
                "");
    }

    @Override
    public JobSpec spec(JobId id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ResultTable results(JobId id, String sql, int limit) {
        job(id);
        return new ResultTable(
                List.of("SYSTEMID", "VALUE"), List.of(Arrays.asList("a", 1L), Arrays.asList(sql, null)), limit < 3);
    }

    @Override
    public List<CategoryView> categories(JobId id) {
        var job = job(id);
        return List.of(new CategoryView("tasks", job.size(), job.tasks()));
    }

    @Override
    public CompletionStage<JobView> ended(JobId id) {
        return end(id);
    }

    @Override
    public void cancel(JobId id, String by) {
        end(id);
        calls.add("cancel " + id + " by " + by);
    }

    @Override
    public int retry(JobId id, boolean failedOnly, String by) {
        end(id);
        calls.add("retry " + id + (failedOnly ? " failed" : "") + " by " + by);
        return 2;
    }

    @Override
    public void delete(JobId id, String by) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Page<TaskView> tasks(TaskQuery query) {
        end(query.job());
        var found = tasks.get(query.job()).stream()
                .filter(task -> query.states().isEmpty() || query.states().contains(task.state()))
                .limit(query.limit())
                .toList();
        return new Page<>(found, null);
    }

    @Override
    public TaskView task(TaskId id) {
        return tasks.get(id.job()).get(id.index());
    }

    @Override
    public TaskId find(JobId job, String nameOrIndex) {
        end(job);
        return tasks.get(job).stream()
                .filter(task -> task.name().equals(nameOrIndex)
                        || nameOrIndex.equals("" + task.id().index()))
                .findFirst()
                .orElseThrow(() -> MusterException.notFound("job " + job + " has no task '" + nameOrIndex + "'"))
                .id();
    }

    @Override
    public CompletionStage<LogChunk> log(TaskId id, LogStream stream, long offset, int limit) {
        calls.add("log " + id + " " + stream + " " + offset);
        var end = (int) Math.min(log.length, offset + Math.min(limit, 4));
        var bytes = Arrays.copyOfRange(log, (int) offset, end);
        return CompletableFuture.completedFuture(new LogChunk(offset, bytes, end == log.length));
    }

    @Override
    public Explanation explain(TaskId id) {
        return new Explanation(
                id,
                TaskState.READY,
                "no worker has 64 cores",
                List.of("task 1.0 to end"),
                Map.of("w1", "has 8 cores"),
                3);
    }

    @Override
    public List<Event> events(long after, @Nullable JobId job, int limit) {
        return List.of();
    }

    @Override
    public long newestEvent() {
        return 0;
    }

    @Override
    public CompletionStage<Void> eventAfter(long after) {
        return new CompletableFuture<>();
    }
}
