package muster.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A manager as far as enrolment goes: a real HTTPS server with a CA of its own. */
final class FakeManager implements AutoCloseable {
    static final String SECRET = "s".repeat(43);
    private static final AtomicLong SERIALS = new AtomicLong(1);

    final List<String> requests = new CopyOnWriteArrayList<>();
    final Authority authority;
    volatile int status = 200;
    volatile String answer;
    private final HttpsServer server;

    FakeManager() throws GeneralSecurityException, IOException {
        this(new Authority(), "muster://manager/m1", Duration.ofDays(1));
    }

    FakeManager(Authority authority, String name, Duration validity) throws GeneralSecurityException, IOException {
        this(authority, authority, name, validity, 0);
    }

    /**
     * @param signer of the server's certificate
     * @param shown the CA in the chain that the server presents
     */
    FakeManager(Authority signer, Authority shown, String name, Duration validity, int port)
            throws GeneralSecurityException, IOException {
        this.authority = shown;
        var key = newKey();
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", key.getPrivate(), new char[0], new Certificate[] {
            signer.sign(key.getPublic(), name, validity), shown.certificate
        });
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/api/v1/enrol", this::enrol);
        server.start();
    }

    URI url() {
        return URI.create("https://127.0.0.1:" + server.getAddress().getPort());
    }

    String token() throws GeneralSecurityException {
        return "muster-" + PinnedTrust.fingerprint(authority.certificate) + "." + SECRET;
    }

    private void enrol(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(exchange.getRequestHeaders().getFirst("Authorization") + " " + body);
            var bytes = (answer == null ? enrolment(body) : answer).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private String enrolment(String body) throws GeneralSecurityException {
        if (body.startsWith("{\"certificate\"")) {
            return renewal(body);
        }
        var match = Pattern.compile("\\{\"worker\":\"([^\"]+)\",\"publicKey\":\"([^\"]+)\"}")
                .matcher(body);
        if (!match.matches()) {
            throw new AssertionError("not a request to enrol: " + body);
        }
        var key = KeyFactory.getInstance("EC")
                .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(match.group(2))));
        return answer(authority.sign(key, "muster://worker/" + match.group(1), Duration.ofDays(1)));
    }

    private String renewal(String body) throws GeneralSecurityException {
        var match = Pattern.compile(
                        "\\{\"certificate\":\"([^\"]+)\",\"publicKey\":\"([^\"]+)\",\"signature\":\"([^\"]+)\"}")
                .matcher(body);
        if (!match.matches()) {
            throw new AssertionError("not a request to renew: " + body);
        }
        var decoder = Base64.getDecoder();
        var old = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(decoder.decode(match.group(1))));
        var publicKey = decoder.decode(match.group(2));
        var verifier = Signature.getInstance("SHA256withECDSA");
        verifier.initVerify(old);
        verifier.update(publicKey);
        if (!verifier.verify(decoder.decode(match.group(3)))) {
            throw new AssertionError("the signature is not that of the certificate's key");
        }
        var key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(publicKey));
        return answer(authority.sign(key, PinnedTrust.name(old).orElseThrow(), Duration.ofDays(9)));
    }

    String answer(X509Certificate certificate) throws GeneralSecurityException {
        var encoder = Base64.getEncoder();
        return "{\"certificate\":\"" + encoder.encodeToString(certificate.getEncoded()) + "\", \"authority\" : \""
                + encoder.encodeToString(authority.certificate.getEncoded())
                + "\",\"brokerUrl\":\"tcp:\\/\\/127.0.0.1:7071\"}";
    }

    @Override
    public void close() {
        server.stop(0);
    }

    static KeyPair newKey() throws GeneralSecurityException {
        return KeyPairGenerator.getInstance("EC").generateKeyPair();
    }

    /** A certificate authority. */
    static final class Authority {
        final X509Certificate certificate;
        private final KeyPair key = newKey();

        Authority() throws GeneralSecurityException {
            certificate = sign(key.getPublic(), null, Duration.ofDays(1));
        }

        /** @param name null for the authority's own */
        X509Certificate sign(PublicKey subject, String name, Duration validity) throws GeneralSecurityException {
            var now = Instant.now();
            var issuer = new X500Principal("CN=CA");
            try {
                var builder = new JcaX509v3CertificateBuilder(
                        issuer,
                        BigInteger.valueOf(SERIALS.incrementAndGet()),
                        Date.from(now.minus(Duration.ofDays(2))),
                        Date.from(now.plus(validity)),
                        name == null ? issuer : new X500Principal("CN=node"),
                        subject);
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(name == null));
                if (name != null) {
                    builder.addExtension(
                            Extension.subjectAlternativeName,
                            false,
                            new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, name)));
                }
                var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
                return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
            } catch (IOException | OperatorCreationException e) {
                throw new GeneralSecurityException(e);
            }
        }
    }
}
