package muster.broker;

import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import muster.transport.NodeIdentity;

/** Connections of a node over TLS, on which a test speaks itself. */
final class NodeSocket {
    private NodeSocket() {}

    static SSLContext context(NodeIdentity identity) throws GeneralSecurityException, IOException {
        var password = identity.password().toCharArray();
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(identity.keyStore().toFile(), password), password);
        var trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(KeyStore.getInstance(identity.trustStore().toFile(), password));
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    /** Connected, before the handshake. */
    static SSLSocket connect(SSLContext context, URI url) throws IOException {
        return (SSLSocket) context.getSocketFactory().createSocket(url.getHost(), url.getPort());
    }
}
