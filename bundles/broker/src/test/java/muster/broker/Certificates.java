package muster.broker;

import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import muster.transport.CertificateRegister;
import muster.transport.NodeIdentity;

/** What a manager's register has of nodes. */
final class Certificates {
    private Certificates() {}

    static CertificateRegister.Entry good(NodeIdentity worker) throws Exception {
        var store = KeyStore.getInstance(
                worker.keyStore().toFile(), worker.password().toCharArray());
        var certificate = (X509Certificate) store.getCertificate("node");
        return new CertificateRegister.Entry(
                certificate.getSerialNumber(),
                worker.id(),
                certificate.getNotAfter().toInstant(),
                null);
    }

    static CertificateRegister.Entry revoked(NodeIdentity worker) throws Exception {
        return good(worker).revoked(Instant.parse("2026-11-20T10:00:00Z"));
    }
}
