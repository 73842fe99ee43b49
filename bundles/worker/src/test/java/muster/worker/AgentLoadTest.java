package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import muster.api.Capacity;
import muster.api.JobId;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a million tasks that do nothing through an agent, and tells the rate; a manager played by the test confirms. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AgentLoadTest {
    private static final Logger LOG = LoggerFactory.getLogger(AgentLoadTest.class);
    private static final int TASKS = 1_000_000;
    private static final int BATCH = 250;
    private static final int MOST_OPEN = 40 * BATCH;

    @TempDir
    Path root;

    @Test
    void carriesAMillionTasksAndLosesNone() throws Exception {
        var manager = new Manager();
        try (var folder = WorkFolder.open(root);
                var spool = Spool.open(folder.spool(), 8 << 20);
                var registry = new ExecutorRegistry(Duration.ofHours(1), "");
                var agent = new Agent(
                        new Agent.Node(
                                "w1", "s", "1", "127.0.0.1", new Capacity(2, 0, 0, List.of(), Map.of(), List.of())),
                        manager,
                        new BrokerAddress(URI.create("tcp://127.0.0.1:1")),
                        new NodeIdentity("w1", root, root, ""),
                        registry,
                        folder,
                        new Logs(folder.logs(), folder.spares(), 0),
                        TaskUsers.NONE,
                        spool,
                        TaskFiles.NONE,
                        Agent.Timing.DEFAULT,
                        () -> false)) {
            registry.add(Tasks.KIND, new Instant());
            eventually("the executor is probed", () -> registry.available(Tasks.KIND) != null);
            agent.start();
            eventually("the link is open", () -> manager.listener != null);
            manager.listener.connected();
            manager.listener.received(
                    1, List.of(new ToWorker.Welcome("s", Duration.ofSeconds(10), Duration.ofSeconds(2), 64)));

            var before = System.nanoTime();
            var ones = IntStream.generate(() -> 1).limit(BATCH).toArray();
            for (var from = 0; from < TASKS; from += BATCH) {
                manager.open.acquire(BATCH);
                var indices = IntStream.range(from, from + BATCH).toArray();
                manager.listener.received(
                        1,
                        List.of(new ToWorker.Run(
                                List.of(new ToWorker.Batch(new JobId(1), "ada", Tasks.task(), indices, ones, null)))));
            }
            eventually("every task has ended", () -> manager.finished.sum() == TASKS);
            var seconds = (System.nanoTime() - before) / 1e9;

            eventually("every result is confirmed", () -> spool.unconfirmed().isEmpty());
            assertThat(manager.finished.sum()).isEqualTo(TASKS);
            LOG.info(
                    "{} tasks in {} s: {} per second, {} results a message",
                    TASKS,
                    Math.round(seconds * 100) / 100.0,
                    Math.round(TASKS / seconds),
                    TASKS / manager.messages.get());
        }
    }

    private static final class Instant implements Executor {
        private static final Outcome SUCCESS = Outcome.success(Usage.NONE);

        @Override
        public Availability probe() {
            return Availability.YES;
        }

        @Override
        public void start(List<Attempt> attempts, Outcomes outcomes) {
            attempts.forEach(attempt -> outcomes.ended(attempt.id(), SUCCESS));
        }

        @Override
        public void cancel(Attempt attempt) {
            throw new AssertionError("nothing is canceled");
        }
    }

    private static final class Manager implements Links, Links.WorkerLink {
        final Semaphore open = new Semaphore(MOST_OPEN);
        final LongAdder finished = new LongAdder();
        final AtomicLong messages = new AtomicLong();
        volatile WorkerListener listener;

        @Override
        public ManagerLink openManager(
                BrokerAddress broker, NodeIdentity identity, NodeIdentity trial, ManagerListener ears) {
            throw new AssertionError("a worker opens no manager's link");
        }

        @Override
        public WorkerLink openWorker(BrokerAddress broker, NodeIdentity identity, WorkerListener ears) {
            listener = ears;
            return this;
        }

        @Override
        public void send(List<ToManager> sent) {
            for (var message : sent) {
                if (message instanceof ToManager.Finished ended) {
                    var attempts = ended.results().stream()
                            .map(ToManager.Result::attempt)
                            .toList();
                    messages.incrementAndGet();
                    listener.received(1, List.of(new ToWorker.Confirm(attempts)));
                    finished.add(attempts.size());
                    open.release(attempts.size());
                }
            }
        }

        @Override
        public void unanswered() {}

        @Override
        public void close() {}
    }
}
