package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Fuzz;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Role;
import muster.api.TokenRequest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Asks every operation of the OpenAPI document with parameters and bodies made from its schemas, some of them hostile, by
 * good tokens: no answer is a failure of ours, every error is a problem, and every answer is as the document says.
 */
@Timeout(600)
class OpenApiFuzzTest {
    private static final int ROUNDS = 80 * Fuzz.TIMES;
    private static final int DEEPEST = 6;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Its answer has no end. */
    private static final Set<String> STREAMS = Set.of("followEvents");

    @TempDir
    Path folder;

    private final Fuzz fuzz = new Fuzz(Fuzz.SEED);
    private final Map<String, Integer> statuses = new TreeMap<>();
    private TestServer server;

    @Test
    @Tag("proof")
    void everyAnswerIsAsTheDocumentSays() throws Exception {
        try (var started = new TestServer(folder)) {
            server = started;
            for (var round = 0; round < ROUNDS; round++) {
                for (var path : Conformance.DOCUMENT.path("paths").properties()) {
                    for (var method : path.getValue().properties()) {
                        ask(method.getKey().toUpperCase(Locale.ROOT), path.getKey(), method.getValue());
                    }
                }
            }
            assertThat(server.send(server.as(Role.ADMIN, "GET", "/api/v1/tokens", ""))
                            .status())
                    .isEqualTo(200);
        }
        // it does not only hit the first check
        assertThat(statuses).containsKeys("200", "201", "204", "400", "403", "404", "406", "409", "415");
    }

    private void ask(String method, String path, JsonNode operation) throws Exception {
        var body = operation.has("requestBody") ? body(operation) : new byte[0];
        var request = HttpRequest.newBuilder(server.uri(path(path) + query(operation)))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body))
                .header("Authorization", "Bearer " + FakeAccess.token(role(operation)));
        if (operation.has("requestBody")) {
            var types = new ArrayList<String>();
            operation.path("requestBody").path("content").fieldNames().forEachRemaining(types::add);
            request.header("Content-Type", fuzz.onceIn(20) ? "text/plain" : fuzz.of(types));
        }
        if (fuzz.onceIn(20)) {
            request.header("Accept", fuzz.of(List.of("text/html", "image/png", "*/*", "application/json;q=0")));
        }
        if (fuzz.onceIn(10)) {
            request.header("Idempotency-Key", "key" + fuzz.below(3));
        }
        var id = operation.path("operationId").asText();
        var status =
                STREAMS.contains(id) ? follow(request) : server.send(request).status();
        assertThat(status).as("%s %s by %s", method, request.build().uri(), id).isLessThan(500);
        statuses.merge(Integer.toString(status), 1, Integer::sum);
    }

    /** Most by the one that may do all, some by one that may not. */
    private Role role(JsonNode operation) {
        if (operation.path("operationId").asText().equals("enrolWorker")) {
            return Role.WORKER;
        }
        return fuzz.onceIn(10) ? fuzz.of(List.of(Role.values())) : Role.ADMIN;
    }

    private int follow(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = server.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = answer.body()) {
            if (answer.statusCode() >= 400) {
                Conformance.validate("#/components/schemas/Problem", Conformance.parse(body.readAllBytes()));
            }
        }
        return answer.statusCode();
    }

    private String path(String path) {
        if (!path.contains("{")) {
            return path;
        }
        var thing = fuzz.onceIn(3) ? fuzz.hostile() : existing(path);
        var other = fuzz.onceIn(3) ? fuzz.hostile() : "echo.jar";
        return path.replaceFirst("\\{[^}]+}", encoded(thing.isEmpty() ? "." : thing))
                .replaceFirst("\\{[^}]+}", encoded(other.isEmpty() ? "." : other));
    }

    private String existing(String path) {
        if (path.startsWith("/api/v1/jobs/")) {
            return job();
        }
        if (path.startsWith("/api/v1/tasks/")) {
            return job() + "." + fuzz.below(2);
        }
        if (path.startsWith("/api/v1/tokens/")) {
            return server.access
                    .create(new TokenRequest("anna", Role.VIEWER, null, null))
                    .view()
                    .id();
        }
        return path.startsWith("/api/v1/workers/")
                ? fuzz.of(List.of("w1", "w2", "w9"))
                : "sha256:" + "0123456789abcdef".repeat(4);
    }

    private String job() {
        var job = server.jobs.submit(JobSpec.command(List.of("true")), "ursula", null);
        if (fuzz.onceIn(2)) {
            server.jobs.end(job, fuzz.of(List.of(JobState.SUCCEEDED, JobState.FAILED)));
        }
        return job.toString();
    }

    private String query(JsonNode operation) {
        var query = new StringBuilder();
        for (var parameter : operation.path("parameters")) {
            if (parameter.path("in").asText().equals("query")
                    && (parameter.path("required").asBoolean() || fuzz.onceIn(3))) {
                var name = parameter.path("name").asText();
                // what goes on without an end is not asked for
                var value = fuzz.onceIn(3) && !name.equals("follow")
                        ? fuzz.hostile()
                        : value(name, parameter.path("schema"));
                query.append(query.isEmpty() ? '?' : '&')
                        .append(name)
                        .append('=')
                        .append(encoded(value));
            }
        }
        if (fuzz.onceIn(20)) {
            query.append(query.isEmpty() ? '?' : '&').append("nonsense=").append(encoded(fuzz.hostile()));
        }
        return query.toString();
    }

    private String value(String name, JsonNode schema) {
        return switch (name) {
            case "wait" -> fuzz.of(List.of("0s", "1ms", "6m"));
            case "job" -> job();
            case "follow" -> fuzz.of(List.of("false", "yes"));
            default -> make(schema, 0).asText();
        };
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A");
    }

    private byte[] body(JsonNode operation) {
        var content = operation
                .path("requestBody")
                .path("content")
                .properties()
                .iterator()
                .next();
        if (!content.getKey().endsWith("json")) {
            return fuzz.bytes(100);
        }
        var json = make(content.getValue().path("schema"), 0).toString().getBytes(StandardCharsets.UTF_8);
        return fuzz.onceIn(8) ? fuzz.mutated(json) : json;
    }

    /** A value that the schema allows, for the most part. */
    private JsonNode make(JsonNode schema, int depth) {
        if (schema.has("$ref")) {
            return make(Conformance.DOCUMENT.at(schema.get("$ref").asText().substring(1)), depth);
        }
        if (fuzz.onceIn(40)) {
            return fuzz.of(List.of(
                    JSON.nullNode(),
                    JSON.booleanNode(true),
                    JSON.numberNode(-1),
                    JSON.numberNode(1e300),
                    JSON.textNode(fuzz.hostile()),
                    JSON.arrayNode().add(1),
                    JSON.objectNode().put(fuzz.hostile(), 1)));
        }
        if (schema.has("examples") && fuzz.onceIn(2)) {
            return fuzz.of(list(schema.path("examples")));
        }
        if (schema.has("enum")) {
            return fuzz.of(list(schema.path("enum")));
        }
        var types = schema.path("type");
        return switch (types.isArray() ? fuzz.of(list(types)).asText() : types.asText()) {
            case "object" -> object(schema, depth);
            case "array" -> {
                var array = JSON.arrayNode();
                for (var i = fuzz.below(depth < DEEPEST ? 3 : 1); i > 0; i--) {
                    array.add(make(schema.path("items"), depth + 1));
                }
                yield array;
            }
            case "integer" ->
                JSON.numberNode(fuzz.of(List.of(
                        schema.path("minimum").asLong(0),
                        schema.path("maximum").asLong(3),
                        schema.path("minimum").asLong(0) - 1,
                        1L,
                        2L)));
            case "number" -> JSON.numberNode(fuzz.of(List.of(0.0, 0.5, 1.0, -0.5, 1e9)));
            case "boolean" -> JSON.booleanNode(fuzz.onceIn(2));
            case "null" -> JSON.nullNode();
            default -> JSON.textNode(fuzz.onceIn(10) ? fuzz.hostile() : word(schema));
        };
    }

    private JsonNode object(JsonNode schema, int depth) {
        var object = JSON.objectNode();
        var required =
                list(schema.path("required")).stream().map(JsonNode::asText).toList();
        var one = schema.has("oneOf")
                ? fuzz.of(list(schema.path("oneOf"))).path("required").path(0).asText()
                : "";
        for (var property : schema.path("properties").properties()) {
            var name = property.getKey();
            var wanted = required.contains(name) || name.equals(one) ? !fuzz.onceIn(30) : fuzz.onceIn(depth + 3);
            if (wanted && depth < DEEPEST) {
                object.set(name, make(property.getValue(), depth + 1));
            }
        }
        if (schema.path("additionalProperties").isObject()) {
            for (var i = fuzz.below(3); i > 0; i--) {
                object.set(
                        fuzz.onceIn(5) ? fuzz.hostile() : "NAME" + i,
                        make(schema.path("additionalProperties"), depth + 1));
            }
        }
        if (fuzz.onceIn(30)) {
            object.put(fuzz.hostile(), "unknown");
        }
        return object;
    }

    private String word(JsonNode schema) {
        return schema.path("pattern").asText().startsWith("^(sha256")
                ? "sha256:" + "0".repeat(64)
                : fuzz.of(List.of("true", "a", "w1", "1GiB", "90s", "0-9", "17", "noop", "AQID", "out.txt", "%i"));
    }

    private static List<JsonNode> list(JsonNode array) {
        var list = new ArrayList<JsonNode>();
        array.forEach(list::add);
        return list;
    }
}
