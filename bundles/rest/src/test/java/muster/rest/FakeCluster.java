package muster.rest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

/** Two workers, of which one never came. */
final class FakeCluster implements ClusterService {
    private final Map<String, WorkerState> workers =
            new TreeMap<>(Map.of("w1", WorkerState.ONLINE, "w2", WorkerState.MISSING));
    final List<String> calls = new ArrayList<>();
    volatile String notReady = "";

    /** Lets a worker be known that is not there. */
    synchronized void miss(String id) {
        workers.put(id, WorkerState.MISSING);
    }

    @Override
    public ClusterStatus status() {
        return new ClusterStatus(
                "manager",
                "0.1.0",
                1,
                FakeJobs.NOW,
                "tcp://127.0.0.1:7071",
                Map.of(WorkerState.ONLINE, 1, WorkerState.MISSING, 1),
                List.of("w2"),
                List.of("/nfs"),
                4,
                1.5,
                Map.of(JobState.RUNNING, 1),
                Map.of(TaskState.READY, 7L),
                12,
                3.5);
    }

    @Override
    public synchronized List<WorkerView> workers() {
        return workers.keySet().stream().map(this::worker).toList();
    }

    @Override
    public synchronized WorkerView worker(String id) {
        var state = workers.get(id);
        if (state == null) {
            throw MusterException.notFound("there is no worker '" + id + "'");
        }
        return state == WorkerState.MISSING
                ? new WorkerView(id, state, "", "", "", null, List.of(), 0, 0, 0, null, null, "")
                : new WorkerView(
                        id,
                        state,
                        "10.0.0.1",
                        "10.0.0.1:4001",
                        "0.1.0",
                        new Capacity(4, 8L << 30, 1L << 40, List.of("H200"), Map.of("license", 2L), List.of("ssd")),
                        List.of(new ExecutorView("native", true, ""), new ExecutorView("docker", false, "no daemon")),
                        1.5,
                        1,
                        2,
                        FakeJobs.NOW,
                        FakeJobs.NOW,
                        "");
    }

    @Override
    public synchronized void drain(String id, String by) {
        worker(id);
        calls.add("drain " + id + " by " + by);
        workers.put(id, WorkerState.DRAINING);
    }

    @Override
    public synchronized void resume(String id, String by) {
        worker(id);
        workers.put(id, WorkerState.ONLINE);
    }

    @Override
    public synchronized void remove(String id, boolean force, String by) {
        if (worker(id).state() == WorkerState.ONLINE && !force) {
            throw MusterException.conflict("worker '" + id + "' is online; drain or stop it first");
        }
        workers.remove(id);
    }

    @Override
    public CompletionStage<String> deploy(String id, String file, String object, String by) {
        worker(id);
        return CompletableFuture.completedFuture("'" + file + "' is deployed; executors: echo");
    }

    @Override
    public CompletionStage<String> deployFeature(String id, String feature, String by) {
        worker(id);
        calls.add("deploy " + feature + " on " + id + " by " + by);
        return CompletableFuture.completedFuture("'muster-executor-" + feature + ".jar' is deployed");
    }

    @Override
    public CompletionStage<String> undeploy(String id, String file, String by) {
        worker(id);
        return CompletableFuture.completedFuture("'" + file + "' is removed");
    }

    @Override
    public String notReady() {
        return notReady;
    }

    @Override
    public String metrics() {
        return "# TYPE muster_tasks_ended_total counter\nmuster_tasks_ended_total 12\n";
    }
}
