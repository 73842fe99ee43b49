package muster.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Asks a worker at its own port, without its manager. Every error is a {@link Failure}. */
public final class WorkerWindow {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
    private static final int OK = 200;
    private static final int SERVER_FAULTS = 500;
    private static final int CHUNK_BYTES = 1 << 20;

    private final String worker;
    private final String address;
    private final Token token;
    private final HttpClient http;

    /** @param address {@code host:port} */
    public WorkerWindow(String worker, String address, Token token) {
        this.worker = worker;
        this.address = address;
        this.token = token;
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .sslContext(
                        PinnedTrustManager.ofWorker(token.authority(), worker).context())
                .build();
    }

    /** What it is, what it offers and what is on it. */
    public JsonNode worker() {
        return json("/v1/worker");
    }

    /** The files in the workspace of an attempt. */
    public JsonNode files(String attempt) {
        return json("/v1/attempts/" + Client.escape(attempt) + "/files");
    }

    /** Writes a file of the workspace to {@code out}. */
    public void file(String attempt, String path, OutputStream out) {
        var escaped = Stream.of(path.split("/")).map(Client::escape).collect(Collectors.joining("/"));
        copy("/v1/attempts/" + Client.escape(attempt) + "/files/" + escaped, out);
    }

    /** Writes what an attempt has written so far to {@code out}. */
    public void log(String attempt, boolean stderr, OutputStream out) {
        var offset = 0L;
        long read;
        do {
            read = copy(
                    "/v1/attempts/" + Client.escape(attempt) + "/log?stream=" + (stderr ? "stderr" : "stdout")
                            + "&offset=" + offset,
                    out);
            offset += read;
        } while (read == CHUNK_BYTES);
    }

    private JsonNode json(String path) {
        try (var in = ask(path)) {
            return Json.read(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw away(e);
        }
    }

    private long copy(String path, OutputStream out) {
        try (var in = ask(path)) {
            return in.transferTo(out);
        } catch (IOException e) {
            throw away(e);
        }
    }

    private InputStream ask(String path) throws IOException {
        try {
            var response = http.send(
                    HttpRequest.newBuilder(URI.create("https://" + address + path))
                            .timeout(ANSWER_TIMEOUT)
                            .header("Authorization", "Bearer " + token.keyFor(worker))
                            .build(),
                    BodyHandlers.ofInputStream());
            if (response.statusCode() == OK) {
                return response.body();
            }
            try (var body = response.body()) {
                var message = "worker " + worker + " answers: "
                        + new String(body.readAllBytes(), StandardCharsets.UTF_8).strip();
                throw response.statusCode() < SERVER_FAULTS ? Failure.user(message) : Failure.external(message);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        } catch (IllegalArgumentException e) {
            throw Failure.user("'" + address + "' is no address; write such as 10.0.0.7:7072", e);
        }
    }

    private Failure away(IOException e) {
        return Failure.external(
                "worker " + worker + " cannot be asked at " + address + ": " + e
                        + "; its port is data.port of etc/muster.worker.cfg",
                e);
    }
}
