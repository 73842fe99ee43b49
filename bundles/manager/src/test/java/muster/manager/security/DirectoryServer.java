package muster.manager.security;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldif.LDIFException;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocketFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An LDAP directory in memory, as many have it: people below {@code ou=people,dc=example,dc=org}, whose passwords are
 * {@code of NAME}, and groups of their names below {@code ou=groups}.
 */
public final class DirectoryServer implements AutoCloseable {
    private static final String BASE = "dc=example,dc=org";

    private static final char[] PASSWORD = "password".toCharArray();
    private static final Duration LIFE = Duration.ofDays(1);

    private final InMemoryDirectoryServer server;
    private final KeyPair keys;
    private final X509Certificate certificate;
    private final boolean tls;

    /** @param tls over TLS, with a certificate that it has signed itself */
    public DirectoryServer(boolean tls) {
        this.tls = tls;
        var here = InetAddress.getLoopbackAddress();
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            keys = generator.generateKeyPair();
            certificate = certificate(keys);
            var config = new InMemoryDirectoryServerConfig(BASE);
            config.setListenerConfigs(
                    tls
                            ? InMemoryListenerConfig.createLDAPSConfig("here", here, 0, sockets(), null)
                            : InMemoryListenerConfig.createLDAPConfig("here", here, 0, null));
            server = new InMemoryDirectoryServer(config);
            server.add("dn: " + BASE, "objectClass: domain", "dc: example");
            for (var unit : List.of("people", "groups")) {
                server.add("dn: ou=" + unit + "," + BASE, "objectClass: organizationalUnit", "ou: " + unit);
            }
            server.startListening();
        } catch (LDAPException | LDIFException | GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    public DirectoryServer person(String name) {
        return add(
                "dn: uid=" + name + ",ou=people," + BASE,
                "objectClass: inetOrgPerson",
                "uid: " + name,
                "cn: " + name,
                "sn: " + name,
                "userPassword: of " + name);
    }

    public DirectoryServer group(String name, String... members) {
        var lines = new ArrayList<>(List.of("objectClass: groupOfNames", "cn: " + name));
        for (var member : members) {
            lines.add("member: uid=" + member + ",ou=people," + BASE);
        }
        return add("dn: cn=" + name + ",ou=groups," + BASE, lines.toArray(String[]::new));
    }

    private DirectoryServer add(String name, String... attributes) {
        var lines = new ArrayList<>(List.of(name));
        lines.addAll(List.of(attributes));
        try {
            server.add(lines.toArray(String[]::new));
            return this;
        } catch (LDAPException | LDIFException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The certificate that a client must trust, as PEM. */
    public String certificate() {
        try {
            return "-----BEGIN CERTIFICATE-----\n"
                    + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate certificate(KeyPair keys)
            throws GeneralSecurityException, IOException, OperatorCreationException {
        var now = Instant.now();
        var name = new X500Name("CN=directory");
        var builder = new JcaX509v3CertificateBuilder(
                name, BigInteger.ONE, Date.from(now.minus(LIFE)), Date.from(now.plus(LIFE)), name, keys.getPublic());
        builder.addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")));
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private SSLServerSocketFactory sockets() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("directory", keys.getPrivate(), PASSWORD, new Certificate[] {certificate});
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context.getServerSocketFactory();
    }

    public String url() {
        return (tls ? "ldaps" : "ldap") + "://localhost:" + server.getListenPort();
    }

    /** Goes away, and breaks the connections to it. */
    public void stop() {
        server.shutDown(true);
    }

    /** Comes again, at the same port. */
    public void start() {
        try {
            server.startListening();
        } catch (LDAPException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
