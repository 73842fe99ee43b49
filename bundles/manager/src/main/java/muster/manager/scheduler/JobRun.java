package muster.manager.scheduler;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.SessionSpec;
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
    /** With the tasks that are known by now. */
    public JobSpec spec;

    public final Instant submittedAt;
    public @Nullable Instant startedAt;
    public @Nullable Instant finishedAt;

    /** What its tasks get, with the values, as long as tasks may start. */
    public List<Secret> secrets = List.of();

    /** Why it is in its state, where that needs saying. */
    public String message = "";

    final List<ReadyGroup> groups = new ArrayList<>();

    /** Jobs that must end first. */
    final Set<JobId> waitsFor = new HashSet<>();

    /** Why some of its tasks can never run as things stand; empty if all can. */
    String stuck = "";

    /** No further task starts, and what runs is stopped. */
    boolean canceling;

    /** A driver may ask for further tasks: it does not end before that has. */
    private boolean driven;

    /** Whether it ends as failed, or canceled, whatever its tasks did. */
    private boolean failed;

    private boolean cut;

    private int size;
    private byte[] states;
    private final int[] counts = new int[STATES.length];
    private JobState state = JobState.WAITING;

    /** By position; null until the first task is sent. */
    private @Nullable Execution @Nullable [] executing;

    private int executingCount;

    /**
     * What became of earlier attempts, by position: number of the last (32 bits), failures (16), crashes (16). Null until
     * a task has to run again.
     */
    private long @Nullable [] tries;

    /** What tasks left on one worker alone, by position; null until one did. */
    private @Nullable Holding @Nullable [] holdings;

    /** The workers that have most of what ready tasks take, by position; null until one does. */
    private @Nullable WorkerRun @Nullable [] homes;

    /** What tasks kept in sessions, by position; null until one did. */
    private @Nullable Kept @Nullable [] kept;

    /** By their ids; empty for nearly all jobs. */
    private final Map<SessionId, SessionRun> sessions = new LinkedHashMap<>();

    /** Why tasks run again that had succeeded, by position. */
    private final Map<Integer, String> again = new HashMap<>();

    private int[] groupOf;
    private int[] openNeeds;
    private int[][] needs;
    private int[][] dependants;

    /** Of a driven job: where each task is, by name. */
    private Map<String, Integer> positions = Map.of();

    public JobRun(JobId id, String owner, JobSpec spec, Instant submittedAt) {
        this.id = id;
        this.owner = owner;
        this.spec = spec;
        this.submittedAt = submittedAt;
        size = spec.work().size();
        states = new byte[size];
        counts[TaskState.WAITING.ordinal()] = states.length;
        if (spec.work() instanceof Work.Graph graph) {
            groupOf = new int[states.length];
            openNeeds = new int[states.length];
            needs = needs(graph.tasks(), positions(graph.tasks()));
            dependants = link(graph.tasks());
        } else {
            groupOf = new int[0];
            openNeeds = new int[0];
            needs = new int[0][];
            dependants = new int[0][];
            groups.add(new ReadyGroup(this, 0, Demand.of(task(0), sessionOf(task(0)))));
        }
    }

    /**
     * Outputs that a worker has and the manager has not.
     *
     * @param number the attempt that made them
     * @param gone whether the worker has them no longer
     * @param bytes how large they are together
     */
    record Holding(String worker, int number, boolean gone, long bytes) {
        Holding lost() {
            return new Holding(worker, number, true, bytes);
        }
    }

    /**
     * Objects that a task kept in its session.
     *
     * @param number the attempt that made them
     * @param opening of the session in which they are; -1 if they are lost
     * @param order its place among all that sessions saw
     */
    record Kept(String worker, int number, int opening, int order) {
        Kept lost() {
            return new Kept(worker, number, -1, order);
        }
    }

    private @Nullable SessionRun sessionOf(TaskSpec task) {
        var spec = task.session();
        return spec == null
                ? null
                : sessions.computeIfAbsent(
                        new SessionId(id, task.executor(), spec.name()),
                        i -> new SessionRun(this, i, spec.memoryBytes()));
    }

    /** Whether any of its tasks asks for a session. */
    public boolean hasSessions() {
        return !sessions.isEmpty();
    }

    Collection<SessionRun> sessions() {
        return sessions.values();
    }

    /** The session of a task; null if it has none. */
    @Nullable
    SessionRun session(int position) {
        return sessions.isEmpty() ? null : sessionOf(task(position));
    }

    private static Map<String, Integer> positions(List<TaskSpec> tasks) {
        var positions = new HashMap<String, Integer>();
        for (var i = 0; i < tasks.size(); i++) {
            positions.put(tasks.get(i).name(), i);
        }
        return positions;
    }

    private static int[][] needs(List<TaskSpec> tasks, Map<String, Integer> positions) {
        var needs = new int[tasks.size()][];
        for (var i = 0; i < needs.length; i++) {
            needs[i] = tasks.get(i).needs().stream()
                    .mapToInt(need -> positions.getOrDefault(need, -1))
                    .toArray();
        }
        return needs;
    }

    private int[][] link(List<TaskSpec> tasks) {
        var groupsByDemand = new LinkedHashMap<Demand, Integer>();
        for (var i = 0; i < tasks.size(); i++) {
            var demand = Demand.of(tasks.get(i), sessionOf(tasks.get(i)));
            groupOf[i] = groupsByDemand.computeIfAbsent(demand, d -> {
                groups.add(new ReadyGroup(this, groups.size(), d));
                return groups.size() - 1;
            });
        }
        var lists = new int[tasks.size()][];
        var sizes = new int[tasks.size()];
        Arrays.fill(lists, new int[0]);
        for (var i = 0; i < tasks.size(); i++) {
            for (var from : needs[i]) {
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
        return size;
    }

    /** Whether a driver may ask for further tasks. */
    public boolean driven() {
        return driven;
    }

    /** A driver asks for its tasks. */
    public void drive() {
        driven = true;
        positions = positions(((Work.Graph) spec.work()).tasks());
    }

    /** Its driver asks for nothing more. */
    void driveNoMore() {
        if (driven) {
            driven = false;
            positions = Map.of();
            if (ended()) {
                move(endState());
            }
        }
    }

    /** It ends as failed, whatever its tasks did. */
    public void fail() {
        failed = true;
    }

    public boolean failed() {
        return failed;
    }

    /** It ends as canceled unless it failed, whatever its tasks did. */
    public void cut() {
        cut = true;
    }

    /** Adds tasks that a driver asked for, which need only what it has. */
    void grow(List<TaskSpec> more) {
        var from = size;
        size += more.size();
        spec = spec.with(((Work.Graph) spec.work()).with(more));
        if (size > states.length) {
            var room = Math.max(size, 2 * states.length);
            states = Arrays.copyOf(states, room);
            groupOf = Arrays.copyOf(groupOf, room);
            openNeeds = Arrays.copyOf(openNeeds, room);
            needs = Arrays.copyOf(needs, room);
            dependants = Arrays.copyOf(dependants, room);
            executing = executing == null ? null : Arrays.copyOf(executing, room);
            tries = tries == null ? null : Arrays.copyOf(tries, room);
            holdings = holdings == null ? null : Arrays.copyOf(holdings, room);
            kept = kept == null ? null : Arrays.copyOf(kept, room);
            homes = homes == null ? null : Arrays.copyOf(homes, room);
        }
        counts[TaskState.WAITING.ordinal()] += more.size();
        for (var i = from; i < size; i++) {
            var task = more.get(i - from);
            positions.put(task.name(), i);
            groupOf[i] = groupOf(Demand.of(task, sessionOf(task)));
            dependants[i] = new int[0];
            needs[i] = task.needs().stream()
                    .mapToInt(need -> positions.getOrDefault(need, -1))
                    .toArray();
            for (var need : needs[i]) {
                if (!settled(need)) {
                    openNeeds[i]++;
                }
                dependants[need] = Arrays.copyOf(dependants[need], dependants[need].length + 1);
                dependants[need][dependants[need].length - 1] = i;
            }
        }
    }

    private int groupOf(Demand demand) {
        for (var group : groups) {
            if (group.demand.equals(demand)) {
                return groups.indexOf(group);
            }
        }
        groups.add(new ReadyGroup(this, groups.size(), demand));
        return groups.size() - 1;
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

    /** Whether any task has outputs. */
    public static boolean leavesFiles(Work work) {
        return work instanceof Work.Graph graph
                ? graph.tasks().stream().anyMatch(task -> !task.outputs().isEmpty())
                : !task(work, 0).outputs().isEmpty();
    }

    /** Whether any task may leave files on its worker that others of the job take. */
    public static boolean passesFiles(Work work) {
        return work instanceof Work.Graph graph
                && graph.tasks().stream().anyMatch(task -> task.outputs().stream()
                        .anyMatch(output -> Boolean.FALSE.equals(output.keep())));
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
        return Arrays.copyOf(states, size);
    }

    public @Nullable Execution executing(int position) {
        return executing == null ? null : executing[position];
    }

    /** How many attempts were sent and have no durable end. */
    int executing() {
        return executingCount;
    }

    void executes(Execution execution) {
        if (executing == null) {
            executing = new Execution[states.length];
        }
        executing[execution.position] = execution;
        executingCount++;
    }

    void executesNoMore(Execution execution) {
        if (executing != null && executing[execution.position] == execution) {
            executing[execution.position] = null;
            executingCount--;
        }
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

    /** The tasks that must have ended well enough before this one. */
    int[] needs(int position) {
        return needs.length == 0 ? new int[0] : needs[position];
    }

    /** Those of its needs whose outputs, files or kept in a session, a task takes. */
    int[] sources(int position) {
        var task = task(position);
        var taken = task.inputs().stream().map(Input::need).collect(Collectors.toSet());
        if (task.session() != null) {
            task.session().takes().stream().map(SessionSpec::need).forEach(taken::add);
        }
        return Arrays.stream(needs(position))
                .filter(need -> taken.contains(task(need).name()))
                .toArray();
    }

    /** Whether a task takes files of another. */
    boolean takesFiles(int position, int source) {
        var name = task(source).name();
        return task(position).inputs().stream().anyMatch(input -> input.need().equals(name));
    }

    /** Whether a task takes what another kept in their session. */
    boolean takesKept(int position, int source) {
        var session = task(position).session();
        var name = task(source).name();
        return session != null
                && session.takes().stream()
                        .anyMatch(take -> SessionSpec.need(take).equals(name));
    }

    /** Whether nobody waits for a task any more: it succeeded, or its failure is ignored. */
    boolean settled(int position) {
        var state = state(position);
        return state == TaskState.SUCCEEDED || state == TaskState.IGNORED;
    }

    /** Why a task will never run, as far as that is known while others run; empty if it may. */
    String never(int position) {
        return openNeeds(position) == 0 ? unreachable(position) : failedNeed(position);
    }

    /** Which of the tasks that it needs keeps a task from running, in words; empty if none does. */
    public String unreachable(int position) {
        var why = failedNeed(position);
        return why.isEmpty() ? missing(position) : why;
    }

    private String failedNeed(int position) {
        if (count(TaskState.FAILED) + count(TaskState.CANCELED) > 0) {
            for (var need : needs(position)) {
                if (state(need) == TaskState.FAILED || state(need) == TaskState.CANCELED) {
                    return "needs '" + task(need).name() + "', which did not succeed";
                }
            }
        }
        return "";
    }

    /** What it must have of those whose failure is ignored: in one pass, for it may take of thousands. */
    private String missing(int position) {
        if (count(TaskState.IGNORED) == 0) {
            return "";
        }
        var ignored = new HashMap<String, TaskSpec>();
        for (var need : needs(position)) {
            if (state(need) == TaskState.IGNORED) {
                ignored.put(task(need).name(), task(need));
            }
        }
        if (ignored.isEmpty()) {
            return "";
        }
        for (var input : task(position).inputs()) {
            var source = ignored.get(input.need());
            if (source != null && !source.mayMiss(input.path())) {
                return missing(input.path(), source.name());
            }
        }
        var session = task(position).session();
        if (session != null) {
            for (var take : session.takes()) {
                if (ignored.containsKey(SessionSpec.need(take))) {
                    return missing(SessionSpec.object(take), SessionSpec.need(take));
                }
            }
        }
        return "";
    }

    private static String missing(String what, String source) {
        return "takes '" + what + "' of '" + source + "', which did not succeed";
    }

    /** Where a task ends that can never run. */
    TaskState stateWithoutRun(int position) {
        return task(position).mayFail() && failedNeed(position).isEmpty() ? TaskState.IGNORED : TaskState.CANCELED;
    }

    /** Where a task ends that failed. */
    public TaskState failure(int position) {
        return task(position).mayFail() ? TaskState.IGNORED : TaskState.FAILED;
    }

    /** What a task kept in its session; null if nothing. */
    @Nullable
    Kept kept(int position) {
        return kept == null ? null : kept[position];
    }

    /** Takes note of what a task kept in its session, or of nothing. */
    void keeps(int position, @Nullable Kept what) {
        if (kept == null && what != null) {
            kept = new Kept[states.length];
        }
        if (kept != null) {
            kept[position] = what;
        }
    }

    /** Whether a task kept something that is lost. */
    boolean keptIsLost(int position) {
        var what = kept(position);
        var session = what == null ? null : session(position);
        return what != null && session != null && what.opening() != session.opening;
    }

    /** Whether any task left something on a worker alone. */
    boolean holdsAny() {
        return holdings != null || kept != null;
    }

    boolean hasHomes() {
        return homes != null;
    }

    /** The worker that has most of what a task takes; null if none has any. */
    @Nullable
    WorkerRun home(int position) {
        return homes == null ? null : homes[position];
    }

    void home(int position, @Nullable WorkerRun worker) {
        if (homes == null && worker != null) {
            homes = new WorkerRun[states.length];
        }
        if (homes != null) {
            homes[position] = worker;
        }
    }

    /** How much of what a task takes others left on each worker alone, by the worker's id. */
    Map<String, Long> nearBytes(int position) {
        if (holdings == null) {
            return Map.of();
        }
        var near = new TreeMap<String, Long>();
        for (var source : sources(position)) {
            var holding = holdings[source];
            if (holding != null && !holding.gone()) {
                near.merge(holding.worker(), holding.bytes(), Long::sum);
            }
        }
        return near;
    }

    /** What the task left on a worker alone; null if nothing. */
    @Nullable
    Holding holding(int position) {
        return holdings == null ? null : holdings[position];
    }

    /** Takes note of outputs that are on a worker alone, or of none. */
    void holds(int position, @Nullable Holding holding) {
        if (holdings == null && holding != null) {
            holdings = new Holding[states.length];
        }
        if (holdings != null) {
            holdings[position] = holding;
        }
    }

    /** Why a task runs again that had succeeded; empty if it does not. */
    String again(int position) {
        return again.getOrDefault(position, "");
    }

    void again(int position, String why) {
        again.put(position, why);
    }

    int openNeeds(int position) {
        return openNeeds.length == 0 ? 0 : openNeeds[position];
    }

    /** One need of the task is settled; whether it was the last. */
    boolean needMet(int position) {
        return --openNeeds[position] == 0;
    }

    /** One need of the task has to run again. */
    void needLost(int position) {
        openNeeds[position]++;
    }

    /** @throws IllegalStateException against {@link StateMachine} */
    void move(int position, TaskState to) {
        var from = state(position);
        if (!StateMachine.allows(from, to)) {
            StateMachine.require(false, "task", taskId(position), from, to);
        }
        states[position] = (byte) to.ordinal();
        counts[from.ordinal()]--;
        counts[to.ordinal()]++;
        if (to.terminal() && ended()) {
            move(endState());
        }
    }

    private void move(JobState to) {
        StateMachine.require(StateMachine.allows(state, to), "job", id, state, to);
        state = to;
    }

    /** Its first task was sent, now or before a restart. */
    void begun() {
        if (state == JobState.WAITING) {
            move(JobState.RUNNING);
        }
    }

    /** Makes every waiting task ready at once, for jobs without needs. */
    void readyAll() {
        groups.get(0).addRange(0, size);
        Arrays.fill(states, (byte) TaskState.READY.ordinal());
        counts[TaskState.READY.ordinal()] = size;
        counts[TaskState.WAITING.ordinal()] = 0;
    }

    /** Takes over the states of a job that has ended; see {@link #states}. */
    public void restoreStates(byte[] ended) {
        System.arraycopy(ended, 0, states, 0, states.length);
        Arrays.fill(counts, 0);
        for (var each : ended) {
            counts[each]++;
        }
        state = endState();
    }

    /**
     * In which states its tasks begin when it is opened again: those that run again are {@code WAITING}, all others as they
     * ended.
     *
     * @param ended see {@link #states}
     * @param failedOnly whether only those run again that failed, and those that were canceled since they need one of them;
     *     else all that did not succeed
     */
    public byte[] reopened(byte[] ended, boolean failedOnly) {
        var states = ended.clone();
        var again = new ArrayDeque<Integer>();
        for (var position = 0; position < states.length; position++) {
            var state = STATES[ended[position]];
            if (failedOnly ? state == TaskState.FAILED : state != TaskState.SUCCEEDED) {
                states[position] = (byte) TaskState.WAITING.ordinal();
                again.add(position);
            }
        }
        for (var from = again.poll(); from != null; from = again.poll()) {
            for (var dependant : dependants(from)) {
                if (STATES[states[dependant]] == TaskState.CANCELED) {
                    states[dependant] = (byte) TaskState.WAITING.ordinal();
                    again.add(dependant);
                }
            }
        }
        return states;
    }

    /** The number of the next attempt of a task. */
    int nextNumber(int position) {
        return tries == null ? 1 : (int) (tries[position] >>> 32) + 1;
    }

    int failures(int position) {
        return tries == null ? 0 : (int) (tries[position] >>> 16) & 0xffff;
    }

    int crashes(int position) {
        return tries == null ? 0 : (int) tries[position] & 0xffff;
    }

    /** Takes note of an attempt after which the task may run again. */
    void tried(int position, int number, boolean failure, boolean crash) {
        if (tries == null) {
            tries = new long[states.length];
        }
        var last = Math.max(number, (int) (tries[position] >>> 32));
        var failures = Math.min(0xffff, failures(position) + (failure ? 1 : 0));
        var crashes = Math.min(0xffff, crashes(position) + (crash ? 1 : 0));
        tries[position] = (long) last << 32 | (long) failures << 16 | crashes;
    }

    /** Whether no further task starts, and what runs is stopped. */
    public boolean canceling() {
        return canceling;
    }

    boolean ended() {
        var ended = 0;
        for (var each : STATES) {
            ended += each.terminal() ? count(each) : 0;
        }
        return !driven && ended == size();
    }

    public JobState state() {
        return state == JobState.WAITING && startedAt != null ? JobState.RUNNING : state;
    }

    private JobState endState() {
        if (failed || count(TaskState.FAILED) > 0) {
            return JobState.FAILED;
        }
        return cut || count(TaskState.CANCELED) > 0 ? JobState.CANCELED : JobState.SUCCEEDED;
    }

    public JobView view() {
        var tasks = new EnumMap<TaskState, Integer>(TaskState.class);
        for (var each : STATES) {
            tasks.put(each, count(each));
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
