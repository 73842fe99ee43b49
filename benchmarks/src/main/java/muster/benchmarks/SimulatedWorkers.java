package muster.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.ExecutorView;
import muster.api.TaskId;
import muster.api.Usage;
import muster.api.executor.Outcome;
import muster.transport.Links;
import muster.transport.Protocol;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import muster.transport.internal.ArtemisLinks;
import muster.worker.Credentials;
import muster.worker.Enrolment;
import muster.worker.JoinToken;
import org.jspecify.annotations.Nullable;

/**
 * Any number of workers in one process, real to the manager but for their executor: each enrols, has its certificate and
 * its own link, and ends every noop task as soon as it comes. Arguments: the manager's URL, a join token for that many
 * workers, and how many. Runs until standard input ends, and says then how evenly the tasks were spread.
 */
public final class SimulatedWorkers {

    private final Links links = new ArtemisLinks();
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    private final CountDownLatch welcomed;

    private SimulatedWorkers(int count) {
        welcomed = new CountDownLatch(count);
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("give the manager's URL, a join token and how many workers");
        }
        var count = Integer.parseInt(args[2]);
        new SimulatedWorkers(count).run(URI.create(args[0]), JoinToken.parse(args[1], "the second argument"), count);
    }

    private void run(URI manager, JoinToken token, int count) throws IOException, InterruptedException {
        var folder = Files.createTempDirectory("muster-workers-");
        var workers = new ArrayList<Worker>();
        try {
            for (var i = 0; i < count; i++) {
                workers.add(join(manager, token, "s" + i, folder.resolve("s" + i)));
            }
            welcomed.await();
            System.out.println(count + " workers are online; they work until standard input ends");
            while (System.in.read() >= 0) {
                // until the end
            }
            var tasks = workers.stream().mapToLong(worker -> worker.tasks.sum()).summaryStatistics();
            System.out.printf(
                    "%d tasks: least %d, mean %.1f, most %d a worker%n",
                    tasks.getSum(), tasks.getMin(), tasks.getAverage(), tasks.getMax());
        } finally {
            timer.shutdownNow();
            workers.parallelStream().forEach(Worker::close);
            delete(folder);
        }
    }

    private Worker join(URI manager, JoinToken token, String id, Path folder) throws InterruptedException {
        var credentials = Credentials.store(folder, id, Enrolment.request(List.of(manager), token, id));
        var worker = new Worker(id);
        worker.link = links.openWorker(credentials.broker(), credentials.identity(), worker);
        return worker;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    private final class Worker implements Links.WorkerListener {
        private final String id;
        private final String session;
        private final LongAdder tasks = new LongAdder();
        private volatile Links.@Nullable WorkerLink link;
        private @Nullable ScheduledFuture<?> beats;

        Worker(String id) {
            this.id = id;
            this.session = "session-" + id;
        }

        private void send(ToManager message) {
            var current = link;
            if (current != null) {
                current.send(List.of(message));
            }
        }

        @Override
        public void connected() {
            // the link may be told of before it is known here
            timer.execute(this::hello);
        }

        private void hello() {
            send(new ToManager.Hello(
                    session,
                    Protocol.OLDEST,
                    Protocol.NEWEST,
                    "simulated",
                    "127.0.0.1",
                    new Capacity(1, 1L << 30, 1L << 30, List.of(), Map.of(), List.of()),
                    List.of(new ExecutorView("noop", true, "")),
                    List.of(),
                    List.of(),
                    0,
                    List.of(),
                    List.of()));
        }

        @Override
        public void disconnected(String cause) {
            System.err.println(id + ": " + cause);
        }

        @Override
        public void received(long epoch, List<ToWorker> messages) {
            for (var message : messages) {
                if (message instanceof ToWorker.Welcome welcome) {
                    beat(welcome.heartbeat());
                } else if (message instanceof ToWorker.Reintroduce) {
                    hello();
                } else if (message instanceof ToWorker.Run run) {
                    run.batches().forEach(this::run);
                }
            }
        }

        private void beat(Duration heartbeat) {
            if (beats == null) {
                beats = timer.scheduleAtFixedRate(
                        () -> send(new ToManager.Heartbeat(session)),
                        heartbeat.toNanos(),
                        heartbeat.toNanos(),
                        TimeUnit.NANOSECONDS);
                welcomed.countDown();
            }
        }

        private void run(ToWorker.Batch batch) {
            var results = new ArrayList<ToManager.Result>(batch.indices().length);
            var now = Instant.now();
            for (var i = 0; i < batch.indices().length; i++) {
                var attempt = new AttemptId(new TaskId(batch.job(), batch.indices()[i]), batch.attempts()[i]);
                results.add(ToManager.Result.of(attempt, Outcome.success(Usage.NONE), now, now));
            }
            tasks.add(results.size());
            send(new ToManager.Finished(session, results));
        }

        private void close() {
            send(new ToManager.Goodbye(session));
            var current = link;
            if (current != null) {
                current.close();
            }
        }
    }
}
