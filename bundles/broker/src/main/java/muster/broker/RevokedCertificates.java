package muster.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import muster.transport.CertificateRegister;
import muster.transport.NodeName;
import muster.transport.Queues;
import muster.transport.Revocations;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.postoffice.RoutingStatus;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the manager said last of revoked certificates, kept in a file: good while the manager is away, and after a restart
 * of the broker. Of nobody else is it taken.
 */
final class RevokedCertificates implements Revocations, ActiveMQServerMessagePlugin {
    private static final Logger LOG = LoggerFactory.getLogger(RevokedCertificates.class);

    private final Path file;
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
    private volatile CertificateRegister register;

    private RevokedCertificates(Path file, CertificateRegister register) {
        this.file = file;
        this.register = register;
    }

    /** With what the file has; it may not be there yet. */
    static RevokedCertificates open(Path file) throws IOException {
        try {
            return new RevokedCertificates(file, CertificateRegister.parse(Files.readString(file)));
        } catch (NoSuchFileException e) {
            return new RevokedCertificates(file, CertificateRegister.EMPTY);
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    file + " is damaged (" + e.getMessage() + "); remove it, and the manager tells anew what was in it",
                    e);
        }
    }

    @Override
    public void afterSend(
            ServerSession session,
            @Nullable Transaction transaction,
            Message message,
            boolean direct,
            boolean noAutoCreateQueue,
            RoutingStatus result) {
        if (!Queues.REVOKED.equals(message.getAddress())) {
            return;
        }
        var sender = NodeSecurity.certificate(session.getRemotingConnection()).flatMap(NodeName::of);
        if (sender.filter(name -> name.role() == NodeName.Role.MANAGER).isEmpty()) {
            LOG.warn("dropped what {} says of revoked certificates; that is the manager's", session.getValidatedUser());
            return;
        }
        var body = message.toCore().getReadOnlyBodyBuffer();
        var bytes = new byte[body.readableBytes()];
        body.readBytes(bytes);
        try {
            become(CertificateRegister.parse(new String(bytes, StandardCharsets.US_ASCII)));
        } catch (IllegalArgumentException e) {
            LOG.error(
                    "cannot read what the manager says of revoked certificates, and keep what it said: {}",
                    e.getMessage());
        }
    }

    private synchronized void become(CertificateRegister now) {
        var before = register;
        register = now;
        now.revokedSince(before).forEach(worker -> listeners.forEach(listener -> listener.accept(worker)));
        try {
            write(now.text());
        } catch (IOException e) {
            LOG.error("cannot write {}: until the manager is back, a restart forgets who was removed", file, e);
        }
    }

    /** Whole or not at all. */
    private void write(String text) throws IOException {
        var draft = file.resolveSibling(file.getFileName() + ".new");
        try (var channel = FileChannel.open(
                draft, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public boolean revoked(X509Certificate certificate) {
        return register.revoked(certificate);
    }

    @Override
    public Listening onRevoked(Consumer<String> worker) {
        listeners.add(worker);
        return () -> listeners.remove(worker);
    }
}
