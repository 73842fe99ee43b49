package muster.cli.client;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts a server iff it shows a manager's certificate signed by the authority that the token names. Names of hosts do
 * not count: the certificate carries the manager's id.
 */
final class PinnedTrustManager extends X509ExtendedTrustManager {
    private static final String MANAGER = "muster://manager/";
    private static final Integer URI_NAME = 6;

    private final Token token;

    PinnedTrustManager(Token token) {
        this.token = token;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange) throws CertificateException {
        if (chain.length < 2) {
            throw new CertificateException(
                    "it shows " + chain.length + " certificates; a manager shows its own and its authority's");
        }
        var authority = chain[chain.length - 1];
        var own = chain[0];
        if (!token.names(authority)) {
            throw new CertificateException("its authority is not the one that the token names");
        }
        own.checkValidity();
        authority.checkValidity();
        try {
            own.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException("its certificate is not signed by the authority it shows", e);
        }
        var names = own.getSubjectAlternativeNames();
        var manager = names != null
                && names.stream()
                        .anyMatch(name -> URI_NAME.equals(name.get(0))
                                && name.get(1).toString().startsWith(MANAGER));
        if (!manager) {
            throw new CertificateException("its certificate is not a manager's");
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
