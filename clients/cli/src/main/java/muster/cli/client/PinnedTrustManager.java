package muster.cli.client;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts a server iff it shows the certificate of the right node, signed by the cluster's authority. Names of
 * hosts do not count: the certificate carries the node's id.
 */
final class PinnedTrustManager extends X509ExtendedTrustManager {
    private static final String MANAGER = "muster://manager/";
    private static final String WORKER = "muster://worker/";
    private static final Integer URI_NAME = 6;

    private final Authority cluster;
    private final String whose;
    private final Predicate<String> right;

    private PinnedTrustManager(Authority cluster, String whose, Predicate<String> right) {
        this.cluster = cluster;
        this.whose = whose;
        this.right = right;
    }

    /** Trusts any manager. */
    static PinnedTrustManager ofManagers(Authority cluster) {
        return new PinnedTrustManager(cluster, "a manager's", name -> name.startsWith(MANAGER));
    }

    /** Trusts one worker. */
    static PinnedTrustManager ofWorker(Authority cluster, String id) {
        return new PinnedTrustManager(cluster, "that of worker '" + id + "'", (WORKER + id)::equals);
    }

    /** What a client needs to trust no other. */
    SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {this}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange) throws CertificateException {
        if (chain.length < 2) {
            throw new CertificateException(
                    "it shows " + chain.length + " certificates; a node shows its own and its authority's");
        }
        var authority = chain[chain.length - 1];
        var own = chain[0];
        if (!cluster.has(authority)) {
            throw new CertificateException("its authority is not the one that " + cluster.namedBy() + " names");
        }
        own.checkValidity();
        authority.checkValidity();
        try {
            own.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException("its certificate is not signed by the authority it shows", e);
        }
        var names = own.getSubjectAlternativeNames();
        var found = names != null
                && names.stream()
                        .anyMatch(name -> URI_NAME.equals(name.get(0))
                                && right.test(name.get(1).toString()));
        if (!found) {
            throw new CertificateException("its certificate is not " + whose);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, keyExchange);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, keyExchange);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyExchange) throws CertificateException {
        throw new CertificateException("this side is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, keyExchange);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, keyExchange);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
