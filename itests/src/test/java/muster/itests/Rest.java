package muster.itests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.function.BiConsumer;

/** Talks to a manager's REST interface with a token. */
final class Rest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient client;
    private final URI base;
    private final String token;
    private BiConsumer<HttpRequest, Answer> check = (request, answer) -> {};

    Rest(int port, String token) {
        this.client = HttpClient.newBuilder()
                .sslContext(PinnedTrust.context(token))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        this.base = URI.create("https://127.0.0.1:" + port);
        this.token = token;
    }

    /** What the manager answered. */
    record Answer(int status, HttpHeaders headers, String text) {
        /** The body; a missing node if it is no JSON. */
        JsonNode json() {
            return mediaType().endsWith("json") ? parse(text) : MissingNode.getInstance();
        }

        /** Without parameters. */
        String mediaType() {
            return headers.firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
        }

        @Override
        public String toString() {
            return status + " " + text;
        }
    }

    /** Holds every answer from now on against a rule. */
    void checkEach(BiConsumer<HttpRequest, Answer> rule) {
        check = rule;
    }

    Answer get(String path) {
        return send(request(path).GET());
    }

    /** Without a token. */
    Answer getAsStranger(String path) {
        return send(HttpRequest.newBuilder(base.resolve(path)));
    }

    /** By a name and a password. */
    Answer getAs(String name, String password, String path) {
        var pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return send(HttpRequest.newBuilder(base.resolve(path))
                .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair)));
    }

    /** @param headers names and values in turn */
    Answer post(String path, String body, String... headers) {
        var request = request(path).header("Content-Type", "application/json");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.POST(BodyPublishers.ofString(body)));
    }

    Answer post(String path) {
        return send(request(path).POST(BodyPublishers.noBody()));
    }

    Answer delete(String path) {
        return send(request(path).DELETE());
    }

    /** Submits a job that is accepted; its id. */
    String submit(String job) {
        var answer = post("/api/v1/jobs", job);
        if (answer.status() != 201) {
            throw new AssertionError("job " + job + " was answered with " + answer);
        }
        return answer.json().path("id").asText();
    }

    /** Runs a script that is accepted; the id of its job. */
    String submitWorkflow(String file, String text) {
        var answer = post(
                "/api/v1/workflows",
                object().put("file", file).put("text", text).toString());
        if (answer.status() != 201) {
            throw new AssertionError("script " + file + " was answered with " + answer);
        }
        return answer.json().path("id").asText();
    }

    /** The job once it has ended. */
    JsonNode ended(String job, Duration limit) {
        return Eventually.until(
                "the end of job " + job,
                limit,
                () -> get("/api/v1/jobs/" + job + "?wait=5s").json(),
                view -> !view.path("finishedAt").isNull()
                        && !view.path("finishedAt").isMissingNode());
    }

    /** The events of a job from its beginning to one of this type, as they come. */
    String events(String job, String last) {
        var request = request("/api/v1/events?after=0&job=" + job).build();
        var events = new StringBuilder();
        try (var lines = client.send(request, BodyHandlers.ofLines()).body()) {
            for (var each = lines.iterator(); each.hasNext(); ) {
                var line = each.next();
                events.append(line).append('\n');
                if (line.equals("event: " + last)) {
                    // its data
                    return events.append(each.next()).toString();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        throw new AssertionError("no " + last + " in " + events);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path)).header("Authorization", "Bearer " + token);
    }

    private Answer send(HttpRequest.Builder builder) {
        var request = builder.timeout(Duration.ofSeconds(60)).build();
        try {
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            var answer = new Answer(response.statusCode(), response.headers(), response.body());
            check.accept(request, answer);
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(json, e);
        }
    }
}
