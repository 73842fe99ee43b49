package muster.data.internal;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 between nodes. Both sides must show a certificate that the cluster's CA signed and that names a node; host names
 * are not looked at. By OpenSSL where it is there, else by the JDK, which is several times slower.
 */
final class NodeTls {
    private static final Logger LOG = LoggerFactory.getLogger(NodeTls.class);
    private static final String PROTOCOL = "TLSv1.3";

    private NodeTls() {}

    /** @param anyone whether the other side may show no certificate; one that it shows must be good all the same */
    static SslContext server(NodeIdentity identity, boolean anyone) throws IOException {
        try {
            return SslContextBuilder.forServer(keys(identity))
                    .trustManager(new NodeTrust(store(identity.trustStore(), identity.password())))
                    .clientAuth(anyone ? ClientAuth.OPTIONAL : ClientAuth.REQUIRE)
                    .sslProvider(provider())
                    .protocols(PROTOCOL)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IOException("the key of node '" + identity.id() + "' cannot be used: " + e.getMessage(), e);
        }
    }

    static SslContext client(NodeIdentity identity) throws IOException {
        try {
            return SslContextBuilder.forClient()
                    .keyManager(keys(identity))
                    .trustManager(new NodeTrust(store(identity.trustStore(), identity.password())))
                    .sslProvider(provider())
                    .protocols(PROTOCOL)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IOException("the key of node '" + identity.id() + "' cannot be used: " + e.getMessage(), e);
        }
    }

    private static SslProvider provider() {
        if (OpenSsl.isAvailable()) {
            return SslProvider.OPENSSL;
        }
        LOG.warn(
                "OpenSSL is not there on this platform; files move by the JDK's own TLS, which is slower: {}",
                String.valueOf(OpenSsl.unavailabilityCause()));
        return SslProvider.JDK;
    }

    private static KeyManagerFactory keys(NodeIdentity identity) throws GeneralSecurityException, IOException {
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(
                store(identity.keyStore(), identity.password()),
                identity.password().toCharArray());
        return factory;
    }

    private static KeyStore store(Path file, String password) throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, password.toCharArray());
        }
        return store;
    }

    /** Who is at the other side. */
    static NodeName peer(SSLSession session) throws SSLPeerUnverifiedException {
        var certificates = session.getPeerCertificates();
        return NodeName.of((X509Certificate) certificates[0])
                .orElseThrow(() -> new SSLPeerUnverifiedException("the other side's certificate names no node"));
    }

    /** Trusts what the CA signed, for clients and servers alike: a node's role is in its name, not in a key usage. */
    private static final class NodeTrust extends X509ExtendedTrustManager {
        private final KeyStore authorities;

        NodeTrust(KeyStore authorities) {
            this.authorities = authorities;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            try {
                if (NodeName.of(chain[0]).isEmpty()) {
                    throw new CertificateException("the certificate names no node");
                }
                var parameters = new PKIXParameters(authorities);
                parameters.setRevocationEnabled(false);
                var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(chain[0]));
                CertPathValidator.getInstance("PKIX").validate(path, parameters);
            } catch (CertificateException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new CertificateException("the certificate is not of this cluster: " + e.getMessage(), e);
            }
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
