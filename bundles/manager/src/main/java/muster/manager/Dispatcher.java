package muster.manager;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import muster.api.AttemptId;
import muster.api.Work;
import muster.manager.scheduler.Execution;
import muster.manager.scheduler.JobRun;
import muster.manager.store.Store;
import muster.manager.store.StoredDispatch;
import muster.manager.store.Write;
import muster.transport.Links.ManagerLink;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;

/**
 * Sends what the scheduler decided. An attempt is sent only after its dispatch is durable, so that no two attempts ever
 * bear the same number; all messages to workers take this way, so that none overtakes another. Reactor's thread only.
 */
final class Dispatcher {
    private final Store store;
    private final Map<Key, Gathered> gathered = new LinkedHashMap<>();
    private final Map<String, List<AttemptId>> stops = new LinkedHashMap<>();
    private final Map<String, List<AttemptId>> confirms = new LinkedHashMap<>();
    private volatile @Nullable ManagerLink link;

    /**
     * Attempts to one worker that share a specification.
     *
     * @param spec position of the task that has it
     */
    private record Key(String worker, JobRun job, int spec) {}

    private static final class Gathered {
        final List<Execution> executions = new ArrayList<>();
    }

    Dispatcher(Store store) {
        this.store = store;
    }

    void link(ManagerLink newLink) {
        link = newLink;
    }

    void add(Execution execution) {
        var graph = execution.job.spec.work() instanceof Work.Graph;
        var key = new Key(execution.worker, execution.job, graph ? execution.position : 0);
        gathered.computeIfAbsent(key, k -> new Gathered()).executions.add(execution);
    }

    void stop(String worker, AttemptId attempt) {
        stops.computeIfAbsent(worker, w -> new ArrayList<>()).add(attempt);
    }

    /** Tells a worker that results of its attempts are durable, which they are once all given to the store before is. */
    void confirm(String worker, List<AttemptId> attempts) {
        confirms.computeIfAbsent(worker, w -> new ArrayList<>()).addAll(attempts);
    }

    /** Makes what was gathered durable and sends it, all for one worker together. */
    void flush() {
        var messages = new LinkedHashMap<String, List<ToWorker>>();
        confirms.forEach((worker, attempts) -> add(messages, worker, new ToWorker.Confirm(attempts)));
        confirms.clear();
        var batches = new LinkedHashMap<String, List<ToWorker.Batch>>();
        gathered.forEach((key, some) ->
                batches.computeIfAbsent(key.worker, w -> new ArrayList<>()).add(record(key, some.executions)));
        gathered.clear();
        batches.forEach((worker, some) -> add(messages, worker, new ToWorker.Run(some)));
        stops.forEach((worker, attempts) -> add(messages, worker, new ToWorker.Cancel(attempts)));
        stops.clear();
        if (!messages.isEmpty()) {
            sendOnceDurable(messages);
        }
    }

    private static void add(Map<String, List<ToWorker>> messages, String worker, ToWorker message) {
        messages.computeIfAbsent(worker, w -> new ArrayList<>()).add(message);
    }

    private ToWorker.Batch record(Key key, List<Execution> executions) {
        var work = key.job.spec.work();
        var indices = new int[executions.size()];
        var numbers = new int[indices.length];
        var items = work instanceof Work.Array array && array.items() != null ? new ArrayList<String>() : null;
        for (var i = 0; i < indices.length; i++) {
            var execution = executions.get(i);
            indices[i] = JobRun.index(work, execution.position);
            numbers[i] = execution.number;
            if (items != null) {
                items.add(Objects.requireNonNull(JobRun.item(work, execution.position)));
            }
        }
        Instant at = executions.get(0).assignedAt;
        store.write(
                new Write.Dispatched(new StoredDispatch(key.job.id, key.worker, at, indices, numbers)),
                () -> {},
                e -> {});
        return new ToWorker.Batch(
                key.job.id, key.job.owner, key.job.task(key.spec), indices, numbers, items, key.job.secrets);
    }

    /** Sends once all that was given to the store before is durable. */
    void send(String worker, ToWorker message) {
        sendOnceDurable(Map.of(worker, List.of(message)));
    }

    private void sendOnceDurable(Map<String, List<ToWorker>> messages) {
        store.write(
                new Write.Barrier(),
                () -> {
                    var to = link;
                    if (to != null) {
                        messages.forEach(to::send);
                    }
                },
                e -> {});
    }
}
