package muster.manager.security;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The cluster's CA: an EC P-256 key that signs the certificates of the manager and the workers (X.509 v3, RFC 5280).
 * Made at the first start, and read ever after.
 */
public final class CertificateAuthority {
    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
    private static final Duration NODE_LIFE = Duration.ofDays(397);
    private static final Duration SKEW = Duration.ofHours(1);
    private static final String ALIAS = "ca";
    private static final String SIGNATURE = "SHA256withECDSA";

    private final X509Certificate certificate;
    private final PrivateKey key;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    private CertificateAuthority(X509Certificate certificate, PrivateKey key, Clock clock) {
        this.certificate = certificate;
        this.key = key;
        this.clock = clock;
    }

    /** Makes one. */
    static CertificateAuthority create(Clock clock) throws GeneralSecurityException {
        var pair = newKey();
        return new CertificateAuthority(selfSigned(pair, clock), pair.getPrivate(), clock);
    }

    /** Reads what {@link #keyStore} gave. */
    static CertificateAuthority open(byte[] keyStore, char[] password, Clock clock)
            throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(keyStore), password);
        return new CertificateAuthority(
                (X509Certificate) store.getCertificate(ALIAS), (PrivateKey) store.getKey(ALIAS, password), clock);
    }

    /** Its certificate and its key, as PKCS #12. */
    byte[] keyStore(char[] password) throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(ALIAS, key, password, new Certificate[] {certificate});
        return bytes(store, password);
    }

    private static KeyPair newKey() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static X509Certificate selfSigned(KeyPair pair, Clock clock) throws GeneralSecurityException {
        var name = name("Muster cluster " + Long.toHexString(new SecureRandom().nextLong()));
        var now = clock.instant();
        try {
            var builder = new JcaX509v3CertificateBuilder(
                            name,
                            new BigInteger(127, new SecureRandom()),
                            Date.from(now.minus(SKEW)),
                            Date.from(now.plus(AUTHORITY_LIFE)),
                            name,
                            pair.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            var signer = new JcaContentSignerBuilder(SIGNATURE).build(pair.getPrivate());
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (CertIOException | OperatorCreationException e) {
            throw new GeneralSecurityException("the CA's certificate cannot be made", e);
        }
    }

    private static X500Name name(String commonName) {
        return new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
    }

    X509Certificate certificate() {
        return certificate;
    }

    /** Signs a worker's key. The certificate is for TLS clients alone. */
    X509Certificate signWorker(String id, PublicKey publicKey) throws GeneralSecurityException {
        return sign("worker", id, publicKey, List.of(), KeyPurposeId.id_kp_clientAuth);
    }

    /**
     * The worker that a certificate of this CA names, if it is good today.
     *
     * @throws MusterException UNAUTHENTICATED
     */
    String worker(X509Certificate theirs) {
        try {
            theirs.verify(certificate.getPublicKey());
            theirs.checkValidity(Date.from(clock.instant()));
        } catch (GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.UNAUTHENTICATED,
                    "the certificate is not one of this cluster or has expired; join anew with a join token",
                    e);
        }
        return NodeName.of(theirs)
                .filter(name -> name.role() == NodeName.Role.WORKER)
                .map(NodeName::id)
                .orElseThrow(() -> new MusterException(
                        ErrorCode.UNAUTHENTICATED, "the certificate names no worker; join with a join token"));
    }

    /** @param names host names and addresses that REST is reached by */
    X509Certificate signManager(String id, PublicKey publicKey, List<String> names) throws GeneralSecurityException {
        return sign("manager", id, publicKey, names, KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth);
    }

    private X509Certificate sign(
            String role, String id, PublicKey publicKey, List<String> names, KeyPurposeId... purposes)
            throws GeneralSecurityException {
        var now = clock.instant();
        var alternatives = new ArrayList<GeneralName>();
        alternatives.add(
                new GeneralName(GeneralName.uniformResourceIdentifier, NodeIdentity.URI_PREFIX + role + "/" + id));
        for (var name : names) {
            alternatives.add(new GeneralName(isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name));
        }
        try {
            var builder = new JcaX509v3CertificateBuilder(
                            X500Name.getInstance(
                                    certificate.getSubjectX500Principal().getEncoded()),
                            new BigInteger(127, random),
                            Date.from(now.minus(SKEW)),
                            Date.from(now.plus(NODE_LIFE)),
                            name(id),
                            publicKey)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes))
                    .addExtension(
                            Extension.subjectAlternativeName,
                            false,
                            new GeneralNames(alternatives.toArray(new GeneralName[0])));
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
        } catch (CertIOException | OperatorCreationException e) {
            throw new GeneralSecurityException("the certificate of " + role + " '" + id + "' cannot be made", e);
        }
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || name.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
    }

    /** A key of the manager's own with its chain, as PKCS #12. */
    byte[] managerKeyStore(String id, List<String> names, char[] password)
            throws GeneralSecurityException, IOException {
        var pair = newKey();
        return nodeKeyStore(pair, signManager(id, pair.getPublic(), names), password);
    }

    /** Likewise of a worker. */
    byte[] workerKeyStore(String id, char[] password) throws GeneralSecurityException, IOException {
        var pair = newKey();
        return nodeKeyStore(pair, signWorker(id, pair.getPublic()), password);
    }

    private byte[] nodeKeyStore(KeyPair pair, X509Certificate signed, char[] password)
            throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("node", pair.getPrivate(), password, new Certificate[] {signed, certificate});
        return bytes(store, password);
    }

    /** The CA's certificate alone, as PKCS #12. */
    byte[] trustStore(char[] password) throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry(ALIAS, certificate);
        return bytes(store, password);
    }

    private static byte[] bytes(KeyStore store, char[] password) throws GeneralSecurityException, IOException {
        var out = new ByteArrayOutputStream();
        store.store(out, password);
        return out.toByteArray();
    }

    /** Reads a worker's public key. INVALID unless it is on the curve P-256. */
    static PublicKey publicKey(byte[] subjectPublicKeyInfo) {
        try {
            var publicKey = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(subjectPublicKeyInfo));
            if (publicKey instanceof ECPublicKey ec && ec.getParams().getOrder().bitLength() == 256) {
                return publicKey;
            }
        } catch (GeneralSecurityException e) {
            throw MusterException.invalid("publicKey is no EC key: " + e.getMessage()
                    + "; send the DER SubjectPublicKeyInfo of a P-256 key in base64");
        }
        throw MusterException.invalid("publicKey is not on the curve P-256; make a P-256 key");
    }

    /** Reads a DER certificate; INVALID if it is none. */
    static X509Certificate certificate(byte[] der) {
        try {
            var read = CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
            if (read instanceof X509Certificate x509) {
                return x509;
            }
        } catch (GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "certificate is no X.509 certificate; send its DER in base64", e);
        }
        throw MusterException.invalid("certificate is no X.509 certificate; send its DER in base64");
    }

    static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
