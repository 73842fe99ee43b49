package muster.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import muster.api.Deed;
import muster.api.Role;
import muster.api.TlsFiles;

/** The whole of REST on a free port of this machine, and a client that holds every answer against the document. */
final class TestServer implements AutoCloseable {
    static final String PASSWORD = "changed-it";

    static final HttpsListener.Bounds BOUNDS =
            new HttpsListener.Bounds(Duration.ofSeconds(30), Duration.ofSeconds(20), 4096);

    static final Duration IDLE = Duration.ofMinutes(30);
    static final Duration LIFE = Duration.ofHours(12);

    private static final long MOST_BYTES = 64 << 20;

    final FakeJobs jobs = new FakeJobs();
    final FakeWorkflows workflows = new FakeWorkflows(jobs);
    final FakeCluster cluster = new FakeCluster();
    final Queue<Deed> deeds = new ConcurrentLinkedQueue<>();
    final FakeObjects objects;
    final FakeAccess access;
    final HttpClient client;
    final AtomicLong nanos = new AtomicLong();
    final Sessions sessions = new Sessions(IDLE, LIFE, nanos::get);
    private final Api api;
    private final HttpsListener listener;

    TestServer(Path folder) {
        this(folder, BOUNDS);
    }

    TestServer(Path folder, HttpsListener.Bounds bounds) {
        var tls = tls(folder);
        access = new FakeAccess(tls);
        objects = new FakeObjects(folder);
        api = new Api(jobs, workflows, cluster, access, objects, deeds::add, sessions, MOST_BYTES);
        listener = HttpsListener.start("127.0.0.1", 0, tls, bounds, api.servlet());
        client = HttpClient.newBuilder()
                .sslContext(trusting(tls))
                .connectTimeout(Duration.ofSeconds(30))
                .build();
    }

    /** A key store as the manager makes it. */
    static TlsFiles tls(Path folder) {
        var file = folder.resolve("rest.p12");
        try {
            if (!Files.exists(file)) {
                var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
                var made = new ProcessBuilder(List.of(
                                keytool.toString(),
                                "-genkeypair",
                                "-alias",
                                "rest",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=manager",
                                "-ext",
                                "san=dns:localhost,ip:127.0.0.1,uri:muster://manager/manager",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD))
                        .inheritIO()
                        .start();
                if (made.waitFor() != 0) {
                    throw new IllegalStateException("keytool failed");
                }
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return new TlsFiles(file, PASSWORD);
    }

    private static SSLContext trusting(TlsFiles tls) {
        try {
            var keys = KeyStore.getInstance(tls.keyStore().toFile(), PASSWORD.toCharArray());
            var trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("rest", keys.getCertificate("rest"));
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    int followers() {
        return api.followers();
    }

    int port() {
        return listener.port();
    }

    /** A connection to write on by hand. */
    Socket connect() throws IOException {
        return client.sslContext().getSocketFactory().createSocket("127.0.0.1", port());
    }

    URI uri(String path) {
        return URI.create("https://127.0.0.1:" + port() + path);
    }

    HttpRequest.Builder request(String method, String path, String body) {
        return HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
    }

    HttpRequest.Builder as(Role role, String method, String path, String body) {
        var request = request(method, path, body).header("Authorization", "Bearer " + FakeAccess.token(role));
        return body.isEmpty() ? request : request.header("Content-Type", "application/json");
    }

    /** From a browser that has logged in with a token of this role. */
    HttpRequest.Builder inSession(Sessions.Session session, String method, String path, String body) {
        var request = request(method, path, body)
                .header("Cookie", Sessions.cookie(session).replaceFirst(";.*", ""))
                .header(Sessions.CSRF_HEADER, session.csrf());
        return body.isEmpty() ? request : request.header("Content-Type", "application/json");
    }

    /** An answer that conforms to the OpenAPI document. */
    Answer send(HttpRequest.Builder request) {
        var built = request.build();
        try {
            return check(built, client.send(built, HttpResponse.BodyHandlers.ofByteArray()));
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(built.toString(), e);
        }
    }

    CompletableFuture<Answer> sendLater(HttpRequest.Builder request) {
        var built = request.build();
        return client.sendAsync(built, HttpResponse.BodyHandlers.ofByteArray())
                .thenApply(response -> check(built, response));
    }

    /** An answer that goes on. */
    InputStream open(HttpRequest.Builder request) {
        try {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new IllegalStateException("status " + response.statusCode());
            }
            return response.body();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Answer check(HttpRequest request, HttpResponse<byte[]> response) {
        var answer = new Answer(response);
        Conformance.check(request, answer);
        return answer;
    }

    /** An answer with its body read. */
    record Answer(HttpResponse<byte[]> response) {
        int status() {
            return response.statusCode();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        JsonNode json() {
            return Conformance.parse(response.body());
        }
    }

    @Override
    public void close() {
        listener.close();
        api.close();
    }
}
