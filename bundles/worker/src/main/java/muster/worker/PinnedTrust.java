package muster.worker;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import muster.transport.NodeIdentity;

/**
 * Trusts the manager of one cluster: the last certificate of its chain has the fingerprint that the join token carries
 * and signed the first, which names a manager. Host names do not count.
 */
final class PinnedTrust extends X509ExtendedTrustManager {
    static final String MANAGER_PREFIX = NodeIdentity.URI_PREFIX + "manager/";

    private static final int URI_NAME = 6;

    private final String fingerprint;

    PinnedTrust(String fingerprint) {
        this.fingerprint = fingerprint;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (chain.length == 0) {
            throw new CertificateException("it shows no certificate");
        }
        var leaf = chain[0];
        var authority = chain[chain.length - 1];
        if (!fingerprint(authority).equals(fingerprint)) {
            throw new CertificateException("it belongs to another cluster: the fingerprint of its CA is "
                    + fingerprint(authority) + ", the join token's is " + fingerprint);
        }
        authority.checkValidity();
        leaf.checkValidity();
        try {
            leaf.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException("its certificate is not signed by the cluster's CA", e);
        }
        if (name(leaf).filter(uri -> uri.startsWith(MANAGER_PREFIX)).isEmpty()) {
            throw new CertificateException("its certificate is that of "
                    + name(leaf).orElse("nobody") + ", not of a manager; correct the manager's URL");
        }
    }

    /** The node that a certificate names, such as {@code muster://manager/m1}. */
    static Optional<String> name(X509Certificate certificate) throws CertificateException {
        var names = certificate.getSubjectAlternativeNames();
        if (names == null) {
            return Optional.empty();
        }
        return names.stream()
                .filter(name -> name.get(0) instanceof Integer type && type == URI_NAME)
                .map(name -> String.valueOf(name.get(1)))
                .filter(uri -> uri.startsWith(NodeIdentity.URI_PREFIX))
                .findFirst();
    }

    /** SHA-256 over the certificate's DER, base64url without padding. */
    static String fingerprint(X509Certificate certificate) throws CertificateException {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException e) {
            throw new CertificateException("cannot hash a certificate", e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("a worker has no TLS clients");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
