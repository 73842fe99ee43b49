package muster.cli.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;

/**
 * The certificate authority of a cluster.
 *
 * @param fingerprint SHA-256 of its certificate, in base64url
 * @param namedBy what says so, for messages
 */
public record Authority(String fingerprint, String namedBy) {
    /** Reads its certificate, PEM or DER. */
    public static Authority of(Path file) {
        try (var in = Files.newInputStream(file)) {
            var certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.size() != 1) {
                throw Failure.user(file + " has " + certificates.size()
                        + " certificates; it must hold that of the cluster's authority alone");
            }
            return new Authority(
                    fingerprint((X509Certificate) certificates.iterator().next()), file.toString());
        } catch (IOException e) {
            throw Failure.user("the authority's certificate " + file + " cannot be read: " + e, e);
        } catch (CertificateException e) {
            throw Failure.user(file + " holds no certificate; it must hold that of the cluster's authority", e);
        }
    }

    /** Whether this is its certificate. */
    boolean has(X509Certificate certificate) {
        try {
            return fingerprint.equals(fingerprint(certificate));
        } catch (CertificateEncodingException e) {
            return false;
        }
    }

    private static String fingerprint(X509Certificate certificate) throws CertificateEncodingException {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
