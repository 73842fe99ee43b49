package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.JobId;
import muster.api.TaskId;
import muster.data.Authority;
import muster.transport.BrokerAddress;
import muster.transport.CertificateRegister;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import muster.transport.internal.ArtemisLinks;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQSecurityException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both ends of the wire through brokers that are processes of their own. */
@Tag("proof")
final class ExternalBrokerTest {
    private static final ToManager.Hello HELLO = new ToManager.Hello(
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
    private static final ToWorker WELCOME =
            new ToWorker.Welcome("s1", Duration.ofSeconds(10), Duration.ofSeconds(2), 64);
    private static final ToWorker CANCEL = new ToWorker.Cancel(List.of(new AttemptId(new TaskId(new JobId(1), 0), 1)));

    @TempDir
    private Path folder;

    private final Links links = new ArtemisLinks();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Recorder manager = new Recorder();
    private final Recorder worker = new Recorder();
    private Authority authority;
    private BrokerProcess broker;

    @BeforeEach
    void startBroker() throws Exception {
        authority = new Authority(folder.resolve("authority"));
        broker = start("a", 0);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (var i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private BrokerProcess start(String name, int port) throws Exception {
        var started = BrokerProcess.start(folder.resolve(name), authority.manager("broker"), port);
        open.add(started);
        return started;
    }

    private Links.ManagerLink openManager(BrokerAddress address) throws Exception {
        var link = links.openManager(address, authority.manager("manager"), authority.worker("trial"), manager);
        open.add(link);
        manager.await(Recorder.Connected.class);
        return link;
    }

    private Links.WorkerLink openWorker(BrokerAddress address) throws Exception {
        var link = openWorker(address, authority.worker("w1"), worker);
        worker.await(Recorder.Connected.class);
        return link;
    }

    private Links.WorkerLink openWorker(BrokerAddress address, NodeIdentity identity, Recorder recorder) {
        var link = links.openWorker(address, identity, recorder);
        open.add(link);
        return link;
    }

    private void speak(Links.ManagerLink managerLink, Links.WorkerLink workerLink) throws Exception {
        speak(managerLink, "w1", workerLink, worker);
    }

    private void speak(Links.ManagerLink managerLink, String id, Links.WorkerLink workerLink, Recorder recorder)
            throws Exception {
        workerLink.send(List.of(HELLO));
        manager.awaitMessage(new Recorder.FromWorker(id, HELLO));
        managerLink.send(id, List.of(WELCOME, CANCEL));
        recorder.awaitMessage(new Recorder.FromManager(0, CANCEL));
    }

    @Test
    void bothSidesComeBackAfterItWasKilled() throws Exception {
        var address = new BrokerAddress(broker.url());
        var managerLink = openManager(address);
        var workerLink = openWorker(address);
        speak(managerLink, workerLink);
        broker.kill();
        manager.await(Recorder.Disconnected.class);
        worker.await(Recorder.Disconnected.class);
        start("a", broker.url().getPort());
        manager.await(Recorder.Connected.class);
        worker.await(Recorder.Connected.class);
        speak(managerLink, workerLink);
    }

    @Test
    void bothSidesGoOverToTheSecondOfAPair() throws Exception {
        var second = start("b", 0);
        var address = BrokerAddress.parse("(" + broker.url() + "," + second.url() + ")");
        var managerLink = openManager(address);
        var workerLink = openWorker(address);
        speak(managerLink, workerLink);
        broker.kill();
        manager.await(Recorder.Connected.class);
        worker.await(Recorder.Connected.class);
        speak(managerLink, workerLink);
        start("a", broker.url().getPort());
        second.kill();
        manager.await(Recorder.Connected.class);
        worker.await(Recorder.Connected.class);
        speak(managerLink, workerLink);
    }

    @Test
    void aWorkerThatHearsNoManagerGoesOnToTheNextOfAPair() throws Exception {
        var second = start("b", 0);
        var managerLink = openManager(new BrokerAddress(second.url()));
        var workerLink = openWorker(BrokerAddress.parse("(" + broker.url() + "," + second.url() + ")"));
        workerLink.unanswered();
        worker.await(Recorder.Connected.class);
        speak(managerLink, workerLink);
    }

    @Test
    void dropsARemovedWorkerAtOnceAndTurnsItAwayAfterARestartWithoutTheManager() throws Exception {
        var address = BrokerAddress.parse(broker.url().toString());
        var managerLink = openManager(address);
        var first = authority.worker("w1");
        openWorker(address, first, worker);
        worker.await(Recorder.Connected.class);
        var other = new Recorder();
        var otherLink = openWorker(address, authority.worker("w2"), other);
        other.await(Recorder.Connected.class);

        managerLink.revoked(new CertificateRegister(List.of(Certificates.revoked(first))));

        worker.await(Recorder.Disconnected.class);
        assertThat(worker.await(Recorder.Disconnected.class).cause()).contains("was removed from the cluster");
        speak(managerLink, "w2", otherLink, other);

        managerLink.close();
        broker.kill();
        start("a", broker.url().getPort());
        other.await(Recorder.Connected.class);
        var again = new Recorder();
        openWorker(address, first, again);
        assertThat(again.await(Recorder.Disconnected.class).cause()).contains("was removed from the cluster");

        var second = authority.worker("w1");
        var back = openManager(address);
        back.revoked(new CertificateRegister(List.of(Certificates.revoked(first), Certificates.good(second))));
        var anew = new Recorder();
        var anewLink = openWorker(address, second, anew);
        anew.await(Recorder.Connected.class);
        speak(back, "w1", anewLink, anew);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            needClientAuth=true | needClientAuth=false | hears strangers
            <security-enabled>true | <security-enabled>false | lets a worker read another's queue
            validated-user>true | validated-user>false | does not say by whose certificate
            """)
    void theManagerUsesNoBrokerThatKeepsOtherRules(String ours, String theirs, String why) throws Exception {
        var place = Files.createDirectories(folder.resolve("other"));
        try (var template = ExternalBroker.class.getResourceAsStream("broker.xml")) {
            var text = new String(template.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text).contains(ours);
            Files.writeString(place.resolve("broker.xml"), text.replace(ours, theirs));
        }
        var other = start("other", 0);
        open.add(links.openManager(
                BrokerAddress.parse(other.url().toString()),
                authority.manager("manager"),
                authority.worker("trial"),
                manager));

        assertThat(manager.await(Recorder.Disconnected.class).cause())
                .startsWith("the broker at " + other.url() + " is not used, since it " + why);
    }

    @Test
    void letsAWorkerDoNothingButWhatItNeeds() throws Exception {
        try (var raw = new RawSession(broker.url(), authority.worker("w1"))) {
            raw.send("muster.manager", new byte[1]);
            assertThatThrownBy(() -> raw.send("muster.worker.w2", new byte[1]))
                    .isInstanceOf(ActiveMQSecurityException.class);
            assertThatThrownBy(() -> raw.session().createConsumer("muster.manager"))
                    .isInstanceOf(ActiveMQSecurityException.class);
            assertThatThrownBy(() -> raw.send("muster.manager", new byte[SizeLimit.MAX_BYTES + 1]))
                    .isInstanceOf(ActiveMQException.class)
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void itsFileSaysWhatTheEmbeddedOneDoes() throws Exception {
        var file = ExternalBroker.configuration(folder.resolve("a"));
        var embedded = EmbeddedBroker.configuration("127.0.0.1", 0, folder, authority.manager("manager"), 10);
        assertThat(file.getAddressSettings()).isEqualTo(embedded.getAddressSettings());
        assertThat(file.getGlobalMaxSize()).isEqualTo(embedded.getGlobalMaxSize());
        assertThat(file.isPersistenceEnabled()).isFalse();
        assertThat(file.isSecurityEnabled()).isTrue();
        assertThat(file.isPopulateValidatedUser()).isTrue();
        assertThat(file.isRejectEmptyValidatedUser()).isTrue();
        assertThat(file.getAuthenticationCacheSize()).isZero();
        assertThat(file.getAuthorizationCacheSize()).isZero();
    }
}
