package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** Holds requests and answers against the OpenAPI document. */
final class Conformance {
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final JsonNode DOCUMENT = document();

    private static final Map<String, JsonSchema> SCHEMAS = new ConcurrentHashMap<>();

    private Conformance() {}

    static JsonNode parse(byte[] json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode document() {
        try (var in = Api.class.getResourceAsStream("openapi.json")) {
            return MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails if the answer is not one that the document promises. Requests for what is no resource pass as problems. */
    static void check(HttpRequest request, TestServer.Answer answer) {
        var path = request.uri().getRawPath();
        var type = answer.header("Content-Type").replaceFirst(";.*", "");
        var operation = operation(request.method(), path);
        if (operation.isEmpty()) {
            assertThat(answer.status())
                    .as("%s %s is no operation", request.method(), request.uri())
                    .isBetween(400, 499);
            validate("#/components/schemas/Problem", answer.json());
            assertThat(type).isEqualTo("application/problem+json");
            return;
        }
        var response = operation.get().path("responses").path(Integer.toString(answer.status()));
        assertThat(response.isMissingNode())
                .as("%s %s answers an undocumented %d: %s", request.method(), path, answer.status(), answer.text())
                .isFalse();
        if (response.has("$ref")) {
            response = DOCUMENT.at(response.get("$ref").asText().substring(1));
        }
        if (!response.has("content")) {
            assertThat(answer.text()).isEmpty();
            return;
        }
        assertThat(type).isIn((Iterable<String>) () -> documented(operation.get(), answer.status()));
        if (type.endsWith("json") && !path.endsWith("/openapi.json")) {
            var schema = response.path("content")
                    .path(type)
                    .path("schema")
                    .path("$ref")
                    .asText();
            validate(schema, answer.json());
        }
    }

    private static java.util.Iterator<String> documented(JsonNode operation, int status) {
        var response = operation.path("responses").path(Integer.toString(status));
        if (response.has("$ref")) {
            response = DOCUMENT.at(response.get("$ref").asText().substring(1));
        }
        return response.path("content").fieldNames();
    }

    private static Optional<JsonNode> operation(String method, String path) {
        var full = path.startsWith("/api/v1") ? path : "/api/v1" + path;
        for (var entry : DOCUMENT.path("paths").properties()) {
            var pattern = Pattern.compile(entry.getKey().replaceAll("\\{[^}]+}", "[^/]+"));
            if (pattern.matcher(full).matches()) {
                return Optional.ofNullable(entry.getValue().get(method.toLowerCase(Locale.ROOT)));
            }
        }
        return Optional.empty();
    }

    static void validate(String reference, JsonNode value) {
        assertThat(SCHEMAS.computeIfAbsent(reference, Conformance::schema).validate(value))
                .as("%s as %s", value, reference)
                .isEmpty();
    }

    private static JsonSchema schema(String reference) {
        var root = MAPPER.createObjectNode();
        root.put("$ref", reference);
        root.set("components", DOCUMENT.get("components"));
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(root);
    }
}
