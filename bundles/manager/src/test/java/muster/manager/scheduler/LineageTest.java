package muster.manager.scheduler;

import static muster.manager.scheduler.SimulatedCluster.capacity;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.Input;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Output;
import muster.api.Parameters;
import muster.api.Resources;
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
        tasks.add(new TaskSpec(
                name,
                "native",
                List.of("true"),
                Parameters.NONE,
                Map.of(),
                null,
                null,
                null,
                null,
                new Resources(1, 0, 0, 0, Map.of(), List.of(label)),
                null,
                0,
                List.of(),
                Stream.of(takes)
                        .map(from -> new Input(from, "task:" + from + "/out", false))
                        .toList(),
                List.of(new Output("out", false, false))));
    }

    private JobRun submit() {
        return cluster.submit(JobSpec.of("", new Work.Graph(tasks)), "ada", Set.of());
    }

    private void worker(String id, String... labels) {
        cluster.worker(id, capacity(8, 0, 0, labels));
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
