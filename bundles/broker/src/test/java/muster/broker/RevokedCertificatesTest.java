package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import muster.data.Authority;
import muster.transport.CertificateRegister;
import muster.transport.NodeIdentity;
import muster.transport.Queues;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQSecurityException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The external broker in this process. */
final class RevokedCertificatesTest {
    @TempDir
    private Path folder;

    private Authority authority;
    private NodeIdentity manager;
    private NodeIdentity worker;
    private byte[] list;

    @BeforeEach
    void prepare() throws Exception {
        authority = new Authority(folder.resolve("authority"));
        manager = authority.manager("manager");
        worker = authority.worker("w1");
        list = new CertificateRegister(List.of(Certificates.revoked(worker)))
                .text()
                .getBytes(StandardCharsets.US_ASCII);
        var broker = authority.manager("broker");
        Files.copy(broker.keyStore(), folder.resolve("broker.p12"));
        Files.copy(broker.trustStore(), folder.resolve("trust.p12"));
        Files.writeString(folder.resolve("keystore.password"), broker.password());
        System.setProperty("muster.broker.host", "127.0.0.1");
        System.setProperty("muster.broker.port", "0");
    }

    @AfterEach
    void forgetPort() {
        System.clearProperty("muster.broker.host");
        System.clearProperty("muster.broker.port");
    }

    @Test
    void countAtOnceAndAfterARestartUntilTheManagerSaysOtherwise() throws Exception {
        try (var broker = ExternalBroker.start(folder);
                var session = new RawSession(broker.url(), worker);
                var other = new RawSession(broker.url(), authority.worker("w2"));
                var theirs = new RawSession(broker.url(), manager)) {
            theirs.send(Queues.REVOKED, list);
            assertThatThrownBy(() -> session.send(Queues.MANAGER, new byte[1])).isInstanceOf(ActiveMQException.class);
            assertThatThrownBy(() -> new RawSession(broker.url(), worker))
                    .isInstanceOf(ActiveMQSecurityException.class);
            other.send(Queues.MANAGER, new byte[1]);
        }
        try (var broker = ExternalBroker.start(folder)) {
            assertThatThrownBy(() -> new RawSession(broker.url(), worker))
                    .isInstanceOf(ActiveMQSecurityException.class);
            try (var theirs = new RawSession(broker.url(), manager)) {
                theirs.send(Queues.REVOKED, "no register".getBytes(StandardCharsets.US_ASCII));
                assertThatThrownBy(() -> new RawSession(broker.url(), worker))
                        .isInstanceOf(ActiveMQSecurityException.class);
                theirs.send(Queues.REVOKED, new byte[0]);
            }
            new RawSession(broker.url(), worker).close();
        }
    }

    @Test
    void areTakenFromTheManagerAlone() throws Exception {
        try (var broker = ExternalBroker.start(folder);
                var session = new RawSession(broker.url(), worker)) {
            assertThatThrownBy(() -> session.send(Queues.REVOKED, list)).isInstanceOf(ActiveMQSecurityException.class);
            assertThatThrownBy(() -> session.session().createConsumer(Queues.REVOKED))
                    .isInstanceOf(ActiveMQException.class);
        }
        assertThat(folder.resolve("revoked")).doesNotExist();
    }

    @Test
    void areTakenFromTheManagerAloneEvenIfTheBrokerChecksNothingElse() throws Exception {
        try (var template = ExternalBroker.class.getResourceAsStream("broker.xml")) {
            Files.writeString(
                    folder.resolve("broker.xml"),
                    new String(template.readAllBytes(), StandardCharsets.UTF_8)
                            .replace("<security-enabled>true", "<security-enabled>false")
                            .replace("empty-validated-user>true", "empty-validated-user>false"));
        }
        try (var broker = ExternalBroker.start(folder);
                var session = new RawSession(broker.url(), worker);
                var theirs = new RawSession(broker.url(), manager)) {
            session.send(Queues.REVOKED, list);
            assertThat(folder.resolve("revoked")).doesNotExist();
            theirs.send(Queues.REVOKED, list);
            assertThat(folder.resolve("revoked")).hasBinaryContent(list);
        }
    }

    @Test
    void sayWhatToDoWhenTheirFileIsDamaged() throws Exception {
        Files.writeString(folder.resolve("revoked"), "w1");
        assertThatThrownBy(() -> ExternalBroker.start(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("revoked is damaged")
                .hasMessageContaining("remove it");
    }
}
