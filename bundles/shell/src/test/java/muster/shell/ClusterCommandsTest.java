package muster.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import muster.api.Capacity;
import muster.api.ClusterService;
import muster.api.ClusterStatus;
import muster.api.ExecutorView;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.TaskState;
import muster.api.WorkerState;
import muster.api.WorkerView;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClusterCommandsTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final WorkerView WORKER = new WorkerView(
            "w1",
            WorkerState.ONLINE,
            "10.0.0.1",
            "10.0.0.1:4001",
            "0.1.0",
            new Capacity(8, 24L << 30, 1536L << 30, List.of(), Map.of("license", 2L), List.of("ssd")),
            List.of(new ExecutorView("native", true, ""), new ExecutorView("docker", false, "no daemon")),
            2.5,
            2,
            64,
            NOW,
            NOW,
            "");

    private final Output output = new Output();
    private final FakeCluster cluster = new FakeCluster();

    @Test
    void listsWorkersWithTheExecutorsThatAreAvailable() {
        var list = new WorkerListCommand();
        list.cluster = cluster;
        list.run(output.plain());

        assertThat(output.lines())
                .containsExactly(
                        "ID  STATE   CORES  IN USE  RUNNING  QUEUED  MEMORY  EXECUTORS  ADDRESS   MESSAGE",
                        "w1  online      8     2.5        2      64   24GiB  native     10.0.0.1");
    }

    @Test
    void showsAWorkerAndWhyAnExecutorIsNotAvailable() {
        var show = new WorkerShowCommand();
        show.cluster = cluster;
        show.worker = "w1";
        show.run(output.plain());

        assertThat(output.lines())
                .contains(
                        "cores      2.5 of 8 in use",
                        "disk       1.5TiB",
                        "custom     license=2",
                        "docker    unavailable  no daemon");
    }

    @Test
    void statusNamesWhoIsMissingAndWhyItIsNotReady() {
        var status = new ClusterStatusCommand();
        status.cluster = cluster;
        status.run(output.plain());

        assertThat(output.lines())
                .contains(
                        "state        the broker does not answer",
                        "workers      1 online",
                        "missing      w2",
                        "jobs         none",
                        "open tasks   5 ready, 2 running",
                        "ended tasks  7, 0.5/s over the last ten seconds");
    }

    @Test
    void drainingNamesTheUser() {
        var drain = new WorkerDrainCommand();
        drain.cluster = cluster;
        drain.audit = deed -> {};
        drain.worker = "w1";
        drain.run(output.plain());

        assertThat(cluster.calls).containsExactly("drain w1 by ann");
        assertThat(output.lines()).containsExactly("worker w1: online, 2 running");
    }

    @Test
    void deploysAFeatureByNameOnAWorkerOrOnAllWithALabel() throws Exception {
        var deploy = new WorkerDeployCommand();
        bundle(deploy, null, "w1", "docker").run(output.plain());
        bundle(deploy, "ssd", "noop", "").run(output.plain());
        bundle(new WorkerUndeployCommand(), "ssd", "docker", "").run(output.plain());

        assertThat(cluster.calls)
                .containsExactly(
                        "deploy docker on w1 by ann", "deploy noop on w1 by ann", "undeploy docker on w1 by ann");
        assertThat(output.lines())
                .containsExactly(
                        "worker w1: 'muster-executor-docker.jar' is deployed",
                        "worker w1: 'muster-executor-noop.jar' is deployed",
                        "worker w1: 'docker' is removed");
    }

    @Test
    void removesABundleByTheNameThatItWasDeployedUnder() throws Exception {
        var undeploy = new WorkerUndeployCommand();
        bundle(undeploy, null, "w1", "target/mine.jar").run(output.plain());
        bundle(undeploy, null, "w1", "mvn:org.acme/mine/1.0").run(output.plain());

        assertThat(cluster.calls)
                .containsExactly("undeploy mine.jar on w1 by ann", "undeploy mine-1.0.jar on w1 by ann");
    }

    @Test
    void saysHowABundleAndItsWorkersAreNamed() {
        var deploy = new WorkerDeployCommand();
        for (var words : List.of(List.of("w1", ""), List.of("w1", "mvn:mine"), List.of("w1", "/no/such.jar"))) {
            assertThatThrownBy(() ->
                            bundle(deploy, null, words.get(0), words.get(1)).run(output.plain()))
                    .isInstanceOf(MusterException.class);
        }
        assertThatThrownBy(() -> bundle(deploy, "ssd", "w1", "docker").run(output.plain()))
                .hasMessageContaining("with --label name the bundle alone");
        assertThatThrownBy(() -> bundle(deploy, "gpu", "docker", "").run(output.plain()))
                .hasMessageContaining("has the label 'gpu'");
        assertThat(cluster.calls).isEmpty();
    }

    private BundleCommand bundle(BundleCommand command, @Nullable String label, String first, String second) {
        command.cluster = cluster;
        command.audit = deed -> {};
        command.label = label;
        command.first = first;
        command.second = second;
        return command;
    }

    /** A cluster of one worker. */
    private static final class FakeCluster implements ClusterService {
        private final List<String> calls = new ArrayList<>();

        @Override
        public ClusterStatus status() {
            return new ClusterStatus(
                    "manager",
                    "0.1.0",
                    3,
                    NOW,
                    "tcp://127.0.0.1:7071",
                    Map.of(WorkerState.ONLINE, 1),
                    List.of("w2"),
                    List.of(),
                    8,
                    2.5,
                    Map.of(JobState.RUNNING, 0),
                    Map.of(TaskState.RUNNING, 2L, TaskState.READY, 5L),
                    7,
                    0.5);
        }

        @Override
        public List<WorkerView> workers() {
            return List.of(WORKER);
        }

        @Override
        public WorkerView worker(String id) {
            return WORKER;
        }

        @Override
        public void drain(String id, String by) {
            calls.add("drain " + id + " by " + by);
        }

        @Override
        public void resume(String id, String by) {
            calls.add("resume " + id + " by " + by);
        }

        @Override
        public void remove(String id, boolean force, String by) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<String> deploy(String id, String file, String object, String by) {
            calls.add("deploy " + file + " on " + id + " by " + by);
            return CompletableFuture.completedFuture("'" + file + "' is deployed; executors: echo");
        }

        @Override
        public CompletionStage<String> deployFeature(String id, String feature, String by) {
            calls.add("deploy " + feature + " on " + id + " by " + by);
            return CompletableFuture.completedFuture("'muster-executor-" + feature + ".jar' is deployed");
        }

        @Override
        public CompletionStage<String> undeploy(String id, String name, String by) {
            calls.add("undeploy " + name + " on " + id + " by " + by);
            return CompletableFuture.completedFuture("'" + name + "' is removed");
        }

        @Override
        public String notReady() {
            return "the broker does not answer";
        }

        @Override
        public String metrics() {
            return "";
        }
    }
}
