package muster.rest;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.jaxrs2.Reader;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.integration.SwaggerConfiguration;
import io.swagger.v3.oas.models.OpenAPI;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Makes the OpenAPI document: operations from the annotated resources, all else from the frame. */
final class OpenApiDocument {
    static final Path FILE = Path.of("src/main/resources/muster/rest/openapi.json");

    private static final Path FRAME = Path.of("src/main/openapi/frame.json");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private OpenApiDocument() {}

    static String make() throws IOException {
        var document = (ObjectNode) MAPPER.readTree(Files.readString(FRAME));
        var paths = new TreeMap<String, JsonNode>();
        for (var resource : Api.RESOURCES) {
            if (resource != SystemResource.AtRoot.class) {
                var reader =
                        new Reader(new SwaggerConfiguration().openAPI31(true).openAPI(new OpenAPI()));
                operations(reader.read(resource), open(resource)).forEach((path, item) -> {
                    if (paths.put(path, item) != null) {
                        throw new IllegalStateException(path + " is served by two resources");
                    }
                });
            }
        }
        var components = (ObjectNode) document.remove("components");
        document.putObject("paths").setAll(new LinkedHashMap<>(paths));
        document.set("components", components);
        var indent = new DefaultIndenter("  ", "\n");
        var printer = new DefaultPrettyPrinter(
                        Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                .withObjectIndenter(indent)
                .withArrayIndenter(indent);
        return MAPPER.writer(printer).writeValueAsString(document) + "\n";
    }

    private static Map<String, JsonNode> operations(OpenAPI api, Set<String> open) throws IOException {
        var paths = (ObjectNode) MAPPER.readTree(Json31.mapper().writeValueAsString(api.getPaths()));
        var operations = new LinkedHashMap<String, JsonNode>();
        paths.properties().forEach(path -> {
            path.getValue().properties().forEach(method -> {
                var operation = (ObjectNode) method.getValue();
                if (!operation.path("requestBody").path("required").asBoolean()) {
                    operation.remove("requestBody");
                }
                if (open.contains(operation.path("operationId").asText()) && !operation.has("security")) {
                    operation.putArray("security");
                }
                responses(path.getKey(), operation);
            });
            operations.put(path.getKey(), path.getValue());
        });
        return operations;
    }

    /** The ids of operations that take no token of use. */
    private static Set<String> open(Class<?> resource) {
        return OpenApiTest.endpoints(resource).stream()
                .filter(method -> method.isAnnotationPresent(Open.class))
                .map(method -> method.getAnnotation(Operation.class).operationId())
                .collect(Collectors.toSet());
    }

    /** Adds what every operation can answer, in the order of their numbers. */
    private static void responses(String path, ObjectNode operation) {
        var responses = new TreeMap<String, JsonNode>();
        operation.path("responses").properties().forEach(entry -> {
            var response = (ObjectNode) entry.getValue();
            if (!response.has("$ref")
                    && response.path("description").asText("default response").equals("default response")) {
                response.put("description", "As it stands");
            }
            response.path("headers")
                    .forEach(header -> ((ObjectNode) header).putObject("schema").put("type", "string"));
            responses.put(entry.getKey(), response);
        });
        add(responses, "400", "Invalid");
        if (!operation.has("security") || !operation.get("security").isEmpty()) {
            add(responses, "401", "Unauthenticated");
            add(responses, "403", "Forbidden");
        }
        if (path.contains("{")
                || operation.path("parameters").findValuesAsText("name").contains("job")) {
            add(responses, "404", "NotFound");
        }
        add(responses, "406", "NotAcceptable");
        add(responses, "500", "Internal");
        add(responses, "503", "Unavailable");
        operation.putObject("responses").setAll(new LinkedHashMap<>(responses));
    }

    private static void add(Map<String, JsonNode> responses, String status, String name) {
        responses.putIfAbsent(status, MAPPER.createObjectNode().put("$ref", "#/components/responses/" + name));
    }
}
