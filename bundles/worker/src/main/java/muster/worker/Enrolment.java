package muster.worker;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.transport.BrokerAddress;
import muster.transport.Plaintext;
import org.jspecify.annotations.Nullable;

/**
 * What a worker gets when it joins a cluster.
 *
 * @param key made here; the private part never leaves
 * @param authority the cluster's CA
 * @param broker where the manager says it is
 * @param manager id of the manager that answered
 */
public record Enrolment(
        KeyPair key, X509Certificate certificate, X509Certificate authority, BrokerAddress broker, String manager) {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /**
     * Asks the manager to take this worker in: of several the first that answers and leads.
     *
     * @throws MusterException UNAVAILABLE while no manager can be reached and is ready; any other code when one refused,
     *     or is not of the token's cluster
     */
    public static Enrolment request(List<URI> managers, JoinToken token, String worker) throws InterruptedException {
        var key = newKey();
        var body = "{\"worker\":\"" + Names.requireWorker(worker) + "\",\"publicKey\":\""
                + base64(key.getPublic().getEncoded()) + "\"}";
        return inTurn(managers, manager -> {
            var request = HttpRequest.newBuilder(manager.resolve("/api/v1/enrol"))
                    .header("Authorization", "Bearer " + token.text());
            return send(manager, token.fingerprint(), worker, key, request, body);
        });
    }

    /**
     * Asks the manager for a new certificate, by the one that the worker has.
     *
     * @throws MusterException as {@link #request}
     */
    static Enrolment renew(List<URI> managers, KeyStore.PrivateKeyEntry old, String worker)
            throws InterruptedException {
        var key = newKey();
        var publicKey = key.getPublic().getEncoded();
        var chain = old.getCertificateChain();
        try {
            var signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(old.getPrivateKey());
            signer.update(publicKey);
            var body = "{\"certificate\":\"" + base64(chain[0].getEncoded()) + "\",\"publicKey\":\"" + base64(publicKey)
                    + "\",\"signature\":\"" + base64(signer.sign()) + "\"}";
            var authority = (X509Certificate) chain[chain.length - 1];
            var fingerprint = PinnedTrust.fingerprint(authority);
            return inTurn(
                    managers,
                    manager -> send(
                            manager,
                            fingerprint,
                            worker,
                            key,
                            HttpRequest.newBuilder(manager.resolve("/api/v1/enrol/renew")),
                            body));
        } catch (GeneralSecurityException e) {
            throw new MusterException(ErrorCode.INTERNAL, "the worker's key cannot sign: " + e, e);
        }
    }

    private interface Asking {
        Enrolment ask(URI manager) throws InterruptedException;
    }

    /** What the first gives that is ready; fails as that refuses, or as all are not there. */
    private static Enrolment inTurn(List<URI> managers, Asking asking) throws InterruptedException {
        var away = new ArrayList<MusterException>();
        for (var manager : managers) {
            try {
                return asking.ask(manager);
            } catch (MusterException e) {
                if (e.code() != ErrorCode.UNAVAILABLE) {
                    throw e;
                }
                away.add(e);
            }
        }
        if (away.size() == 1) {
            throw away.get(0);
        }
        throw new MusterException(
                ErrorCode.UNAVAILABLE,
                away.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")),
                away.get(0));
    }

    private static KeyPair newKey() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has P-256", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static Enrolment send(
            URI manager, String fingerprint, String worker, KeyPair key, HttpRequest.Builder request, String body)
            throws InterruptedException {
        try {
            var tls = SSLContext.getInstance("TLS");
            tls.init(null, new TrustManager[] {new PinnedTrust(fingerprint)}, new SecureRandom());
            var client = HttpClient.newBuilder()
                    .sslContext(tls)
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(CONNECT_TIMEOUT)
                    .build();
            var response = client.send(
                    request.timeout(TIMEOUT)
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            return accepted(manager, fingerprint, worker, key, response);
        } catch (SSLException e) {
            throw notTrusted(manager, e);
        } catch (IOException e) {
            throw new MusterException(ErrorCode.UNAVAILABLE, "manager " + manager + " cannot be reached", e);
        } catch (GeneralSecurityException e) {
            throw new MusterException(ErrorCode.INTERNAL, "cannot make a TLS context: " + e, e);
        }
    }

    private static Enrolment accepted(
            URI manager, String fingerprint, String worker, KeyPair key, HttpResponse<String> response)
            throws GeneralSecurityException {
        if (response.statusCode() / 100 != 2) {
            throw refused(manager, worker, response);
        }
        var body = response.body();
        try {
            var certificate = certificate(body, "certificate");
            var authority = certificate(body, "authority");
            if (!PinnedTrust.fingerprint(authority).equals(fingerprint)) {
                throw new CertificateException("its CA is not the one of the cluster");
            }
            certificate.verify(authority.getPublicKey());
            if (!Arrays.equals(
                    certificate.getPublicKey().getEncoded(), key.getPublic().getEncoded())) {
                throw new CertificateException("it holds another key than the worker's");
            }
            var name = PinnedTrust.MANAGER_PREFIX;
            if (!Plaintext.CHOSEN) {
                var chain = response.sslSession().orElseThrow().getPeerCertificates();
                name = PinnedTrust.name((X509Certificate) chain[0]).orElse(name);
            }
            return new Enrolment(
                    key,
                    certificate,
                    authority,
                    BrokerAddress.parse(string(body, "brokerUrl")),
                    name.substring(PinnedTrust.MANAGER_PREFIX.length()));
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL,
                    "manager " + manager + " gave worker '" + worker + "' a certificate that cannot be used: "
                            + e.getMessage(),
                    e);
        }
    }

    private static MusterException refused(URI manager, String worker, HttpResponse<String> response) {
        var detail = Names.escape(find(response.body(), "detail").orElse("status " + response.statusCode()));
        return switch (response.statusCode()) {
            case 400, 409, 422 ->
                new MusterException(
                        ErrorCode.INVALID, "manager " + manager + " refuses worker '" + worker + "': " + detail);
            case 401, 403 ->
                new MusterException(
                        ErrorCode.UNAUTHENTICATED,
                        "manager " + manager + " refuses worker '" + worker + "': " + detail
                                + "; make a join token with 'muster token create --worker', or give it the manager's"
                                + " present one, security/join.token");
            default ->
                new MusterException(
                        ErrorCode.UNAVAILABLE, "manager " + manager + " does not take workers yet: " + detail);
        };
    }

    private static MusterException notTrusted(URI manager, SSLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return new MusterException(
                        ErrorCode.FORBIDDEN,
                        "what answers at " + manager + " is not the manager of the join token's cluster: "
                                + cause.getMessage() + "; correct the URL or the token",
                        failure);
            }
        }
        return new MusterException(ErrorCode.UNAVAILABLE, "manager " + manager + " speaks no TLS yet", failure);
    }

    private static X509Certificate certificate(String body, String field) throws CertificateException {
        var der = Base64.getDecoder().decode(string(body, field));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    private static String string(String body, String field) {
        return find(body, field)
                .orElseThrow(() -> new IllegalArgumentException("its answer has no field '" + field + "'"));
    }

    /** A field of a flat JSON object whose strings hold no escapes beside those of quotes and slashes. */
    private static Optional<String> find(@Nullable String body, String field) {
        var match = Pattern.compile("\"" + field + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"")
                .matcher(body == null ? "" : body);
        return match.find() ? Optional.of(match.group(1).replaceAll("\\\\(.)", "$1")) : Optional.empty();
    }
}
