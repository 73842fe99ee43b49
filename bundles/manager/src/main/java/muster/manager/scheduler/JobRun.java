package muster.manager.scheduler;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/**
 * A job that has not ended, as the scheduler keeps it: a byte for each task, and more only for those that are on a
 * worker or were tried before. Tasks are addressed by position. Not thread-safe.
 */
public final class JobRun {
    private static final TaskState[] STATES = TaskState.values();

    public final JobId id;
    public final String owner;
    public final JobSpec spec;
    public final Instant submittedAt;
    public @Nullable Instant startedAt;
    public @Nullable Instant finishedAt;

    /** Why it is in its state, where that needs saying. */
    public String message = "";

    final List<ReadyGroup> groups = new ArrayList<>();
    final Map<Integer, Execution> executing = new HashMap<>();

    /** Jobs that must end first. */
    final Set<JobId> waitsFor = new HashSet<>();

    /** No further task starts, and what runs is stopped. */
    boolean canceling;

    private final byte[] states;
    private final int[] counts = new int[STATES.length];
    private final Map<Integer, Tries> tries = new HashMap<>();
    private final int[] groupOf;
    private final int[] openNeeds;
    private final int[][] dependants;

    /** What became of earlier attempts of a task that has to run again. */
    private static final class Tries {
        int number;
        int failures;
        int crashes;
    }

    public JobRun(JobId id, String owner, JobSpec spec, Instant submittedAt) {
        this.id = id;
        this.owner = owner;
        this.spec = spec;
        this.submittedAt = submittedAt;
        states = new byte[spec.work().size()];
        counts[TaskState.WAITING.ordinal()] = states.length;
        if (spec.work() instanceof Work.Graph graph) {
            groupOf = new int[states.length];
            openNeeds = new int[states.length];
            dependants = link(graph.tasks());
        } else {
            groupOf = new int[0];
            openNeeds = new int[0];
            dependants = new int[0][];
            groups.add(new ReadyGroup(Demand.of(task(0))));
        }
    }

    private int[][] link(List<TaskSpec> tasks) {
        var positions = new HashMap<String, Integer>();
        var groupsByDemand = new LinkedHashMap<Demand, Integer>();
        for (var i = 0; i < tasks.size(); i++) {
            positions.put(tasks.get(i).name(), i);
            var demand = Demand.of(tasks.get(i));
            groupOf[i] = groupsByDemand.computeIfAbsent(demand, d -> {
                groups.add(new ReadyGroup(d));
                return groups.size() - 1;
            });
        }
        var lists = new int[tasks.size()][];
        var sizes = new int[tasks.size()];
        Arrays.fill(lists, new int[0]);
        for (var i = 0; i < tasks.size(); i++) {
            for (var need : tasks.get(i).needs()) {
                var from = positions.getOrDefault(need, -1);
                openNeeds[i]++;
                if (sizes[from] == lists[from].length) {
                    lists[from] = Arrays.copyOf(lists[from], Math.max(4, 2 * sizes[from]));
                }
                lists[from][sizes[from]++] = i;
            }
        }
        for (var i = 0; i < lists.length; i++) {
            lists[i] = Arrays.copyOf(lists[i], sizes[i]);
        }
        return lists;
    }

    public int size() {
        return states.length;
    }

    public TaskSpec task(int position) {
        return task(spec.work(), position);
    }

    /** The specification of the task at a position. */
    public static TaskSpec task(Work work, int position) {
        if (work instanceof Work.Graph graph) {
            return graph.tasks().get(position);
        }
        return work instanceof Work.Array array ? array.task() : ((Work.Single) work).task();
    }

    /** The index that users see for a position. */
    public static int index(Work work, int position) {
        return work instanceof Work.Array array ? array.indices().indexAt(position) : position;
    }

    /** The position of an index, or -1 when the job has no such task. */
    public static int position(Work work, int index) {
        if (work instanceof Work.Array array) {
            return array.indices().positionOf(index);
        }
        return index < work.size() ? index : -1;
    }

    /** The item of a task of an array over items. */
    public static @Nullable String item(Work work, int position) {
        return work instanceof Work.Array array && array.items() != null
                ? array.items().get(position)
                : null;
    }

    public TaskId taskId(int position) {
        return new TaskId(id, index(spec.work(), position));
    }

    public TaskState state(int position) {
        return STATES[states[position]];
    }

    public int count(TaskState state) {
        return counts[state.ordinal()];
    }

    /** A copy of the states of all tasks: ordinals of {@link TaskState} by position. */
    public byte[] states() {
        return states.clone();
    }

    public @Nullable Execution executing(int position) {
        return executing.get(position);
    }

    ReadyGroup group(int position) {
        return groups.get(groupOf.length == 0 ? 0 : groupOf[position]);
    }

    int throttle() {
        return spec.work() instanceof Work.Array array && array.throttle() > 0 ? array.throttle() : Integer.MAX_VALUE;
    }

    int[] dependants(int position) {
        return dependants.length == 0 ? new int[0] : dependants[position];
    }

    int openNeeds(int position) {
        return openNeeds.length == 0 ? 0 : openNeeds[position];
    }

    /** One need of the task succeeded; whether it was the last. */
    boolean needMet(int position) {
        return --openNeeds[position] == 0;
    }

    boolean hasReady() {
        for (var group : groups) {
            if (!group.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /**
     * The one way from state to state.
     *
     * <pre>
     * WAITING  → READY, CANCELED
     * READY    → ASSIGNED, CANCELED
     * ASSIGNED → RUNNING, READY, SUCCEEDED, FAILED, CANCELED
     * RUNNING  → READY, SUCCEEDED, FAILED, CANCELED
     * </pre>
     *
     * @throws IllegalStateException on any other
     */
    void move(int position, TaskState to) {
        var from = state(position);
        if (!allowed(from, to)) {
            throw new IllegalStateException("task " + taskId(position) + " cannot go from " + from + " to " + to);
        }
        states[position] = (byte) to.ordinal();
        counts[from.ordinal()]--;
        counts[to.ordinal()]++;
    }

    private static boolean allowed(TaskState from, TaskState to) {
        return switch (from) {
            case WAITING -> to == TaskState.READY || to == TaskState.CANCELED;
            case READY -> to == TaskState.ASSIGNED || to == TaskState.CANCELED;
            case ASSIGNED -> to == TaskState.RUNNING || to == TaskState.READY || to.terminal();
            case RUNNING -> to == TaskState.READY || to.terminal();
            case SUCCEEDED, FAILED, CANCELED -> false;
        };
    }

    /** Makes every waiting task ready at once, for jobs without needs. */
    void readyAll() {
        groups.get(0).addRange(0, states.length);
        Arrays.fill(states, (byte) TaskState.READY.ordinal());
        counts[TaskState.READY.ordinal()] = states.length;
        counts[TaskState.WAITING.ordinal()] = 0;
    }

    /** Takes over the states of a job that has ended; see {@link #states}. */
    public void restoreStates(byte[] ended) {
        System.arraycopy(ended, 0, states, 0, states.length);
        Arrays.fill(counts, 0);
        for (var state : states) {
            counts[state]++;
        }
    }

    /** The number of the next attempt of a task. */
    int nextNumber(int position) {
        var before = tries.get(position);
        return before == null ? 1 : before.number + 1;
    }

    int failures(int position) {
        var before = tries.get(position);
        return before == null ? 0 : before.failures;
    }

    int crashes(int position) {
        var before = tries.get(position);
        return before == null ? 0 : before.crashes;
    }

    /** Takes note of an attempt after which the task may run again. */
    void tried(int position, int number, boolean failure, boolean crash) {
        var before = tries.computeIfAbsent(position, p -> new Tries());
        before.number = Math.max(before.number, number);
        before.failures += failure ? 1 : 0;
        before.crashes += crash ? 1 : 0;
    }

    boolean ended() {
        return count(TaskState.SUCCEEDED) + count(TaskState.FAILED) + count(TaskState.CANCELED) == size();
    }

    public JobState state() {
        if (ended()) {
            if (count(TaskState.FAILED) > 0) {
                return JobState.FAILED;
            }
            return count(TaskState.CANCELED) > 0 ? JobState.CANCELED : JobState.SUCCEEDED;
        }
        return startedAt == null ? JobState.WAITING : JobState.RUNNING;
    }

    public JobView view() {
        var tasks = new EnumMap<TaskState, Integer>(TaskState.class);
        for (var state : STATES) {
            tasks.put(state, count(state));
        }
        return new JobView(
                id,
                spec.name(),
                owner,
                spec.tags(),
                spec.priority(),
                kind(spec.work()),
                state(),
                size(),
                tasks,
                submittedAt,
                startedAt,
                finishedAt,
                message);
    }

    private static String kind(Work work) {
        if (work instanceof Work.Graph) {
            return "graph";
        }
        return work instanceof Work.Array ? "array" : "single";
    }
}
