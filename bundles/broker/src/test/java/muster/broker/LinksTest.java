package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Deed;
import muster.api.JobId;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Usage;
import muster.api.executor.Outcome;
import muster.data.Authority;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import muster.transport.internal.ArtemisLinks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both ends of the wire in one process, through a real broker and real TLS. */
final class LinksTest {
    private static final ToWorker WELCOME =
            new ToWorker.Welcome("s1", Duration.ofSeconds(10), Duration.ofSeconds(2), 64);

    @TempDir
    private Path folder;

    private final Links links = new ArtemisLinks();
    private final FakeRevocations revocations = new FakeRevocations();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Recorder manager = new Recorder();
    private Authority authority;
    private NodeIdentity managerIdentity;
    private EmbeddedBroker broker;
    private BrokerAddress address;
    private Links.ManagerLink managerLink;

    @BeforeEach
    void startBrokerAndManager() throws Exception {
        authority = new Authority(folder.resolve("authority"));
        managerIdentity = authority.manager("manager");
        start(0);
        managerLink = openManager(manager);
        manager.await(Recorder.Connected.class);
    }

    private final Queue<Deed> deeds = new ConcurrentLinkedQueue<>();

    @AfterEach
    void closeAll() throws Exception {
        for (var i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        broker.close();
    }

    private void start(int port) throws Exception {
        broker = EmbeddedBroker.start(
                "127.0.0.1", port, folder.resolve("data"), managerIdentity, revocations, deeds::add);
        address = new BrokerAddress(broker.url());
    }

    private Links.ManagerLink openManager(Recorder recorder) {
        var link = links.openManager(address, managerIdentity, null, recorder);
        open.add(link);
        return link;
    }

    private Links.WorkerLink openWorker(NodeIdentity identity, Recorder recorder) {
        var link = links.openWorker(address, identity, recorder);
        open.add(link);
        return link;
    }

    /** Opens a worker's link and takes it through hello and welcome. */
    private Links.WorkerLink welcomed(String id, Recorder recorder) throws Exception {
        var link = openWorker(authority.worker(id), recorder);
        recorder.await(Recorder.Connected.class);
        greet(id, link, recorder);
        return link;
    }

    private void greet(String id, Links.WorkerLink link, Recorder recorder) throws Exception {
        link.send(List.of(hello()));
        manager.awaitMessage(new Recorder.FromWorker(id, hello()));
        managerLink.send(id, List.of(WELCOME));
        recorder.await(Recorder.FromManager.class);
    }

    private static ToManager.Hello hello() {
        return new ToManager.Hello(
                "s1",
                1,
                1,
                "0.1.0",
                "127.0.0.1",
                new Capacity(2, 0, 0, List.of(), Map.of(), List.of()),
                List.of(),
                List.of(),
                List.of(),
                0,
                List.of(),
                List.of());
    }

    private static AttemptId attempt(int index) {
        return new AttemptId(new TaskId(new JobId(1), index), 1);
    }

    private static ToWorker.Cancel cancel(int index) {
        return new ToWorker.Cancel(List.of(attempt(index)));
    }

    @Test
    void carriesMessagesBothWaysInOrder() throws Exception {
        var worker = new Recorder();
        managerLink.epoch(3);
        var workerLink = welcomed("w1", worker);
        var down = IntStream.range(0, 1000).mapToObj(LinksTest::cancel).toList();
        down.forEach(message -> managerLink.send("w1", List.of(message)));
        assertThat(worker.take(1000))
                .isEqualTo(down.stream()
                        .map(message -> (Object) new Recorder.FromManager(3, message))
                        .toList());
        var up = IntStream.range(0, 1000)
                .mapToObj(i -> new ToManager.Heartbeat("s" + i))
                .toList();
        up.forEach(message -> workerLink.send(List.of(message)));
        assertThat(manager.take(1000))
                .isEqualTo(up.stream()
                        .map(message -> (Object) new Recorder.FromWorker("w1", message))
                        .toList());
    }

    @Test
    void carriesToTheWorkerThatIsMeant() throws Exception {
        var first = new Recorder();
        var second = new Recorder();
        welcomed("w1", first);
        welcomed("w2", second);
        managerLink.send("w1", List.of(cancel(1)));
        managerLink.send("w2", List.of(cancel(2)));
        managerLink.send("w1", List.of(cancel(3)));
        assertThat(first.take(2))
                .containsExactly(new Recorder.FromManager(0, cancel(1)), new Recorder.FromManager(0, cancel(3)));
        assertThat(second.take(1)).containsExactly(new Recorder.FromManager(0, cancel(2)));
    }

    @Test
    void carriesAHundredThousandRecordsBothWays() throws Exception {
        var worker = new Recorder();
        var workerLink = welcomed("w1", worker);
        var count = 100_000;
        for (var first = 0; first < count; first += 100) {
            var indices = IntStream.range(first, first + 100).toArray();
            var attempts = IntStream.generate(() -> 1).limit(100).toArray();
            managerLink.send(
                    "w1",
                    List.of(new ToWorker.Run(List.of(new ToWorker.Batch(
                            new JobId(1), "ada", TaskSpec.command("true"), indices, attempts, null)))));
        }
        var arrived = worker.take(count / 100).stream()
                .map(event -> (ToWorker.Run) ((Recorder.FromManager) event).message())
                .flatMapToInt(run -> IntStream.of(run.batches().get(0).indices()))
                .toArray();
        assertThat(arrived).isEqualTo(IntStream.range(0, count).toArray());

        var now = Instant.parse("2026-11-20T10:00:00Z");
        for (var index : arrived) {
            workerLink.send(List.of(new ToManager.Finished(
                    "s1", List.of(ToManager.Result.of(attempt(index), Outcome.success(Usage.NONE), now, now)))));
        }
        var finished = manager.take(count).stream()
                .map(event -> (ToManager.Finished) ((Recorder.FromWorker) event).message())
                .mapToInt(message -> message.results().get(0).attempt().task().index())
                .toArray();
        assertThat(finished).isEqualTo(arrived);
    }

    @Test
    void splitsResultsTooLargeForOneMessage() throws Exception {
        var workerLink = welcomed("w1", new Recorder());
        var now = Instant.parse("2026-11-20T10:00:00Z");
        var output = new byte[300_000];
        var results = IntStream.range(0, 30)
                .mapToObj(i -> ToManager.Result.of(attempt(i), Outcome.success(Usage.NONE), now, now)
                        .wrote(output, output.length, null, 0, ""))
                .toList();
        workerLink.send(List.of(new ToManager.Finished("s1", results)));
        var indices = new ArrayList<Integer>();
        while (indices.size() < results.size()) {
            var message = (ToManager.Finished)
                    manager.await(Recorder.FromWorker.class).message();
            assertThat(message.results()).hasSizeLessThan(5);
            message.results()
                    .forEach(result -> indices.add(result.attempt().task().index()));
        }
        assertThat(indices).isEqualTo(IntStream.range(0, 30).boxed().toList());
    }

    @Test
    void turnsAwayAWorkerOfAForeignAuthority() throws Exception {
        var foreign = new Authority(folder.resolve("foreign"));
        var worker = new Recorder();
        openWorker(foreign.worker("w1"), worker);
        assertThat(worker.await(Recorder.Disconnected.class).cause())
                .startsWith("TLS with the broker at " + address + " failed: ");
    }

    @Test
    @Tag("proof")
    void turnsAwayAWorkerThatTrustsUsButIsSignedByAForeignAuthority() throws Exception {
        var foreign = new Authority(folder.resolve("foreign")).worker("w1");
        var ours = authority.worker("w1");
        var mixed = new NodeIdentity("w1", foreign.keyStore(), ours.trustStore(), ours.password());
        var worker = new Recorder();
        openWorker(mixed, worker);
        assertThat(worker.await(Recorder.Disconnected.class).cause())
                .startsWith("TLS with the broker at " + address + " failed: ");
    }

    @Tag("proof")
    @Test
    void turnsAwayACertificateWithoutOneNodeName() throws Exception {
        var nameless = List.of(
                authority.identity("w1"),
                authority.identity("w1", "https://example.org/w1"),
                authority.identity("w1", "muster://admin/w1"),
                authority.identity("w1", "muster://worker/w1", "muster://manager/w1"));
        for (var identity : nameless) {
            var worker = new Recorder();
            openWorker(identity, worker);
            assertThat(worker.await(Recorder.Disconnected.class).cause()).contains("Unable to validate user");
        }
    }

    @Test
    void dropsAndRefusesARevokedWorkerAtOnce() throws Exception {
        var worker = new Recorder();
        welcomed("w1", worker);
        var other = new Recorder();
        var otherLink = welcomed("w2", other);

        revocations.revoke("w1");

        worker.await(Recorder.Disconnected.class);
        assertThat(worker.await(Recorder.Disconnected.class).cause()).contains("was removed from the cluster");
        otherLink.send(List.of(new ToManager.Heartbeat("s1")));
        manager.awaitMessage(new Recorder.FromWorker("w2", new ToManager.Heartbeat("s1")));
        var again = new Recorder();
        openWorker(authority.worker("w1"), again);
        assertThat(again.await(Recorder.Disconnected.class).cause()).contains("was removed from the cluster");
        assertThat(deeds).contains(new Deed(null, "127.0.0.1", "connect", "w1", 401));
    }

    @Test
    @Tag("proof")
    void turnsAwayAnExpiredCertificate() throws Exception {
        var worker = new Recorder();
        openWorker(authority.expired("w1"), worker);
        assertThat(worker.await(Recorder.Disconnected.class).cause()).contains("TLS");
    }

    @Test
    void refusesABrokerThatHoldsAWorkersCertificate() throws Exception {
        var worker = new Recorder();
        try (var impostor = EmbeddedBroker.start(
                "127.0.0.1", 0, folder.resolve("x"), authority.worker("w7"), revocations, deed -> {})) {
            try (var link = links.openWorker(new BrokerAddress(impostor.url()), authority.worker("w1"), worker)) {
                assertThat(worker.await(Recorder.Disconnected.class).cause())
                        .isEqualTo("the broker is no manager's: its certificate names muster://worker/w7; "
                                + "check its address, or give it a certificate of a manager");
                assertThat(link).isNotNull();
            }
        }
    }

    @Test
    void refusesABrokerThatDoesNotHearWhichWorkersWereRemoved() throws Exception {
        var second = new Recorder();
        open.add(links.openManager(address, managerIdentity, authority.worker("trial"), second));
        assertThat(second.await(Recorder.Disconnected.class).cause())
                .startsWith("the broker at " + broker.url() + " is not used, since it does not hear which workers");
    }

    @Test
    void doesNotLetAWorkerTakeTheQueueOfAnother() throws Exception {
        var thief = authority.worker("thief");
        var worker = new Recorder();
        openWorker(new NodeIdentity("w1", thief.keyStore(), thief.trustStore(), thief.password()), worker);
        assertThat(worker.await(Recorder.Disconnected.class).cause())
                .contains("muster.worker.w1")
                .contains("thief");
    }

    @Test
    void doesNotLetAWorkerTakeTheQueueOfTheManager() throws Exception {
        managerLink.close();
        var worker = authority.worker("manager");
        var recorder = new Recorder();
        open.add(links.openManager(address, worker, null, recorder));
        assertThat(recorder.await(Recorder.Disconnected.class).cause()).contains("muster.manager");
    }

    @Test
    void namesAWorkerByItsCertificateAlone() throws Exception {
        var mallory = authority.worker("mallory");
        try (var session = new RawSession(broker.url(), mallory)) {
            session.send("muster.manager", "w1", new ToManager.Heartbeat("forged"));
            manager.awaitMessage(new Recorder.FromWorker("mallory", new ToManager.Heartbeat("forged")));
        }
    }

    @Test
    void refusesWhatIsNoMessage() throws Exception {
        try (var session = new RawSession(broker.url(), authority.worker("w1"))) {
            session.send("muster.manager", new byte[] {1, 2, 3});
            session.send("muster.manager", "w1", new ToManager.Heartbeat("after"));
            manager.awaitMessage(new Recorder.FromWorker("w1", new ToManager.Heartbeat("after")));
        }
    }

    @Test
    void comesBackAfterTheBrokerDid() throws Exception {
        var worker = new Recorder();
        var workerLink = welcomed("w1", worker);
        broker.close();
        assertThat(worker.await(Recorder.Disconnected.class).cause()).isNotEmpty();
        manager.await(Recorder.Disconnected.class);
        workerLink.send(List.of(new ToManager.Heartbeat("lost")));
        start(broker.url().getPort());
        manager.await(Recorder.Connected.class);
        worker.await(Recorder.Connected.class);
        greet("w1", workerLink, worker);
        managerLink.send("w1", List.of(cancel(7)));
        assertThat(worker.take(1)).containsExactly(new Recorder.FromManager(0, cancel(7)));
    }

    @Test
    void saysWhyTheBrokerCannotBeReached() throws Exception {
        broker.close();
        var worker = new Recorder();
        openWorker(authority.worker("w1"), worker);
        assertThat(worker.await(Recorder.Disconnected.class).cause())
                .isEqualTo("the broker at " + address + " cannot be reached: Connection refused");
        start(broker.url().getPort());
        worker.await(Recorder.Connected.class);
    }

    @Test
    void dropsWhatAnOlderEpochSends() throws Exception {
        var worker = new Recorder();
        managerLink.epoch(5);
        welcomed("w1", worker);
        managerLink.epoch(4);
        managerLink.send("w1", List.of(cancel(4)));
        managerLink.epoch(6);
        managerLink.send("w1", List.of(cancel(6)));
        assertThat(worker.take(1)).containsExactly(new Recorder.FromManager(6, cancel(6)));
    }

    @Test
    void dropsWhatWasSentBeforeTheWelcome() throws Exception {
        var worker = new Recorder();
        var workerLink = openWorker(authority.worker("w1"), worker);
        worker.await(Recorder.Connected.class);
        workerLink.send(List.of(hello()));
        manager.awaitMessage(new Recorder.FromWorker("w1", hello()));
        var older = new ToWorker.Welcome("s0", Duration.ofSeconds(10), Duration.ofSeconds(2), 64);
        managerLink.send("w1", List.of(cancel(1), older, cancel(2), WELCOME, cancel(3)));
        assertThat(worker.take(2))
                .containsExactly(new Recorder.FromManager(0, WELCOME), new Recorder.FromManager(0, cancel(3)));
    }

    @Test
    void dropsWhatIsSentToAWorkerThatIsNotThere() throws Exception {
        managerLink.send("w1", List.of(cancel(1)));
        var worker = new Recorder();
        welcomed("w1", worker);
        managerLink.send("w1", List.of(cancel(2)));
        assertThat(worker.take(1)).containsExactly(new Recorder.FromManager(0, cancel(2)));
    }

    @Test
    void letsOneManagerInAtATime() throws Exception {
        var second = new Recorder();
        openManager(second);
        second.await(Recorder.Disconnected.class);
        managerLink.close();
        second.await(Recorder.Connected.class);
    }

    @Test
    void sendsWhatWaitsBeforeItCloses() throws Exception {
        var workerLink = welcomed("w1", new Recorder());
        workerLink.send(List.of(new ToManager.Goodbye("s1")));
        workerLink.close();
        manager.awaitMessage(new Recorder.FromWorker("w1", new ToManager.Goodbye("s1")));
    }

    @Test
    void survivesAListenerThatFails() throws Exception {
        var worker = new Recorder();
        open.add(links.openWorker(address, authority.worker("w1"), new Links.WorkerListener() {
            @Override
            public void connected() {
                worker.connected();
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void disconnected(String cause) {
                worker.disconnected(cause);
            }

            @Override
            public void received(long epoch, List<ToWorker> messages) {
                worker.received(epoch, messages);
                throw new IllegalStateException("on purpose");
            }
        }));
        worker.await(Recorder.Connected.class);
        var refused = new ToWorker.Refused("s1", "on purpose");
        managerLink.send("w1", List.of(refused));
        managerLink.send("w1", List.of(refused));
        assertThat(worker.take(2))
                .containsExactly(new Recorder.FromManager(0, refused), new Recorder.FromManager(0, refused));
    }
}
