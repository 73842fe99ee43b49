package muster.itests;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts the server whose CA a token names, whatever its host is called. */
final class PinnedTrust extends X509ExtendedTrustManager {
    private static final int URI_NAME = 6;

    private final byte[] fingerprint;

    private PinnedTrust(String token) {
        var fingerprintPart = token.substring("muster-".length(), token.indexOf('.'));
        this.fingerprint = Base64.getUrlDecoder().decode(fingerprintPart.getBytes(StandardCharsets.US_ASCII));
    }

    static SSLContext context(String token) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new PinnedTrust(token)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        try {
            var authority = chain[chain.length - 1];
            var hash = MessageDigest.getInstance("SHA-256").digest(authority.getEncoded());
            if (!MessageDigest.isEqual(hash, fingerprint)) {
                throw new CertificateException("the CA is not the one of the token");
            }
            chain[0].verify(authority.getPublicKey());
            chain[0].checkValidity();
            authority.checkValidity();
            if (chain[0].getSubjectAlternativeNames().stream()
                    .noneMatch(name -> name.get(0).equals(URI_NAME)
                            && name.get(1).toString().startsWith("muster://manager/"))) {
                throw new CertificateException("the certificate is no manager's");
            }
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        throw new CertificateException("no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        throw new CertificateException("no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        throw new CertificateException("no server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
