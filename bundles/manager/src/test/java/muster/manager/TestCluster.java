package muster.manager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.JobId;
import muster.api.JobView;
import muster.api.TaskId;
import muster.api.Usage;
import muster.api.executor.Outcome;
import muster.manager.scheduler.Settings;
import muster.manager.security.SecurityKey;
import muster.manager.security.TaskSecrets;
import muster.manager.store.SqlStore;
import muster.manager.store.SqliteDatabase;
import muster.transport.BrokerAddress;
import muster.transport.CertificateRegister;
import muster.transport.Links.ManagerLink;
import muster.transport.Protocol;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.apache.karaf.features.Feature;

/** A manager on a real store, with workers whose every word a test speaks itself. */
final class TestCluster implements AutoCloseable {
    static final Duration LEASE = Duration.ofSeconds(10);

    final AtomicLong nanos = new AtomicLong(1);
    final Map<String, FakeWorker> workers = new HashMap<>();
    final Set<String> revoked = new HashSet<>();
    private final Path folder;
    private final Quotas.Limits limits;
    Manager manager;
    Jobs jobs;
    Cluster cluster;

    /** What the manager's node knows. */
    Feature[] known = {};

    final Features features = new Features(() -> known);

    TestCluster(Path folder) {
        this(folder, Quotas.Limits.NONE);
    }

    TestCluster(Path folder, Quotas.Limits limits) {
        this.folder = folder;
        this.limits = limits;
        start(List.of());
    }

    void start(List<String> expected) {
        var store = new SqlStore(new SqliteDatabase(folder.resolve("muster.db")));
        store.take(store.lease(), "manager", "");
        manager = new Manager(
                Clock.systemUTC(),
                nanos::get,
                store,
                new Settings(1, 4, Duration.ofMillis(200)),
                new Leases(Duration.ofSeconds(2), LEASE),
                limits,
                expected,
                secrets(folder));
        jobs = new Jobs(manager);
        cluster = new Cluster(
                manager,
                "manager",
                "1",
                BrokerAddress.parse("tcp://127.0.0.1:7071"),
                expected,
                List.of(),
                this::revoke,
                features);
        manager.start(new ManagerLink() {
            @Override
            public void epoch(long epoch) {}

            @Override
            public void send(String worker, List<ToWorker> messages) {
                var to = workers.get(worker);
                if (to != null) {
                    messages.forEach(to::receive);
                }
            }

            @Override
            public void revoked(CertificateRegister register) {}

            @Override
            public void close() {}
        });
        manager.workers.connected();
    }

    /** By a key that stays in the folder. */
    static TaskSecrets secrets(Path folder) {
        var file = folder.resolve("secrets.key");
        try {
            if (Files.notExists(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                var key = new byte[32];
                new SecureRandom().nextBytes(key);
                Files.writeString(file, Base64.getEncoder().encodeToString(key));
            }
            return new TaskSecrets(SecurityKey.read(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean revoke(String id, boolean seen) {
        return seen && revoked.add(id);
    }

    /** Ends the manager and starts another on the same store. */
    void restart() {
        manager.close();
        start(List.of());
    }

    FakeWorker worker(String id, double cores) {
        var worker = new FakeWorker(id, cores);
        workers.put(id, worker);
        worker.hello();
        return worker;
    }

    /** Time passes while the manager looks at it each second. */
    void passTime(Duration duration) {
        for (var second = 0; second < duration.toSeconds(); second++) {
            standStill(Duration.ofSeconds(1));
            // a turn lies between two answers
            manager.reactor.ask(() -> true);
            manager.reactor.ask(() -> true);
        }
    }

    /** Time passes while the manager does nothing. */
    void standStill(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }

    JobView ended(JobId job) throws Exception {
        return jobs.ended(job).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** Waits until this holds, which something is bringing about. */
    static void until(String what, BooleanSupplier condition) throws TimeoutException {
        var deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new TimeoutException("not within 20 s: " + what);
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        manager.close();
    }

    /** A worker that says what it is told to say. */
    final class FakeWorker {
        final String id;
        final double cores;
        String session = "s1";
        List<ExecutorView> executors =
                List.of(new ExecutorView("native", true, ""), new ExecutorView("noop", true, ""));
        List<String> labels = List.of();
        List<JobId> keeps = List.of();
        final Map<TaskId, AttemptId> running = new LinkedHashMap<>();
        final List<AttemptId> received = new ArrayList<>();
        final List<AttemptId> canceled = new ArrayList<>();
        final List<AttemptId> confirmed = new ArrayList<>();
        final List<ToWorker> messages = new ArrayList<>();
        boolean automatic;

        /** Stops what it is told to stop. */
        boolean obeys;

        FakeWorker(String id, double cores) {
            this.id = id;
            this.cores = cores;
        }

        /** Ends every attempt with success as soon as it comes. */
        FakeWorker automatic() {
            automatic = true;
            List.copyOf(running.values()).forEach(this::succeed);
            return this;
        }

        void hello() {
            hello(List.copyOf(running.values()), List.of());
        }

        void hello(List<AttemptId> runs, List<AttemptId> finished) {
            say(new ToManager.Hello(
                    session,
                    Protocol.OLDEST,
                    Protocol.NEWEST,
                    "1",
                    "127.0.0.1",
                    new Capacity(cores, 8L << 30, 100L << 30, List.of(), Map.of(), labels),
                    executors,
                    runs,
                    finished,
                    0,
                    List.of(),
                    keeps));
        }

        void say(ToManager message) {
            manager.workers.received(id, List.of(message));
        }

        synchronized void receive(ToWorker message) {
            messages.add(message);
            if (message instanceof ToWorker.Run run) {
                for (var batch : run.batches()) {
                    for (var i = 0; i < batch.indices().length; i++) {
                        var attempt = new AttemptId(new TaskId(batch.job(), batch.indices()[i]), batch.attempts()[i]);
                        received.add(attempt);
                        running.put(attempt.task(), attempt);
                        if (automatic) {
                            succeed(attempt);
                        }
                    }
                }
            } else if (message instanceof ToWorker.Cancel cancel) {
                canceled.addAll(cancel.attempts());
                if (obeys) {
                    cancel.attempts().forEach(a -> end(a, Cause.CANCELED, -1, "canceled"));
                }
            } else if (message instanceof ToWorker.Confirm confirm) {
                confirmed.addAll(confirm.attempts());
            }
        }

        /** What it was told to run and has not ended, once there are this many. */
        List<AttemptId> awaitRunning(int count) throws TimeoutException {
            until(
                    id + " runs " + count + " but has " + snapshot(),
                    () -> snapshot().size() == count);
            return snapshot();
        }

        synchronized List<AttemptId> snapshot() {
            return List.copyOf(running.values());
        }

        synchronized <T> T look(Supplier<T> supplier) {
            return supplier.get();
        }

        void heartbeat() {
            say(new ToManager.Heartbeat(session));
        }

        void started(AttemptId attempt) {
            say(new ToManager.Started(session, List.of(new ToManager.Start(attempt, Instant.now()))));
        }

        void succeed(AttemptId attempt) {
            end(attempt, Cause.SUCCESS, 0, "");
        }

        void end(AttemptId attempt, Cause cause, int exitCode, String message) {
            synchronized (this) {
                running.remove(attempt.task(), attempt);
            }
            var usage = new Usage(Duration.ofMillis(500), Duration.ofMillis(1), 1 << 20);
            var outcome = new Outcome(cause, exitCode, 0, message, usage);
            var out = "out".getBytes(StandardCharsets.UTF_8);
            var result = ToManager.Result.of(attempt, outcome, Instant.now(), Instant.now())
                    .wrote(out, out.length, null, 0, cause == Cause.SUCCESS ? "" : "the end");
            say(new ToManager.Finished(session, List.of(result)));
        }
    }
}
