package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.Role;
import muster.data.Authority;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQSecurityException;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedBrokerTest {
    @TempDir
    private Path folder;

    private final Queue<Deed> deeds = new ConcurrentLinkedQueue<>();

    private EmbeddedBroker start(Authority authority) throws Exception {
        return EmbeddedBroker.start(
                "127.0.0.1",
                0,
                folder.resolve("data"),
                authority.manager("manager"),
                new FakeRevocations(),
                deeds::add);
    }

    @Test
    void letsAWorkerDoNothingButWhatItNeeds() throws Exception {
        var authority = new Authority(folder);
        try (var broker = start(authority);
                var raw = new RawSession(broker.url(), authority.worker("w1"))) {
            var session = raw.session();
            session.createQueue(own("muster.worker.w1", "muster.worker.w1"));
            session.createConsumer("muster.worker.w1").close();
            raw.send("muster.manager", new byte[1]);
            assertThat(deeds).isEmpty();
            for (var queue : List.of(
                    own("muster.worker.w2", "muster.worker.w2"),
                    own("muster.worker.w1", "muster.worker.w2"),
                    own("muster.worker.w2", "muster.worker.w1"),
                    own("muster.manager", "muster.manager.copy"),
                    own("muster.worker.#", "muster.worker.w1.all"),
                    own("other", "other"),
                    own("muster.worker.w1", "muster.worker.w1").setDurable(true))) {
                assertThatThrownBy(() -> session.createQueue(queue))
                        .as("%s", queue)
                        .isInstanceOf(ActiveMQException.class);
            }
            assertThatThrownBy(() -> session.createConsumer("muster.manager"))
                    .isInstanceOf(ActiveMQSecurityException.class);
            assertThatThrownBy(() -> session.createConsumer("muster.worker.w1", true))
                    .isInstanceOf(ActiveMQSecurityException.class);
            assertThatThrownBy(() -> session.deleteQueue("muster.manager"))
                    .isInstanceOf(ActiveMQSecurityException.class);
            for (var address : List.of(
                    "muster.worker.w1", "muster.worker.w2", "other", "activemq.management", "$.artemis.internal.x")) {
                assertThatThrownBy(() -> raw.send(address, new byte[1]))
                        .as(address)
                        .isInstanceOf(ActiveMQSecurityException.class);
            }
            assertThat(deeds)
                    .contains(new Deed(
                            new Caller("w1", Role.WORKER, ""),
                            "broker",
                            "consume",
                            "muster.manager::muster.manager",
                            403));
        }
    }

    @Test
    void doesNotLetTheManagerOutOfItsOwnQueues() throws Exception {
        var authority = new Authority(folder);
        try (var broker = start(authority);
                var raw = new RawSession(broker.url(), authority.manager("manager"))) {
            raw.send("muster.worker.w1", new byte[1]);
            for (var address : List.of("other", "activemq.management")) {
                assertThatThrownBy(() -> raw.send(address, new byte[1]))
                        .as(address)
                        .isInstanceOf(ActiveMQSecurityException.class);
            }
        }
    }

    @Tag("proof")
    @Test
    void refusesMessagesThatAreTooLarge() throws Exception {
        var authority = new Authority(folder);
        try (var broker = start(authority);
                var raw = new RawSession(broker.url(), authority.worker("w1"))) {
            assertThatThrownBy(() -> raw.send("muster.manager", new byte[SizeLimit.MAX_BYTES + 1]))
                    .isInstanceOf(ActiveMQException.class)
                    .hasMessageContaining("from 'w1' was refused; at most 34603008 are allowed");
        }
    }

    @Test
    @Tag("proof")
    void keepsWhatDoesNotFitIntoMemoryOnDisk() throws Exception {
        var authority = new Authority(folder);
        try (var broker = start(authority);
                var worker = new RawSession(broker.url(), authority.worker("w1"));
                var manager = new RawSession(broker.url(), authority.manager("manager"))) {
            var session = manager.session();
            var consumer = session.createConsumer("muster.manager");
            var count = 50;
            for (var i = 0; i < count; i++) {
                var body = new byte[1 << 20];
                Arrays.fill(body, (byte) i);
                worker.send("muster.manager", body);
            }
            try (var paged = Files.walk(folder.resolve("data/paging"))) {
                assertThat(paged).anyMatch(file -> file.toString().endsWith(".page"));
            }
            session.start();
            for (var i = 0; i < count; i++) {
                var message = consumer.receive(Recorder.patienceMillis());
                var body = new byte[message.getBodySize()];
                message.getBodyBuffer().readBytes(body);
                message.acknowledge();
                assertThat(body).hasSize(1 << 20);
                assertThat(body[77]).isEqualTo((byte) i);
            }
        }
    }

    @Test
    void namesThePortThatIsInUseAndTheRemedy() throws Exception {
        var authority = new Authority(folder);
        try (var taken = new ServerSocket(0)) {
            assertThatThrownBy(() -> EmbeddedBroker.start(
                            "0.0.0.0",
                            taken.getLocalPort(),
                            folder.resolve("data"),
                            authority.manager("manager"),
                            new FakeRevocations(),
                            deeds::add))
                    .isInstanceOf(EmbeddedBroker.PortInUseException.class)
                    .hasMessage("muster.broker port " + taken.getLocalPort()
                            + " is in use; set port in etc/muster.broker.cfg or MUSTER_BROKER_PORT");
        }
    }

    @Tag("proof")
    @Test
    void cutsOffWhoDoesNotComeToTheEndOfTheHandshake() throws Exception {
        var authority = new Authority(folder);
        try (var broker = EmbeddedBroker.start(
                        "127.0.0.1",
                        0,
                        folder.resolve("data"),
                        authority.manager("manager"),
                        new FakeRevocations(),
                        deeds::add,
                        1);
                var silent = new Socket("127.0.0.1", broker.url().getPort());
                var slow = new Socket("127.0.0.1", broker.url().getPort());
                var mute = NodeSocket.connect(NodeSocket.context(authority.worker("w1")), broker.url())) {
            mute.startHandshake();
            // the head of a record of 4 KiB, which never ends
            slow.getOutputStream().write(new byte[] {22, 3, 1, 16, 0, 1});
            for (var socket : List.of(silent, slow, mute)) {
                socket.setSoTimeout((int) Recorder.patienceMillis());
                assertThat(socket.getInputStream().read()).as("%s", socket).isNegative();
            }
        }
    }

    @Test
    void isReachedByLoopbackWhenItListensEverywhere() throws Exception {
        var authority = new Authority(folder);
        try (var broker = EmbeddedBroker.start(
                "0.0.0.0",
                0,
                folder.resolve("data"),
                authority.manager("manager"),
                new FakeRevocations(),
                deeds::add)) {
            assertThat(broker.url())
                    .isEqualTo(URI.create("tcp://127.0.0.1:" + broker.url().getPort()));
        }
    }

    private static QueueConfiguration own(String address, String queue) {
        return QueueConfiguration.of(queue)
                .setAddress(address)
                .setRoutingType(RoutingType.ANYCAST)
                .setDurable(false);
    }
}
