package muster.cli.client;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A cluster's authority, as a manager makes it. */
public final class Certificates {
    private static final char[] PASSWORD = "password".toCharArray();

    private final KeyPair authorityKeys = keys();
    private final X509Certificate authority;

    public Certificates() {
        authority = certificate(authorityKeys, "CN=authority", null, Duration.ZERO);
    }

    public X509Certificate authority() {
        return authority;
    }

    /** A token of this cluster. */
    public String token() {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(authority.getEncoded());
            return "muster-" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + "." + "s".repeat(43);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A certificate of this authority that names a node. */
    public X509Certificate node(String uri) {
        return node(uri, Duration.ZERO);
    }

    /** Likewise, made and expired this long before it would be otherwise. */
    public X509Certificate node(String uri, Duration before) {
        return certificate(keys(), "CN=node", uri, before);
    }

    /** What a server of this name shows. */
    public SSLContext server(String uri) {
        try {
            var keys = keys();
            var own = certificate(keys, "CN=node", uri, Duration.ZERO);
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("node", keys.getPrivate(), PASSWORD, new X509Certificate[] {own, authority});
            var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store, PASSWORD);
            var context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private X509Certificate certificate(KeyPair keys, String name, String uri, Duration before) {
        try {
            var now = Instant.now().minus(before);
            var builder = new JcaX509v3CertificateBuilder(
                    new X500Name("CN=authority"),
                    BigInteger.valueOf(System.nanoTime()),
                    Date.from(now.minus(Duration.ofHours(1))),
                    Date.from(now.plus(Duration.ofHours(1))),
                    new X500Name(name),
                    keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(uri == null));
            if (uri != null) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            }
            var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(authorityKeys.getPrivate());
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair keys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
