package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.data.FakePlane;
import muster.data.Manifest;
import muster.manager.scheduler.Settings;
import muster.manager.store.PostgresqlDatabase;
import muster.manager.store.PostgresqlServer;
import muster.manager.store.SqlStore;
import muster.manager.store.Store;
import muster.manager.store.Write;
import muster.transport.BrokerAddress;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.apache.karaf.features.Feature;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two managers on one database. */
class ElectionTest {
    private static PostgresqlServer server;

    @TempDir
    private Path folder;

    private String url = "";

    @BeforeAll
    static void start() throws Exception {
        server = new PostgresqlServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void database() throws Exception {
        url = server.database();
    }

    private Store open() {
        return new SqlStore(new PostgresqlDatabase(url, "", ""));
    }

    private ManagerFiles files(Manager manager, Path data) {
        try {
            return new ManagerFiles(
                    new FakePlane().of(new NodeName(NodeName.Role.MANAGER, "m")),
                    new NodeIdentity("m", folder, folder, ""),
                    "127.0.0.1",
                    0,
                    data,
                    new Jobs(manager),
                    new KnownAttempts(manager),
                    worker -> false,
                    ManagerFiles.Keep.ON_DISK);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A manager that stands for election. */
    private final class Candidate implements AutoCloseable {
        final Leadership leadership = new Leadership();
        final BlockingQueue<Manager> leading = new LinkedBlockingQueue<>();
        final BlockingQueue<Boolean> ended = new LinkedBlockingQueue<>();
        private final Election election;

        Candidate(String name) {
            election = new Election(
                    ElectionTest.this::open,
                    name,
                    "https://" + name + ":7070",
                    Duration.ofSeconds(3),
                    leadership::standBy,
                    this::lead);
        }

        private AutoCloseable lead(Store store) {
            var manager = manager(store);
            var jobs = new Jobs(manager);
            leadership.begin(
                    jobs,
                    new Cluster(
                            manager,
                            "m",
                            "1",
                            new BrokerAddress(URI.create("tcp://127.0.0.1:7071")),
                            List.of(),
                            List.of(),
                            (id, seen) -> seen,
                            new Features(() -> new Feature[0])),
                    files(manager, folder));
            leading.add(manager);
            return () -> {
                leadership.end();
                manager.close();
                ended.add(true);
            };
        }

        Manager awaitLead() throws InterruptedException {
            var manager = leading.poll(60, TimeUnit.SECONDS);
            assertThat(manager).as("leads").isNotNull();
            return manager;
        }

        @Override
        public void close() {
            election.close();
        }
    }

    private Manager manager(Store store) {
        var manager = new Manager(
                Clock.systemUTC(),
                System::nanoTime,
                store,
                new Settings(1, 4, Duration.ofMillis(200)),
                new Leases(Duration.ofSeconds(2), Duration.ofSeconds(10)),
                Quotas.Limits.NONE,
                List.of("w1"),
                TestCluster.secrets(folder));
        manager.reactor.start();
        return manager;
    }

    private static JobSpec job() {
        return JobSpec.of("one", new Work.Single(TaskSpec.command("true")));
    }

    @Test
    void theOneThatStandsByLeadsOnceTheOtherHasLeft() throws Exception {
        var first = new Candidate("m1");
        var job = new Jobs(first.awaitLead()).submit(job(), "ada", null);
        try (var second = new Candidate("m2")) {
            TestCluster.until(
                    "says who leads",
                    () -> second.leadership.cluster().notReady().contains("'m1' leads"));
            assertThatThrownBy(() -> second.leadership.jobs().submit(job(), "ada", null))
                    .isInstanceOfSatisfying(
                            MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                    .hasMessageContaining("ask https://m1:7070");
            assertThat(second.leading).isEmpty();
            first.close();
            assertThat(first.leadership.cluster().notReady()).contains("leads no more");
            second.awaitLead();
            assertThat(second.leadership.jobs().job(job).owner()).isEqualTo("ada");
            assertThatThrownBy(() -> second.leadership.jobs().job(new JobId(99)))
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining("does not exist");
        }
    }

    @Tag("proof")
    @Test
    void takesOverFromOneThatIsSilentAndWhoseLaterWritesFail() throws Exception {
        var paused = open();
        assertThat(paused.take(paused.lease(), "m1", "")).isTrue();
        var old = manager(paused);
        var job = new Jobs(old).submit(job(), "ada", null);

        try (var second = new Candidate("m2")) {
            var manager = second.awaitLead();
            assertThat(manager.epoch).isGreaterThan(old.epoch);

            // goes on as one that was paused
            assertThatThrownBy(() -> new Jobs(old).submit(job(), "ada", null)).isInstanceOf(MusterException.class);
            TestCluster.until("knows", () -> paused.fault().contains("another manager has taken"));
            assertThat(new Jobs(manager).job(job).owner()).isEqualTo("ada");
            assertThat(new Jobs(manager).submit(job(), "ada", null)).isGreaterThan(job);
        } finally {
            old.close();
        }
    }

    @Test
    void oneThatLostItsLeaseEndsAndStandsByAgain() throws Exception {
        try (var first = new Candidate("m1")) {
            first.awaitLead();
            var following = first.leadership
                    .jobs()
                    .eventAfter(first.leadership.jobs().newestEvent())
                    .toCompletableFuture();
            var thief = open();
            TestCluster.until("taken", () -> thief.take(thief.lease(), "m2", ""));
            assertThat(first.ended.poll(60, TimeUnit.SECONDS)).isTrue();
            assertThat(following).isCompletedExceptionally();
            thief.write(new Write.Beat(), () -> {}, e -> {});
            assertThat(first.leading).isEmpty();
            thief.close();
            first.awaitLead();
        }
    }

    @Test
    void holdsTheLeaseWhileItBegins() throws Exception {
        var beginning = new CompletableFuture<Store>();
        var begun = new CompletableFuture<Boolean>();
        var slow = new Election(this::open, "m1", "", Duration.ofSeconds(3), seen -> {}, store -> {
            beginning.complete(store);
            begun.join();
            return () -> {};
        });
        try {
            var store = beginning.get(60, TimeUnit.SECONDS);
            var first = store.lease().commits();
            TestCluster.until("it gives signs of life", () -> store.lease().commits() >= first + 3);
        } finally {
            begun.complete(true);
            slow.close();
        }
    }

    @Test
    void oneThatWasPausedLeavesAloneWhatTheOthersJobsMade() throws Exception {
        var paused = open();
        assertThat(paused.take(paused.lease(), "m1", "")).isTrue();
        var old = manager(paused);
        var data = folder.resolve("data");
        var oldFiles = use(old, files(old, data));
        var store = open();
        try {
            assertThat(store.take(store.lease(), "m2", "")).isTrue();
            var manager = manager(store);
            try {
                var files = use(manager, files(manager, data));
                var job = new Jobs(manager).submit(job(), "ada", null);
                var attempt = new AttemptId(new TaskId(job, 0), 1);
                files.outputs().record(new Outputs.Made(attempt, "w1", new Manifest(List.of())));

                // by the id that the other's job has
                assertThatThrownBy(() -> new Jobs(old).submit(job(), "ada", null))
                        .isInstanceOf(MusterException.class);
                assertThatThrownBy(() -> oldFiles.outputs().removeAfter(paused.lastJob(), paused::leads))
                        .hasMessageContaining("leads no more");
                assertThat(files.outputs().find(attempt)).isPresent();
            } finally {
                manager.close();
            }
        } finally {
            old.close();
        }
    }

    private static ManagerFiles use(Manager manager, ManagerFiles files) {
        return manager.reactor.ask(() -> {
            manager.files(files, "");
            return files;
        });
    }
}
