package muster.manager.scheduler;

import static muster.manager.scheduler.SimulatedCluster.capacity;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Output;
import muster.api.Resources;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import org.junit.jupiter.api.Test;

/** What runs again when a worker is lost with the files that tasks left on it. */
class LineageTest {
    private final SimulatedCluster cluster = new SimulatedCluster(new Settings(2, 0, Duration.ZERO));
    private final List<TaskSpec> tasks = new ArrayList<>();

    /** Adds a task that leaves a file on its worker, runs on workers of a label and takes what others left. */
    private void task(String name, String label, String... takes) {
        tasks.add(TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .resources(new Resources(1, 0, 0, 0, Map.of(), label.isEmpty() ? List.of() : List.of(label)))
                .inputs(Stream.of(takes)
                        .map(from -> new Input(from, "task:" + from + "/out", false))
                        .toList())
                .outputs(List.of(new Output("out", false, false)))
                .build());
    }

    /** Adds a task that keeps an object in a session, and takes what others kept there. */
    private void keeping(String name, String session, long memory, String... takes) {
        var all = Stream.of(takes).map(from -> from + "/object-" + from).toList();
        tasks.add(TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .resources(new Resources(1, 1, 0, 0, Map.of(), List.of()))
                .session(new SessionSpec(session, memory, List.of("object-" + name), all))
                .build());
    }

    private JobRun submit() {
        return cluster.submit(JobSpec.of("", new Work.Graph(tasks)), "ada", Set.of());
    }

    private void worker(String id, String... labels) {
        cluster.worker(id, capacity(8, 16, 0, labels));
    }

    /** Runs all that can run now, and gives the names of what ran. */
    private List<String> round() {
        cluster.dispatched.clear();
        cluster.schedule();
        cluster.check();
        cluster.finishAll(Duration.ofMillis(1));
        return cluster.dispatched.stream()
                .map(e -> e.job.task(e.position).name())
                .toList();
    }

    private void lose(String worker) {
        cluster.given.get(worker).clear();
        cluster.scheduler.lost(cluster.scheduler.worker(worker));
        cluster.check();
    }

    @Test
    void onlyWhatIsLostAndStillNeededIsMadeAgainAndWhatThatNeeds() {
        worker("w1", "first");
        worker("w2", "second");
        task("root", "first");
        task("left", "first", "root");
        task("right", "second", "root");
        task("done", "first", "root");
        task("user", "second", "done");
        task("end", "late", "left", "right", "user");
        var job = submit();
        assertThat(round()).containsExactly("root");
        assertThat(round()).containsExactlyInAnyOrder("left", "right", "done");
        assertThat(round()).containsExactly("user");
        assertThat(job.state(5)).isEqualTo(TaskState.READY);

        lose("w1");
        assertThat(job.state(5)).isEqualTo(TaskState.WAITING);
        assertThat(cluster.scheduler.explain(job, 0, cluster.now).summary())
                .startsWith("runs again (what attempt 1 made was lost with worker 'w1', and 'left' needs it) and ");

        worker("w3", "first", "late");
        assertThat(round()).containsExactly("root");
        assertThat(round()).containsExactly("left");
        assertThat(round()).containsExactly("end");
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void whatIsMerelyWarmIsOpenWhereverATaskOfItRanAndTellsNoTasksApart() {
        worker("w1");
        worker("w2");
        var jobs = new ArrayList<JobRun>();
        for (var i = 0; i < 2; i++) {
            jobs.add(cluster.submit(
                    JobSpec.of("", new Work.Array(merelyWarm(0), IndexSet.range(0, 15), null, 0)), "ada", Set.of()));
        }
        cluster.schedule();
        cluster.check();

        assertThat(jobs.get(0).groups.get(0).demand)
                .isEqualTo(jobs.get(1).groups.get(0).demand);
        assertThat(cluster.scheduler.holders()).containsExactlyInAnyOrder("w1", "w2");
        assertThat(cluster.open.values()).allSatisfy(open -> assertThat(open).isNotEmpty());
        cluster.finishAll(Duration.ofMillis(1));
        while (jobs.stream().anyMatch(job -> job.state() != JobState.SUCCEEDED)) {
            round();
        }
        assertThat(cluster.open.values()).allSatisfy(open -> assertThat(open).isEmpty());
    }

    @Test
    void memoryOfWhatIsMerelyWarmIsReservedWhereItIsOpen() {
        worker("w1");
        var job = cluster.submit(
                JobSpec.of("", new Work.Array(merelyWarm(10), IndexSet.range(0, 1), null, 0)), "ada", Set.of());
        cluster.schedule();
        cluster.check();

        assertThat(job.groups.get(0).demand.whole().byName()).containsEntry("memory", 11L);
    }

    private static TaskSpec merelyWarm(long memory) {
        return TaskSpec.builder()
                .command(List.of("true"))
                .resources(new Resources(1, 1, 0, 0, Map.of(), List.of()))
                .session(new SessionSpec("", memory, List.of(), List.of()))
                .build();
    }

    @Test
    void whatAWaitingTaskWillTakeIsMadeAgainAtOnce() {
        worker("w1", "first");
        worker("w2", "second");
        task("made", "first");
        task("slow", "second");
        task("end", "second", "made", "slow");
        var job = submit();
        cluster.schedule();
        cluster.given.get("w1").keySet().stream()
                .toList()
                .forEach(a -> cluster.finish("w1", a, Cause.SUCCESS, Duration.ZERO));
        cluster.write();
        lose("w1");
        assertThat(job.state(0)).isEqualTo(TaskState.READY);
        assertThat(job.state(1)).isEqualTo(TaskState.ASSIGNED);
    }

    @Test
    void whoCannotGetAFileWaitsUntilItIsMadeAgainAndHasNotFailed() {
        worker("w1", "first");
        worker("w2", "second");
        task("made", "first");
        task("user", "second", "made");
        var job = submit();
        assertThat(round()).containsExactly("made");
        cluster.schedule();
        var user = new AttemptId(job.taskId(1), 1);

        cluster.lose(new AttemptId(job.taskId(0), 1));
        assertThat(job.state(0)).isEqualTo(TaskState.READY);
        cluster.finish("w2", user, Cause.STAGING, Duration.ZERO);
        cluster.write();
        cluster.check();
        assertThat(job.state(1)).isEqualTo(TaskState.WAITING);

        cluster.restart();
        cluster.hello("w1", false);
        cluster.hello("w2", false);
        cluster.check();
        assertThat(round()).containsExactly("made");
        assertThat(round()).containsExactly("user");
    }

    @Test
    void aFileThatIsLostTimeAndAgainFailsWhoNeedsIt() {
        worker("w1", "first");
        worker("w2", "second");
        task("made", "first");
        task("user", "second", "made");
        var job = submit();
        for (var number = 1; number <= 3; number++) {
            assertThat(round()).containsExactly("made");
            cluster.lose(new AttemptId(job.taskId(0), number));
        }
        assertThat(job.state(0)).isEqualTo(TaskState.SUCCEEDED);
        cluster.schedule();
        cluster.finish("w2", new AttemptId(job.taskId(1), 1), Cause.STAGING, Duration.ZERO);
        cluster.write();
        assertThat(job.state()).isEqualTo(JobState.FAILED);
    }

    @Test
    void tasksRunWhereTheirFilesAreAsLongAsThereIsRoom() {
        cluster.worker("w1", capacity(2, 0, 0));
        cluster.worker("w2", capacity(2, 0, 0));
        for (var chain = 0; chain < 8; chain++) {
            task("a" + chain, "");
            task("b" + chain, "", "a" + chain);
            task("c" + chain, "", "b" + chain);
        }
        var job = submit();
        cluster.schedule();
        cluster.finishAll(Duration.ofMillis(1));
        cluster.schedule();
        assertThat(cluster.scheduler.explain(job, 1, cluster.now).summary())
                .startsWith("was sent to worker 'w")
                .endsWith("; that worker has 1000 of what it takes");
        for (var round = 0; !job.ended(); round++) {
            cluster.finishAll(Duration.ofMillis(1));
            cluster.schedule();
            cluster.checkNothingIdles();
        }
        var where = new HashMap<String, String>();
        cluster.dispatched.forEach(e -> where.put(job.task(e.position).name(), e.worker));
        for (var chain = 0; chain < 8; chain++) {
            assertThat(where.get("b" + chain)).isEqualTo(where.get("a" + chain));
            assertThat(where.get("c" + chain)).isEqualTo(where.get("a" + chain));
        }
    }

    @Test
    void tasksThatAJobGrowsByRunWhereTheirFilesAreToo() {
        cluster.worker("w1", capacity(8, 0, 0));
        cluster.worker("w2", capacity(8, 0, 0));
        task("a", "");
        task("b", "", "a");
        task("gate", "late");
        var job = submit();
        round();
        assertThat(round()).containsExactly("b");
        var from = tasks.size();
        for (var i = 0; i < 8; i++) {
            task("c" + i, "", "b");
        }
        job.drive();
        cluster.scheduler.grow(job, tasks.subList(from, tasks.size()));
        round();
        assertThat(cluster.dispatched).hasSize(8).allMatch(e -> e.worker.equals("w1"));
    }

    @Test
    void aTaskDoesNotWaitForTheWorkerThatHasItsFiles() {
        cluster.worker("w1", capacity(1, 0, 0, "first"));
        task("a", "first");
        task("b", "", "a");
        submit();
        assertThat(round()).containsExactly("a");
        cluster.worker("w2", capacity(1, 0, 0));
        task("urgent", "first");
        cluster.submit(new JobSpec("", List.of(), 1, List.of(), null, new Work.Single(tasks.get(2))), "ada", Set.of());
        cluster.dispatched.clear();
        cluster.schedule();
        assertThat(placed()).containsExactly("urgent on w1", "b on w2");
    }

    private List<String> placed() {
        return cluster.dispatched.stream()
                .map(e -> e.job.task(e.position).name() + " on " + e.worker)
                .toList();
    }

    @Test
    void tasksRunWhereTheirSessionIsOpenAndSessionsWhereTheirMemoryIsFree() {
        worker("w1");
        worker("w2");
        keeping("a", "first", 10);
        keeping("b", "second", 10);
        keeping("a2", "first", 10, "a");
        keeping("b2", "second", 10, "b");
        keeping("c", "third", 10);
        var job = submit();
        round();
        assertThat(placed()).containsExactlyInAnyOrder("a on w1", "b on w2");
        assertThat(cluster.scheduler.explain(job, 4, cluster.now).workers())
                .containsEntry("w1", "has 6 memory free, the task asks 11 memory");
        assertThat(cluster.scheduler.explain(job, 2, cluster.now).workers())
                .containsEntry("w2", "is not where session 'first' is open: worker 'w1'");
        round();
        assertThat(placed()).containsExactlyInAnyOrder("a2 on w1", "b2 on w2");

        worker("w3");
        round();
        assertThat(placed()).containsExactly("c on w3");
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.open.values()).allMatch(Map::isEmpty);
        assertThat(cluster.scheduler.workers())
                .allMatch(worker -> worker.sessions().isEmpty());
    }

    @Test
    void whatWasKeptOnALostWorkerAndIsNeededIsMadeAgainOnAnother() {
        worker("w1");
        keeping("root", "s", 4);
        keeping("left", "s", 4, "root");
        keeping("unused", "s", 4, "root");
        keeping("done", "s", 4, "unused");
        task("gate", "late");
        keeping("end", "s", 4, "left");
        tasks.set(5, withNeed(tasks.get(5), "gate"));
        var job = submit();
        assertThat(round()).containsExactly("root");
        assertThat(round()).containsExactlyInAnyOrder("left", "unused");
        assertThat(round()).containsExactly("done");

        worker("w2", "late");
        lose("w1");
        assertThat(cluster.scheduler.explain(job, 1, cluster.now).summary())
                .startsWith("runs again (what attempt 1 made was lost in its session on worker 'w1', and 'end' needs"
                        + " it) and waits for task 'root'");
        assertThat(round()).containsExactlyInAnyOrder("root", "gate");
        assertThat(round()).containsExactly("left");
        assertThat(round()).containsExactly("end");
        assertThat(placed()).containsExactly("end on w2");
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    private static TaskSpec withNeed(TaskSpec task, String need) {
        return task.toBuilder().needs(List.of(need)).build();
    }

    @Test
    void whoDoesNotFindWhatItTakesWaitsUntilThatIsMadeAgainAndHasNotFailed() {
        worker("w1");
        keeping("a", "s", 4);
        keeping("b", "s", 4, "a");
        keeping("c", "s", 4, "b");
        var job = submit();
        assertThat(round()).containsExactly("a");
        assertThat(round()).containsExactly("b");
        cluster.breakSessions("w1");

        assertThat(round()).containsExactly("c");
        assertThat(job.state(2)).isEqualTo(TaskState.WAITING);
        assertThat(round()).containsExactly("b");
        assertThat(round()).containsExactly("a");
        assertThat(round()).containsExactly("b");
        assertThat(round()).containsExactly("c");
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void aDrainedWorkerKeepsNothingThatOthersWaitFor() {
        worker("w1");
        keeping("a", "s", 4);
        keeping("b", "s", 4, "a");
        submit();
        assertThat(round()).containsExactly("a");
        worker("w2");
        cluster.scheduler.drain(cluster.scheduler.worker("w1"), true);
        assertThat(cluster.open.get("w1")).isEmpty();

        assertThat(round()).containsExactly("a");
        assertThat(round()).containsExactly("b");
        assertThat(placed()).containsExactly("b on w2");
    }

    @Test
    void aRestartedManagerGoesOnWithTheSessionsThatAreOpen() {
        worker("w1");
        worker("w2");
        keeping("a", "s", 4);
        keeping("b", "s", 4, "a");
        submit();
        assertThat(round()).containsExactly("a");
        var where = cluster.dispatched.get(0).worker;

        cluster.restart();
        cluster.hello("w1", false);
        cluster.hello("w2", false);
        assertThat(round()).containsExactly("b");
        assertThat(placed()).containsExactly("b on " + where);
    }

    @Test
    void aRestartedWorkerHasNoSessions() {
        worker("w1");
        keeping("a", "s", 4);
        keeping("b", "s", 4, "a");
        submit();
        assertThat(round()).containsExactly("a");

        cluster.hello("w1", true);
        assertThat(round()).containsExactly("a");
        assertThat(round()).containsExactly("b");
    }

    @Test
    void whatNobodyCanMakeAgainCancelsWhoHasComeBackForIt() {
        worker("w1", "first");
        worker("w2", "second");
        task("made", "first");
        task("user", "second", "made");
        var job = submit();
        assertThat(round()).containsExactly("made");
        cluster.schedule();
        cluster.lose(new AttemptId(job.taskId(0), 1));
        cluster.schedule();
        cluster.finish("w1", new AttemptId(job.taskId(0), 2), Cause.EXIT_CODE, Duration.ZERO);
        cluster.write();
        lose("w2");
        assertThat(job.state(0)).isEqualTo(TaskState.FAILED);
        assertThat(job.state(1)).isEqualTo(TaskState.CANCELED);
    }
}
