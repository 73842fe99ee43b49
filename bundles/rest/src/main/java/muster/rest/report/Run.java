package muster.rest.report;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.AttemptView;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.TaskQuery;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/**
 * A job as it went, or goes.
 *
 * @param tasks in order
 * @param needs positions of the tasks that each one needs, by position; empty for a job without needs
 * @param categories positions of the tasks of each category, in the order of their first ones
 */
public record Run(JobView job, List<Task> tasks, int[][] needs, Map<String, List<Integer>> categories) {
    private static final int PAGE = 1000;
    private static final int MOST_TASKS = 100_000;

    /**
     * A task with its last attempt.
     *
     * @param attempt null if it never was on a worker
     */
    public record Task(
            TaskView view, TaskSpec spec, @Nullable AttemptView attempt) {
        /** Its name; that of an array is its item or index. */
        String name() {
            if (!view.name().isEmpty()) {
                return view.name();
            }
            var item = view.item();
            return item != null ? item : view.id().toString();
        }

        TaskState state() {
            return view.state();
        }

        /** When it began to run; null if it has not, or nobody knows. */
        @Nullable
        Instant start() {
            return attempt == null ? null : attempt.startedAt();
        }

        /** How long it ran; zero while it runs. */
        Duration wall() {
            return attempt == null ? Duration.ZERO : attempt.usage().wall();
        }
    }

    /** Reads a job; in a large one, a page of tasks at a time. */
    public static Run of(JobService jobs, JobId id) {
        var job = jobs.job(id);
        if (job.size() > MOST_TASKS) {
            throw MusterException.invalid("job " + id + " has " + job.size() + " tasks, and a report is of at most "
                    + MOST_TASKS + "; list its tasks page by page");
        }
        var views = new ArrayList<TaskView>();
        @Nullable String cursor = null;
        do {
            var page = jobs.tasks(new TaskQuery(id, Set.of(), cursor, PAGE));
            views.addAll(page.items());
            cursor = page.next();
        } while (cursor != null);
        // after its tasks: a script may ask for more at any time
        var work = jobs.spec(id).work();
        var tasks = new ArrayList<Task>();
        var categories = new LinkedHashMap<String, List<Integer>>();
        for (var view : views) {
            var spec = spec(work, tasks.size());
            var attempts = view.attempts();
            categories
                    .computeIfAbsent(spec.categoryName(), name -> new ArrayList<>())
                    .add(tasks.size());
            tasks.add(new Task(view, spec, attempts.isEmpty() ? null : attempts.get(attempts.size() - 1)));
        }
        return new Run(job, tasks, needs(work, tasks.size()), categories);
    }

    private static TaskSpec spec(Work work, int position) {
        if (work instanceof Work.Graph graph) {
            return graph.tasks().get(position);
        }
        return work instanceof Work.Array array ? array.task() : ((Work.Single) work).task();
    }

    /** @param tasks how many are told of: none of them needs a later one */
    private static int[][] needs(Work work, int tasks) {
        if (!(work instanceof Work.Graph graph)) {
            return new int[0][];
        }
        var positions = new HashMap<String, Integer>();
        for (var i = 0; i < graph.tasks().size(); i++) {
            positions.put(graph.tasks().get(i).name(), i);
        }
        return graph.tasks().stream()
                .limit(tasks)
                .map(task -> task.needs().stream()
                        .mapToInt(need -> positions.getOrDefault(need, 0))
                        .toArray())
                .toArray(int[][]::new);
    }

    /** The first moment that it tells of. */
    Instant begin() {
        var started = job.startedAt();
        return started == null ? job.submittedAt() : started;
    }

    /** The last moment that it tells of. */
    Instant end() {
        var finished = job.finishedAt();
        if (finished != null) {
            return finished;
        }
        var last = begin();
        for (var task : tasks) {
            if (task.attempt() != null) {
                for (var time : new Instant[] {
                    task.attempt().startedAt(), task.attempt().finishedAt()
                }) {
                    last = time != null && time.isAfter(last) ? time : last;
                }
            }
        }
        return last;
    }
}
