package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Optional;

/** The OpenAPI document of a manager, against which its answers are held. */
final class Document {
    private final JsonNode document;

    Document(JsonNode document) {
        this.document = document;
    }

    /** Fails unless the document promises this answer: status, media type, and the schema of JSON. */
    void check(HttpRequest request, Rest.Answer answer) {
        var path = request.uri().getPath();
        var operation = operation(request.method(), path);
        if (operation.isEmpty()) {
            assertThat(answer.status()).as("%s %s", request.method(), path).isBetween(400, 499);
            validate("#/components/schemas/Problem", answer.json());
            return;
        }
        var response = resolve(operation.get().path("responses").path(Integer.toString(answer.status())));
        assertThat(response.isMissingNode())
                .as("%s %s answers an undocumented %s", request.method(), path, answer)
                .isFalse();
        if (response.path("content").isEmpty()) {
            assertThat(answer.text()).as("%s %s", request.method(), path).isEmpty();
            return;
        }
        var content = response.path("content").path(answer.mediaType());
        assertThat(content.isMissingNode())
                .as("%s %s answers undocumented %s", request.method(), path, answer.mediaType())
                .isFalse();
        var schema = content.path("schema").path("$ref").asText();
        if (!schema.isEmpty()) {
            validate(schema, answer.json());
        }
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    private Optional<JsonNode> operation(String method, String path) {
        var full = path.startsWith("/api/v1") ? path : "/api/v1" + path;
        for (var entry : document.path("paths").properties()) {
            if (full.matches(entry.getKey().replaceAll("\\{[^}]+}", "[^/]+"))) {
                return Optional.ofNullable(entry.getValue().get(method.toLowerCase(Locale.ROOT)));
            }
        }
        return Optional.empty();
    }

    private void validate(String reference, JsonNode value) {
        var root = JsonNodeFactory.instance.objectNode().put("$ref", reference);
        root.set("components", document.path("components"));
        var schema =
                JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(root);
        assertThat(schema.validate(value)).as("%s as %s", value, reference).isEmpty();
    }
}
