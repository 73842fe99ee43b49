package muster.manager.scheduler;

import static muster.manager.scheduler.SimulatedCluster.capacity;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.Input;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Output;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What follows from the failure of a task that may fail. */
class IgnoredFailureTest {
    private final SimulatedCluster cluster = new SimulatedCluster(new Settings(0, 0, Duration.ZERO));
    private final List<TaskSpec> tasks = new ArrayList<>();

    @BeforeEach
    void addWorker() {
        cluster.worker("w", capacity(100, 0, 0));
    }

    /** A task that makes a file. */
    private static TaskSpec.Builder task(String name, String... needs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .resources(new Resources(1, 0, 0, 0, Map.of(), List.of()))
                .needs(List.of(needs))
                .outputs(List.of(new Output("out", false, true)));
    }

    private static List<Input> takes(String... names) {
        return Stream.of(names)
                .map(name -> new Input(name, "task:" + name + "/out", false))
                .toList();
    }

    private JobRun submit(TaskSpec.Builder... builders) {
        Arrays.stream(builders).map(TaskSpec.Builder::build).forEach(tasks::add);
        var job = cluster.submit(JobSpec.of("", new Work.Graph(tasks)), "ada", Set.of());
        cluster.schedule();
        return job;
    }

    private void end(JobRun job, int position, Cause cause) {
        var execution = job.executing(position);
        var attempt = new AttemptId(job.taskId(position), execution.number);
        assertThat(cluster.finish("w", attempt, cause, Duration.ZERO)).isTrue();
        cluster.write();
        cluster.schedule();
        cluster.check();
    }

    private static List<TaskState> states(JobRun job) {
        return IntStream.range(0, job.size()).mapToObj(job::state).toList();
    }

    @Test
    void jobSucceedsAllTheSame() {
        var job = submit(task("a").mayFail(true), task("b"));
        end(job, 0, Cause.EXIT_CODE);
        end(job, 1, Cause.SUCCESS);
        assertThat(states(job)).containsExactly(TaskState.IGNORED, TaskState.SUCCEEDED);
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(job.view().message()).isEmpty();
    }

    @Test
    void retriesComeFirst() {
        var job = submit(task("a").mayFail(true).retries(1));
        end(job, 0, Cause.EXIT_CODE);
        assertThat(states(job)).containsExactly(TaskState.READY);
        cluster.pass(Duration.ofMinutes(1));
        cluster.schedule();
        end(job, 0, Cause.EXIT_CODE);
        assertThat(states(job)).containsExactly(TaskState.IGNORED);
    }

    @Test
    void doesNotCountAgainstMaxFails() {
        tasks.add(task("a").mayFail(true).build());
        tasks.add(task("b").build());
        var spec = new JobSpec("", List.of(), 0, List.of(), 0, new Work.Graph(tasks));
        var job = cluster.submit(spec, "ada", Set.of());
        cluster.schedule();
        end(job, 0, Cause.EXIT_CODE);
        end(job, 1, Cause.SUCCESS);
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void whatOnlyComesAfterItRuns() {
        var job = submit(task("a").mayFail(true), task("b", "a"));
        end(job, 0, Cause.EXIT_CODE);
        end(job, 1, Cause.SUCCESS);
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void whatTakesWhatItDidNotMakeIsNotRunAndSaysWhy() {
        var job = submit(task("a").mayFail(true), task("b").inputs(takes("a")), task("c", "b"));
        end(job, 0, Cause.EXIT_CODE);
        assertThat(states(job)).containsExactly(TaskState.IGNORED, TaskState.CANCELED, TaskState.CANCELED);
        assertThat(job.unreachable(1)).isEqualTo("takes 'out' of 'a', which did not succeed");
        assertThat(job.unreachable(2)).isEqualTo("needs 'b', which did not succeed");
        assertThat(job.state()).isEqualTo(JobState.CANCELED);
        assertThat(job.view().message())
                .isEqualTo("task 1.1 (b) was not run: it takes 'out' of 'a', which did not succeed");
    }

    @Test
    void whatMayBeMissingIsDoneWithout() {
        var optional = List.of(new Output("out", true, true));
        var job = submit(
                task("a").mayFail(true).outputs(optional), task("b"), task("c").inputs(takes("a", "b")));
        end(job, 0, Cause.EXIT_CODE);
        assertThat(job.state(2)).isEqualTo(TaskState.WAITING);
        end(job, 1, Cause.SUCCESS);
        end(job, 2, Cause.SUCCESS);
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void ofTasksThatAllMayFailNoneCancelsTheJob() {
        tasks.add(task("t0").mayFail(true).build());
        for (var i = 1; i < 10_000; i++) {
            tasks.add(task("t" + i).mayFail(true).inputs(takes("t" + (i - 1))).build());
        }
        var job = submit(task("end", "t9999"));
        end(job, 0, Cause.EXIT_CODE);
        assertThat(job.count(TaskState.IGNORED)).isEqualTo(10_000);
        end(job, 10_000, Cause.SUCCESS);
        assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void failureThatCountsWinsWhicheverComesFirst() {
        for (var first = 0; first < 2; first++) {
            tasks.clear();
            var job = submit(
                    task("a").mayFail(true),
                    task("b"),
                    task("c", "b").mayFail(true).inputs(takes("a")),
                    task("d", "c"));
            end(job, first, Cause.EXIT_CODE);
            end(job, 1 - first, Cause.EXIT_CODE);
            assertThat(states(job))
                    .containsExactly(TaskState.IGNORED, TaskState.FAILED, TaskState.CANCELED, TaskState.CANCELED);
            assertThat(job.state()).isEqualTo(JobState.FAILED);
        }
    }

    @Test
    void isIgnoredAfterARestartToo() {
        submit(
                task("a").mayFail(true),
                task("b").mayFail(true).inputs(takes("a")),
                task("c", "b"),
                task("d", "c").inputs(takes("b")));
        end(only(), 0, Cause.EXIT_CODE);
        assertThat(states(only()))
                .containsExactly(TaskState.IGNORED, TaskState.IGNORED, TaskState.ASSIGNED, TaskState.WAITING);

        cluster.restart();
        cluster.hello("w", false);
        assertThat(states(only()))
                .containsExactly(TaskState.IGNORED, TaskState.IGNORED, TaskState.ASSIGNED, TaskState.WAITING);
        var job = only();
        end(job, 2, Cause.SUCCESS);
        assertThat(job.state(3)).isEqualTo(TaskState.CANCELED);
        assertThat(job.state()).isEqualTo(JobState.CANCELED);
    }

    private JobRun only() {
        return cluster.scheduler.jobs().iterator().next();
    }
}
