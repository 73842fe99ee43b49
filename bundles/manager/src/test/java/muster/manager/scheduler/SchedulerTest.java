package muster.manager.scheduler;

import static muster.manager.scheduler.SimulatedCluster.capacity;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.Cause;
import muster.api.IndexSet;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.Work;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private final SimulatedCluster cluster = new SimulatedCluster(new Settings(3, 64, Duration.ofMillis(200)));

    private static TaskSpec task(double cores) {
        var resources = new Resources(cores, 0, 0, 0, Map.of(), List.of());
        return TaskSpec.builder().command(List.of("true")).resources(resources).build();
    }

    private JobRun array(String owner, double cores, int size) {
        return cluster.submit(
                JobSpec.of("", new Work.Array(task(cores), IndexSet.range(0, size - 1), null, 0)), owner, Set.of());
    }

    @Test
    void spreadsTasksEvenlyOverAThousandWorkers() {
        for (var i = 0; i < 1_000; i++) {
            cluster.worker("w" + i, capacity(1, 0, 0));
        }
        array("ada", 1, 100_000);
        while (!cluster.scheduler.jobs().isEmpty()) {
            cluster.schedule();
            cluster.finishAll(Duration.ofMillis(1));
        }
        var counts = new HashMap<String, Integer>();
        cluster.dispatched.forEach(execution -> counts.merge(execution.worker, 1, Integer::sum));
        assertThat(counts).hasSize(1_000);
        assertThat(counts.values()).allMatch(count -> count >= 95 && count <= 105);
    }

    @Test
    void slowWorkerHoldsLessInAdvance() {
        cluster.worker("fast", capacity(1, 0, 0));
        cluster.worker("slow", capacity(1, 0, 0));
        array("ada", 1, 100_000);
        for (var round = 0; round < 50; round++) {
            cluster.schedule();
            for (var worker : List.of("fast", "slow")) {
                for (var attempt : List.copyOf(cluster.given.get(worker).keySet())) {
                    cluster.finish(worker, attempt, Cause.SUCCESS, Duration.ofMillis(worker.equals("fast") ? 10 : 100));
                }
            }
            cluster.write();
        }
        cluster.schedule();
        assertThat(cluster.given.get("fast").size())
                .isGreaterThan(2 * cluster.given.get("slow").size());
    }

    @Test
    void ownersOfEqualUseTakeTurns() {
        cluster.worker("w", capacity(4, 0, 0));
        array("ada", 1, 10);
        array("bob", 1, 10);
        cluster.schedule();
        assertThat(cluster.dispatched).extracting(e -> e.job.owner).containsExactly("ada", "bob", "ada", "bob");
    }

    @Test
    void jobThatNoWorkerCanRunAnyMoreIsToldSo() {
        cluster.worker("small", capacity(1, 0, 0));
        var large = cluster.worker("large", capacity(8, 0, 0));
        array("ada", 8, 1);
        cluster.schedule();
        var waiting = array("bob", 8, 1);
        cluster.scheduler.lost(large);
        cluster.schedule();
        assertThat(cluster.stuck).isEmpty();

        cluster.scheduler.remove(large);
        cluster.schedule();
        assertThat(waiting.view().message())
                .isEqualTo(
                        "no worker has 8 cores; the largest, small, has 1 core; ask for less or add a larger worker");
        assertThat(cluster.scheduler.explain(waiting, 0, cluster.now).summary())
                .startsWith("can never run as things stand: no worker has 8 cores");

        cluster.worker("larger", capacity(16, 0, 0));
        cluster.schedule();
        assertThat(waiting.view().message()).isEmpty();
        assertThat(cluster.stuck.get(waiting.id)).isEmpty();
    }

    @Test
    void undeployedExecutorIsToldToJobsThatWaitForIt() {
        var worker = cluster.worker("w", capacity(1, 0, 0));
        array("ada", 1, 1);
        cluster.schedule();
        var waiting = array("bob", 1, 1);
        worker.executors(List.of());
        cluster.schedule();
        assertThat(waiting.view().message())
                .isEqualTo("no worker has executor 'native'; deploy its bundle on a worker");
    }

    @Test
    void endOfALongChainOfJobsIsNotTooDeep() {
        var first = array("ada", 1, 1);
        var before = first;
        for (var i = 0; i < 10_000; i++) {
            var after = List.of(new JobSpec.Dependency(before.id, false));
            before = cluster.submit(
                    new JobSpec("", List.of(), 0, after, null, new Work.Single(task(1))), "ada", Set.of(before.id));
        }
        cluster.scheduler.cancel(first, "canceled");
        assertThat(before.state()).isEqualTo(JobState.CANCELED);
        assertThat(cluster.scheduler.jobs()).isEmpty();
    }
}
