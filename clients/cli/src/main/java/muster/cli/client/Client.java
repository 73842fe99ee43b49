package muster.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Talks to the REST interface of a cluster's manager: of several the one that leads, which it looks for anew whenever the
 * one it knew does not answer. Thread-safe. Every error is a {@link Failure}.
 */
public final class Client {
    private static final String BASE = "/api/v1";
    private static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

    /** These where another manager may answer. */
    private static final Duration CONNECT_TIMEOUT_OF_SEVERAL = Duration.ofSeconds(3);

    /** The longest that an answer is asked to wait is 10 s. */
    private static final Duration ANSWER_TIMEOUT_OF_SEVERAL = Duration.ofSeconds(20);

    /** An event stream says something every 15 s, and a body that has begun comes on. */
    private static final Duration SILENCE = Duration.ofSeconds(40);

    private static final Duration TRANSFER_TIMEOUT = Duration.ofDays(7);
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int UNAVAILABLE = 503;
    private static final int TOO_MANY_REQUESTS = 429;

    private final Connection connection;
    private final Patience patience;
    private final HttpClient http;
    private final Duration answerTimeout;

    /** Which of the managers answered last. */
    private final AtomicInteger known;

    /** A client that fails at once when the manager is away. */
    public Client(Connection connection) {
        this(
                connection,
                Patience.NONE,
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(connectTimeout(connection))
                        .sslContext(PinnedTrustManager.ofManagers(
                                        connection.credentials().authority())
                                .context())
                        .build(),
                new AtomicInteger());
    }

    private Client(Connection connection, Patience patience, HttpClient http, AtomicInteger known) {
        this.connection = connection;
        this.patience = patience;
        this.http = http;
        this.known = known;
        this.answerTimeout = connection.urls().size() > 1 ? ANSWER_TIMEOUT_OF_SEVERAL : ANSWER_TIMEOUT;
    }

    private static Duration connectTimeout(Connection connection) {
        return connection.urls().size() > 1 ? CONNECT_TIMEOUT_OF_SEVERAL : CONNECT_TIMEOUT;
    }

    /** The same client, for what has begun and shall outlast a restart of the manager. */
    public Client with(Patience other) {
        return new Client(connection, other, http, known);
    }

    /** Of the manager that answered last. */
    public URI url() {
        return connection.urls().get(known.get());
    }

    /** A path below {@code /api/v1} of segments and no query; the segments are escaped. */
    public static String path(String... segments) {
        var path = new StringBuilder();
        for (var segment : segments) {
            path.append('/').append(escape(segment));
        }
        return path.toString();
    }

    /** Text made safe for a query or a path. */
    public static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    public JsonNode get(String path) {
        return json(send(request(path).GET(), BodyHandlers.ofString()));
    }

    /** What is no JSON, as it is. */
    public String text(String path) {
        return send(request(path).GET(), BodyHandlers.ofString()).body();
    }

    /** Status of a path that needs no success, at the manager that answered last; -1 when it does not answer. */
    public int status(String path) {
        try {
            return exchange(url(), request(path).GET(), BodyHandlers.discarding())
                    .statusCode();
        } catch (Patience.Away e) {
            return -1;
        }
    }

    public JsonNode post(String path) {
        return json(send(request(path).POST(HttpRequest.BodyPublishers.noBody()), BodyHandlers.ofString()));
    }

    public JsonNode post(String path, JsonNode body) {
        var request = request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.compact(body)));
        return json(send(request, BodyHandlers.ofString()));
    }

    /** @param idempotencyKey makes it safe to send the same again when the answer was lost */
    public JsonNode submit(String specification, String idempotencyKey) {
        return submit("/jobs", specification, idempotencyKey);
    }

    /** Submits what becomes a job. */
    public JsonNode post(String path, JsonNode body, String idempotencyKey) {
        return submit(path, Json.compact(body), idempotencyKey);
    }

    private JsonNode submit(String path, String specification, String idempotencyKey) {
        return json(send(submission(path, specification, idempotencyKey), BodyHandlers.ofString()));
    }

    private HttpRequest.Builder submission(String path, String specification, String idempotencyKey) {
        return request(path)
                .header("Content-Type", "application/json")
                .header(IDEMPOTENCY_KEY, idempotencyKey)
                .POST(HttpRequest.BodyPublishers.ofString(specification));
    }

    /** Submits; while its owner is at a limit, it asks again for so long. */
    public JsonNode submit(String specification, String idempotencyKey, Patience forRoom) {
        var request = submission("/jobs", specification, idempotencyKey);
        return json(forRoom.run(() -> {
            try {
                return inTurn(request, BodyHandlers.ofString());
            } catch (Patience.Away e) {
                if (e.full()) {
                    throw e;
                }
                throw e.failure();
            }
        }));
    }

    /** What the manager says of it; an empty object if nothing. */
    public JsonNode delete(String path) {
        var response = send(request(path).DELETE(), BodyHandlers.ofString());
        return response.body().isEmpty() ? Json.object() : json(response);
    }

    /** Sends a file from a byte on. */
    void put(String path, Path file, long offset) {
        try {
            var bytes = Files.size(file);
            var body = HttpRequest.BodyPublishers.ofInputStream(() -> from(file, offset));
            send(
                    request(path + "?bytes=" + bytes + "&offset=" + offset)
                            .timeout(TRANSFER_TIMEOUT)
                            .header("Content-Type", "application/octet-stream")
                            .PUT(body),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw Failure.user("cannot read " + file + ": " + e, e);
        }
    }

    private static InputStream from(Path file, long offset) {
        try {
            var in = Files.newInputStream(file);
            in.skipNBytes(offset);
            return in;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes a body to {@code out}.
     *
     * @return false if it broke off, after part of it
     * @throws IOException if {@code out} takes no more
     */
    boolean download(String path, OutputStream out) throws IOException {
        var response = send(request(path).timeout(TRANSFER_TIMEOUT).GET(), BodyHandlers.ofInputStream());
        var length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
        try (var in = new Watched(response.body(), SILENCE)) {
            var buffer = new byte[BUFFER_BYTES];
            var bytes = 0L;
            var count = read(in, buffer);
            for (; count > 0; count = read(in, buffer)) {
                out.write(buffer, 0, count);
                bytes += count;
            }
            return count < 0 && (length < 0 || bytes == length);
        }
    }

    /** Bytes read; 0 if the connection broke, -1 at the end. */
    private static int read(InputStream in, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            return 0;
        }
    }

    /** A body that is read as it comes. */
    InputStream open(String path, Duration timeout) {
        return send(request(path).GET().timeout(timeout), BodyHandlers.ofInputStream())
                .body();
    }

    /** Fails if this client does not go on after a connection broke. */
    void requirePatience(IOException broken) {
        if (patience.bound().isZero()) {
            throw unreachable(url(), broken);
        }
    }

    /** What a manager tells by its event stream. */
    public record Event(String id, String type, JsonNode data) {}

    /** A comment, which comes while there is no event. */
    private static final Event QUIET = new Event("", "", Json.object());

    /**
     * Reads events until {@code each} wants no more. Goes on where it was after the manager was away.
     *
     * @param after the id of the last event known; null to start with what comes next
     */
    public void events(@Nullable String job, @Nullable String after, Predicate<Event> each) {
        events(job, after, each, () -> true);
    }

    /**
     * Likewise.
     *
     * @param quiet is asked whenever all was told that there is by now; false to hear no more
     */
    public void events(@Nullable String job, @Nullable String after, Predicate<Event> each, BooleanSupplier quiet) {
        var path = "/events?" + (job == null ? "" : "job=" + escape(job));
        var last = after;
        while (true) {
            var request = request(path).GET().header("Accept", "text/event-stream");
            if (last != null) {
                request.header("Last-Event-ID", last);
            }
            try (var in = new Watched(
                            send(request, BodyHandlers.ofInputStream()).body(), SILENCE);
                    var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                for (var event = nextEvent(lines); event != null; event = nextEvent(lines)) {
                    last = event.id().isEmpty() ? last : event.id();
                    if (!(event.equals(QUIET) ? quiet.getAsBoolean() : each.test(event))) {
                        return;
                    }
                }
            } catch (IOException e) {
                requirePatience(e);
            }
            Patience.pause();
        }
    }

    /** The next event of a stream (HTML standard, section 9.2), or {@link #QUIET}; null at its end. */
    private static @Nullable Event nextEvent(BufferedReader lines) throws IOException {
        var id = "";
        var type = "message";
        var data = new StringBuilder();
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty() && data.length() > 0) {
                return new Event(id, type, Json.read(data.toString()));
            }
            if (line.startsWith(":") && data.length() == 0) {
                return QUIET;
            }
            var colon = line.indexOf(':');
            var field = colon < 0 ? line : line.substring(0, colon);
            var value = colon < 0 ? "" : line.substring(colon + 1).stripLeading();
            switch (field) {
                case "id" -> id = value;
                case "event" -> type = value;
                case "data" -> data.append(value).append('\n');
                default -> {
                    // a field of a later version
                }
            }
        }
        return null;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url() + BASE + path))
                .timeout(answerTimeout)
                .header("Authorization", connection.credentials().authorization());
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler) {
        return patience.run(() -> inTurn(request, handler));
    }

    /** Asks the manager that answered last, and the others where that one cannot answer. */
    private <T> HttpResponse<T> inTurn(HttpRequest.Builder request, BodyHandler<T> handler) throws Patience.Away {
        var urls = connection.urls();
        var first = known.get();
        var failures = new ArrayList<Failure>();
        for (var i = 0; i < urls.size(); i++) {
            var next = (first + i) % urls.size();
            try {
                var response = ask(urls.get(next), request, handler);
                known.set(next);
                return response;
            } catch (Patience.Away away) {
                failures.add(away.failure());
                if (!away.another()) {
                    if (away.full()) {
                        throw away;
                    }
                    break;
                }
            }
        }
        if (failures.size() == 1) {
            throw new Patience.Away(failures.get(0), false);
        }
        throw new Patience.Away(
                Failure.external(
                        "no manager can answer: "
                                + failures.stream().map(Failure::getMessage).collect(Collectors.joining("; ")),
                        failures.get(0)),
                false);
    }

    private <T> HttpResponse<T> ask(URI manager, HttpRequest.Builder request, BodyHandler<T> handler)
            throws Patience.Away {
        var response = exchange(manager, request, handler);
        var status = response.statusCode();
        if (status < 300) {
            return response;
        }
        var failure = Problem.of(manager, status, body(response), connection.credentials());
        if (status == UNAVAILABLE || status == TOO_MANY_REQUESTS) {
            throw new Patience.Away(failure, status == UNAVAILABLE, retryAfter(response), status == TOO_MANY_REQUESTS);
        }
        throw failure;
    }

    /** How long a manager asks to be left alone, at most a minute; zero if it does not say so in seconds. */
    private static Duration retryAfter(HttpResponse<?> response) {
        var seconds = response.headers().firstValue("Retry-After").orElse("");
        return seconds.matches("[0-9]{1,9}")
                ? Duration.ofSeconds(Math.min(60, Integer.parseInt(seconds)))
                : Duration.ZERO;
    }

    private <T> HttpResponse<T> exchange(URI manager, HttpRequest.Builder builder, BodyHandler<T> handler)
            throws Patience.Away {
        var request = builder.copy().uri(at(manager, builder.build().uri())).build();
        try {
            return http.send(request, handler);
        } catch (SSLException e) {
            throw refused(manager, e);
        } catch (IOException e) {
            throw new Patience.Away(unreachable(manager, e), neverSent(e) || repeatable(request));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted while waiting for the manager at " + manager, e);
        }
    }

    private static URI at(URI manager, URI uri) {
        return manager.resolve(uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()));
    }

    private static boolean neverSent(IOException e) {
        return e instanceof ConnectException || e instanceof HttpConnectTimeoutException;
    }

    /** Whether the same may be asked of another manager, although the first may have done it. */
    private static boolean repeatable(HttpRequest request) {
        return !request.method().equals("POST")
                || request.headers().firstValue(IDEMPOTENCY_KEY).isPresent();
    }

    private static String body(HttpResponse<?> response) {
        if (response.body() instanceof InputStream in) {
            try (in) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                return "";
            }
        }
        return String.valueOf(response.body());
    }

    private JsonNode json(HttpResponse<String> response) {
        try {
            return Json.read(response.body());
        } catch (JsonProcessingException e) {
            throw Failure.external(url() + " does not answer with JSON; is it a Muster manager of this version?", e);
        }
    }

    private Failure unreachable(URI manager, IOException e) {
        String reason;
        if (e instanceof HttpConnectTimeoutException) {
            reason = "no connection within " + connectTimeout(connection).toSeconds() + " s";
        } else if (e instanceof HttpTimeoutException) {
            reason = "no answer within " + answerTimeout.toSeconds() + " s";
        } else if (e instanceof UnknownHostException || hasCause(e, UnresolvedAddressException.class) != null) {
            reason = "no such host";
        } else if (e instanceof ConnectException) {
            reason = "connection refused";
        } else {
            reason = "the connection broke";
        }
        return Failure.external(
                "cannot reach the manager at " + manager + " (" + reason
                        + "); start it with ./muster up, or correct --url or MUSTER_URL",
                e);
    }

    /** What a failed TLS handshake means: a server that must not be trusted, or one that is going down. */
    private Failure refused(URI manager, SSLException e) throws Patience.Away {
        var certificate = hasCause(e, CertificateException.class);
        if (certificate != null) {
            return Failure.user(
                    "the server at " + manager + " is not the manager of the cluster that is meant: "
                            + certificate.getMessage() + "; correct --url, --token or --ca",
                    e);
        }
        if (String.valueOf(e.getMessage()).contains("nrecognized SSL message")) {
            return Failure.user("the server at " + manager + " does not speak TLS; correct --url or MUSTER_URL", e);
        }
        throw new Patience.Away(unreachable(manager, e), true);
    }

    private static <T extends Throwable> @Nullable T hasCause(Throwable e, Class<T> type) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }
}
