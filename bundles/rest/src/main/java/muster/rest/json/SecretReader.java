package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Secret;

/** Reads secrets that are sent with a job or workflow. No fault ever tells a value. */
final class SecretReader {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("name", "value", "base64", "as"));
    private static final String EXAMPLE = "{\"name\":\"DB_PASSWORD\",\"value\":\"…\"}";

    private SecretReader() {}

    /** What {@code fields} have as secrets. */
    static List<Secret> read(Fields fields, Faults faults) {
        var secrets = new ArrayList<Secret>();
        var nodes = fields.list("secrets");
        for (var i = 0; i < nodes.size(); i++) {
            var pointer = fields.at("secrets") + "/" + i;
            if (nodes.get(i).isObject()) {
                Fields.of(nodes.get(i), pointer, "a secret", KNOWN, faults)
                        .flatMap(secret -> secret(secret, faults))
                        .ifPresent(secrets::add);
            } else {
                faults.add(pointer, "a secret is no object; write such as " + EXAMPLE);
            }
        }
        return secrets;
    }

    private static Optional<Secret> secret(Fields fields, Faults faults) {
        var place = fields.string("as").orElse("environment");
        if (!place.equals("environment") && !place.equals("file")) {
            faults.add(fields.at("as"), "as is '" + Words.shown(place) + "'; write environment or file");
        }
        if (!fields.has("name")) {
            faults.add(fields.pointer(), "a secret has no name; write such as " + EXAMPLE);
        }
        var name = fields.string("name").flatMap(v -> faults.check(fields.at("name"), () -> Secret.requireName(v)));
        if (fields.has("value") == fields.has("base64")) {
            faults.add(
                    fields.pointer(),
                    fields.has("value")
                            ? "a secret has value and base64; give one of them"
                            : "a secret has no value; write such as " + EXAMPLE);
            return Optional.empty();
        }
        var field = fields.has("value") ? "value" : "base64";
        var value = fields.node(field)
                .flatMap(node -> faults.check(fields.at(field), () -> value(node, field.equals("base64"))));
        if (name.isEmpty() || value.isEmpty()) {
            return Optional.empty();
        }
        return faults.check(
                fields.at(field),
                () -> new Secret(
                        name.get(), place.equals("file") ? Secret.Place.FILE : Secret.Place.ENVIRONMENT, value.get()));
    }

    private static byte[] value(JsonNode node, boolean base64) {
        if (!node.isTextual()) {
            throw MusterException.invalid("the value of a secret is no string; write one");
        }
        if (!base64) {
            return node.textValue().getBytes(StandardCharsets.UTF_8);
        }
        try {
            return Base64.getDecoder().decode(node.textValue());
        } catch (IllegalArgumentException e) {
            throw MusterException.invalid("the value of a secret is not base64; encode it, or send it as value");
        }
    }
}
