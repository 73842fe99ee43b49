package muster.data;

import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import muster.transport.NodeIdentity;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A cluster's CA, for tests. */
public final class Authority {
    private static final String PASSWORD = "test only";
    private static final X500Name NAME = new X500Name("CN=test authority");

    private final Path folder;
    private final KeyPair keys = keys();
    private final X509Certificate certificate;
    private long serial = 1;
    private Duration life = Duration.ofDays(1);

    public Authority(Path folder) throws Exception {
        this.folder = Files.createDirectories(folder);
        var builder = builder(NAME, keys);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        this.certificate = sign(builder);
    }

    public NodeIdentity manager(String id) throws Exception {
        return identity(id, "muster://manager/" + id);
    }

    public NodeIdentity worker(String id) throws Exception {
        return identity(id, "muster://worker/" + id);
    }

    /** A worker whose certificate was good until a minute ago. */
    public NodeIdentity expired(String id) throws Exception {
        life = Duration.ofMinutes(-1);
        try {
            return worker(id);
        } finally {
            life = Duration.ofDays(1);
        }
    }

    /** A node whose certificate has the given names; all certificates have the same subject. */
    public NodeIdentity identity(String id, String... uris) throws Exception {
        var nodeKeys = keys();
        var builder = builder(new X500Name("CN=node"), nodeKeys);
        if (uris.length > 0) {
            var names = new GeneralName[uris.length];
            for (var i = 0; i < uris.length; i++) {
                names[i] = new GeneralName(GeneralName.uniformResourceIdentifier, uris[i]);
            }
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
        }
        var name = id + "-" + serial;
        var keyStore = emptyStore();
        keyStore.setKeyEntry(
                "node", nodeKeys.getPrivate(), PASSWORD.toCharArray(), new Certificate[] {sign(builder), certificate});
        var trustStore = emptyStore();
        trustStore.setCertificateEntry("authority", certificate);
        return new NodeIdentity(id, save(name + ".p12", keyStore), save(name + "-trust.p12", trustStore), PASSWORD);
    }

    private JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair subjectKeys) {
        var now = Instant.now();
        return new JcaX509v3CertificateBuilder(
                NAME,
                BigInteger.valueOf(++serial),
                Date.from(now.minus(Duration.ofHours(1))),
                Date.from(now.plus(life)),
                subject,
                subjectKeys.getPublic());
    }

    private X509Certificate sign(JcaX509v3CertificateBuilder builder) throws Exception {
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static KeyPair keys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore emptyStore() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private Path save(String name, KeyStore store) throws Exception {
        var file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD.toCharArray());
        }
        return file;
    }
}
