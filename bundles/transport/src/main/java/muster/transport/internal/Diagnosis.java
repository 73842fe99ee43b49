package muster.transport.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import muster.transport.NodeIdentity;

/** Finds out why a connection failed where Artemis only says that it did. */
final class Diagnosis {
    private static final int CONNECT_MILLIS = 3_000;
    private static final int ALERT_MILLIS = 500;

    private Diagnosis() {}

    /** Tries the steps of a connection one by one; the first that fails, or empty if none does. */
    static Optional<String> of(URI broker, NodeIdentity identity) {
        var host = broker.getHost();
        var port = broker.getPort();
        SSLContext context;
        try {
            context = context(identity);
        } catch (IOException | GeneralSecurityException e) {
            return Optional.of("the node's key store " + identity.keyStore() + " cannot be read: " + e.getMessage());
        }
        try (var plain = new Socket()) {
            try {
                plain.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            } catch (IOException e) {
                return Optional.of("the broker at " + broker + " cannot be reached: " + e.getMessage());
            }
            return handshake(plain, context, broker);
        } catch (IOException e) {
            // a refused peer sees an alert or, if the broker was quicker, a broken connection
            return Optional.of("TLS with the broker at " + broker + " failed: " + e.getMessage()
                    + "; check that both certificates are of one cluster and valid now");
        }
    }

    private static Optional<String> handshake(Socket plain, SSLContext context, URI broker) throws IOException {
        plain.setSoTimeout(CONNECT_MILLIS);
        try (var socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, broker.getHost(), broker.getPort(), true)) {
            socket.setEnabledProtocols(new String[] {"TLSv1.3"});
            socket.startHandshake();
            // with TLS 1.3 a refused client certificate shows only when the client reads
            plain.setSoTimeout(ALERT_MILLIS);
            return socket.getInputStream().read() < 0
                    ? Optional.of("the broker at " + broker + " closed the connection")
                    : Optional.empty();
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }

    private static SSLContext context(NodeIdentity identity) throws IOException, GeneralSecurityException {
        var password = identity.password().toCharArray();
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(load(identity.keyStore(), password), password);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(load(identity.trustStore(), password));
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore load(Path file, char[] password) throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        return store;
    }
}
