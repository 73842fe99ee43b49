package muster.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;

/** Tasks that do nothing: what Muster itself costs. */
public final class Noop {
    private static final String TASK = "{\"executor\":\"noop\"}";
    private static final int FEW = 10_000;
    private static final int WARM_TASKS = 100_000;
    private static final int SAMPLE = 100;
    private static final int PAGE = 100;
    private static final long HEAP_PAUSE_SECONDS = 1;

    private final Manager manager;
    private final int tasks;
    private final int rounds;
    private final Random random = new Random(1);

    /** @param rounds how often each size is measured, the median counting; as often is warmed up before */
    public Noop(Client client, int tasks, int rounds) {
        this.manager = new Manager(client);
        this.tasks = tasks;
        this.rounds = rounds;
    }

    /** Measures, and tells each figure as it is there. */
    public void run(Consumer<Measurement> tell) {
        manager.slots();
        var first = Math.min(FEW, tasks);
        var cold = manager.endedTasks() == 0;
        tell.accept(array(cold ? "noop-cold" : "noop-first", first));
        for (var i = 0; i < rounds; i++) {
            array("warm-up", Math.min(WARM_TASKS, tasks));
        }
        if (tasks > FEW) {
            tell.accept(median(FEW));
        }
        tell.accept(median(tasks));
        listAndCancel(tell);
    }

    private Measurement median(int size) {
        var all = new ArrayList<Measurement>();
        for (var i = 0; i < rounds; i++) {
            all.add(array("noop", size));
        }
        all.sort(Comparator.comparingDouble(one -> one.figure(Measurement.SECONDS)));
        return all.get(all.size() / 2);
    }

    /** Runs one array and verifies it. */
    private Measurement array(String name, int size) {
        try (var heap = new HighestHeap()) {
            var cpu = manager.cpuSeconds();
            var start = System.nanoTime();
            var id = manager.submitArray(TASK, size);
            var job = manager.ended(id);
            var seconds = (System.nanoTime() - start) / 1e9;
            var used = manager.cpuSeconds() - cpu;
            verify(job, size);
            manager.delete(id);
            return Measurement.of(name, size, seconds)
                    .with(Measurement.HEAP, heap.highest())
                    .with(Measurement.CPU, used * 1e6 / size);
        }
    }

    /**
     * Every task has succeeded; of a random sample each had one attempt with a worker and all times; and where the
     * manager still keeps them all, each has its event.
     */
    private void verify(JsonNode job, int size) {
        var succeeded = job.path("tasks").path("succeeded").asInt();
        if (succeeded != size) {
            throw wrong(job, "only " + succeeded + " of " + size + " tasks succeeded");
        }
        if (size <= FEW) {
            var events = manager.eventsOfSuccess(job.path("id").asText());
            if (events != size) {
                throw wrong(job, "only " + events + " of " + size + " tasks have an event");
            }
        }
        for (var i = 0; i < SAMPLE; i++) {
            var index = random.nextInt(size);
            var task = manager.task(job.path("id").asText(), index);
            var attempt = task.path("attempts").path(0);
            if (!task.path("state").asText().equals("succeeded")
                    || task.path("attempts").size() != 1
                    || attempt.path("number").asInt() != 1
                    || attempt.path("worker").asText("").isEmpty()
                    || !attempt.path("assignedAt").isTextual()
                    || !attempt.path("startedAt").isTextual()
                    || !attempt.path("finishedAt").isTextual()) {
                throw wrong(job, "task " + index + " is not as it should be: " + task);
            }
        }
    }

    private static Failure wrong(JsonNode job, String what) {
        return new Failure(
                ExitCode.INTERNAL,
                "job " + job.path("id").asText() + " did not end as it should: " + what,
                List.of(),
                null);
    }

    /** Lists pages of a job while it runs, and cancels it when half of it is done. */
    private void listAndCancel(Consumer<Measurement> tell) {
        var id = manager.submitArray(TASK, tasks);
        var pages = new Latencies();
        JsonNode job;
        do {
            var from = random.nextInt(Math.max(1, tasks - PAGE));
            var start = System.nanoTime();
            manager.page(id, from, PAGE);
            pages.add(System.nanoTime() - start);
            job = manager.job(id);
        } while (job.path("tasks").path("succeeded").asInt() < tasks / 2);
        tell.accept(new Measurement("noop-list", tasks, Map.of()).with(pages));
        var start = System.nanoTime();
        manager.cancel(id);
        manager.ended(id);
        tell.accept(new Measurement("noop-cancel", tasks, Map.of())
                .with(Measurement.SECONDS, (System.nanoTime() - start) / 1e9));
        manager.delete(id);
    }

    /** Looks at the manager's heap now and then, seldom enough not to be measured itself, and at the end. */
    private final class HighestHeap implements AutoCloseable {
        private final CountDownLatch closed = new CountDownLatch(1);
        private final CompletableFuture<Long> found;

        HighestHeap() {
            found = CompletableFuture.supplyAsync(this::watch);
        }

        private long watch() {
            var highest = 0L;
            try {
                while (!closed.await(HEAP_PAUSE_SECONDS, TimeUnit.SECONDS)) {
                    highest = Math.max(highest, manager.heapBytes());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Math.max(highest, manager.heapBytes());
        }

        long highest() {
            closed.countDown();
            return found.join();
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
