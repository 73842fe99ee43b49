package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import muster.api.MusterException;
import muster.api.Parameters;
import muster.api.Quantity;

/**
 * The fields of one JSON object, read strictly: each method gives the value, or nothing where the field is missing or
 * null, or where it is wrong, which becomes a fault at its pointer.
 */
final class Fields {
    private final JsonNode object;
    private final String pointer;
    private final Faults faults;

    private Fields(JsonNode object, String pointer, Faults faults) {
        this.object = object;
        this.pointer = pointer;
        this.faults = faults;
    }

    /** The fields of {@code node}, of which only {@code known} may be there; nothing if it is no object. */
    static Optional<Fields> of(JsonNode node, String pointer, String what, Set<String> known, Faults faults) {
        if (!node.isObject()) {
            faults.add(pointer, what + " is " + Words.shown(node) + "; expected an object");
            return Optional.empty();
        }
        var fields = new Fields(node, pointer, faults);
        node.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                faults.add(
                        fields.at(name),
                        what + " has no field '" + Words.shown(name) + "'; " + Words.remedy(name, known));
            }
        });
        return Optional.of(fields);
    }

    String pointer() {
        return pointer;
    }

    /** The pointer of a field. */
    String at(String name) {
        return child(pointer, name);
    }

    /** RFC 6901. */
    static String child(String pointer, String name) {
        return pointer + "/" + name.replace("~", "~0").replace("/", "~1");
    }

    boolean has(String name) {
        return object.hasNonNull(name);
    }

    Optional<JsonNode> node(String name) {
        return has(name) ? Optional.of(object.get(name)) : Optional.empty();
    }

    Optional<Fields> object(String name, String what, Set<String> known) {
        return node(name).flatMap(node -> of(node, at(name), what, known, faults));
    }

    Optional<String> string(String name) {
        return node(name).flatMap(node -> string(node, at(name), name));
    }

    private Optional<String> string(JsonNode node, String at, String name) {
        if (!node.isTextual()) {
            faults.add(at, name + " is " + Words.shown(node) + "; expected a string");
            return Optional.empty();
        }
        return Optional.of(node.textValue());
    }

    /** Bytes in base64, which must be there. */
    Optional<byte[]> base64(String name) {
        if (!has(name)) {
            faults.add(at(name), name + " is missing; send its DER in base64");
        }
        return string(name).flatMap(text -> faults.check(at(name), () -> decode(name, text)));
    }

    private static byte[] decode(String name, String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw MusterException.invalid(name + " is not base64; send its DER in base64");
        }
    }

    Optional<Integer> integer(String name) {
        return node(name).flatMap(node -> {
            if (!node.isIntegralNumber() || !node.canConvertToInt()) {
                faults.add(
                        at(name), name + " is " + Words.shown(node) + "; expected a whole number of at most 32 bits");
                return Optional.empty();
            }
            return Optional.of(node.intValue());
        });
    }

    Optional<Boolean> bool(String name) {
        return node(name).flatMap(node -> {
            if (!node.isBoolean()) {
                faults.add(at(name), name + " is " + Words.shown(node) + "; expected true or false");
                return Optional.empty();
            }
            return Optional.of(node.booleanValue());
        });
    }

    Optional<Double> number(String name) {
        return node(name).flatMap(node -> {
            if (!node.isNumber()) {
                faults.add(at(name), name + " is " + Words.shown(node) + "; expected a number");
                return Optional.empty();
            }
            return Optional.of(node.doubleValue());
        });
    }

    /** An amount of bytes: a whole number, or a string with a unit. */
    Optional<Long> bytes(String name) {
        return node(name).flatMap(node -> {
            if (node.isTextual()) {
                return faults.check(at(name), () -> Quantity.parseBytes(shorten(node.textValue())));
            }
            if (!node.isIntegralNumber() || !node.canConvertToLong()) {
                faults.add(
                        at(name),
                        name + " is " + Words.shown(node)
                                + "; expected a whole number of bytes or a string with a unit such as \"8GiB\"");
                return Optional.empty();
            }
            return Optional.of(node.longValue());
        });
    }

    Optional<Duration> duration(String name) {
        return node(name).flatMap(node -> {
            if (!node.isTextual()) {
                faults.add(
                        at(name),
                        name + " is " + Words.shown(node) + "; expected a string with a unit such as \"90s\"");
                return Optional.empty();
            }
            return faults.check(at(name), () -> Quantity.parseDuration(shorten(node.textValue())));
        });
    }

    /** The elements of a list; empty where it is missing or wrong. */
    List<JsonNode> list(String name) {
        return node(name).map(node -> list(node, at(name), name)).orElse(List.of());
    }

    private List<JsonNode> list(JsonNode node, String at, String name) {
        if (!node.isArray()) {
            faults.add(at, name + " is " + Words.shown(node) + "; expected a list");
            return List.of();
        }
        var elements = new ArrayList<JsonNode>(node.size());
        node.elements().forEachRemaining(elements::add);
        return elements;
    }

    /** A map to the elements of lists. */
    Map<String, List<JsonNode>> lists(String name) {
        var map = new LinkedHashMap<String, List<JsonNode>>();
        entries(name)
                .forEach((key, value) ->
                        map.put(key, list(value, child(at(name), key), name + " '" + Words.shown(key) + "'")));
        return map;
    }

    /** A list of strings that {@code rule} lets pass; those that are none, or do not, become faults and are left out. */
    List<String> strings(String name, Consumer<String> rule) {
        var strings = new ArrayList<String>();
        var elements = list(name);
        for (var i = 0; i < elements.size(); i++) {
            var at = at(name) + "/" + i;
            string(elements.get(i), at, "element " + i + " of " + name)
                    .flatMap(text -> faults.check(at, () -> {
                        rule.accept(text);
                        return text;
                    }))
                    .ifPresent(strings::add);
        }
        return strings;
    }

    /** A map to strings. */
    Map<String, String> stringMap(String name) {
        var map = new LinkedHashMap<String, String>();
        entries(name).forEach((key, value) -> string(value, child(at(name), key), name + " '" + Words.shown(key) + "'")
                .ifPresent(text -> map.put(key, text)));
        return map;
    }

    /** A map to whole numbers. */
    Map<String, Long> integerMap(String name) {
        var map = new LinkedHashMap<String, Long>();
        entries(name).forEach((key, value) -> {
            if (value.isIntegralNumber() && value.canConvertToLong()) {
                map.put(key, value.longValue());
            } else {
                faults.add(
                        child(at(name), key),
                        name + " '" + Words.shown(key) + "' is " + Words.shown(value) + "; expected a whole number");
            }
        });
        return map;
    }

    /** A tree of values. */
    Parameters parameters(String name) {
        var values = new LinkedHashMap<String, Object>();
        entries(name)
                .forEach((key, value) -> value(value, child(at(name), key)).ifPresent(plain -> values.put(key, plain)));
        return faults.check(at(name), () -> new Parameters(values)).orElse(Parameters.NONE);
    }

    private Map<String, JsonNode> entries(String name) {
        var entries = new LinkedHashMap<String, JsonNode>();
        node(name).ifPresent(node -> {
            if (node.isObject()) {
                node.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
            } else {
                faults.add(at(name), name + " is " + Words.shown(node) + "; expected an object");
            }
        });
        return entries;
    }

    private Optional<Object> value(JsonNode node, String at) {
        if (node.isTextual()) {
            return Optional.of(node.textValue());
        }
        if (node.isBoolean()) {
            return Optional.of(node.booleanValue());
        }
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return Optional.of(node.longValue());
        }
        if (node.isFloatingPointNumber() && Double.isFinite(node.doubleValue())) {
            return Optional.of(node.doubleValue());
        }
        if (node.isArray()) {
            var list = new ArrayList<Object>();
            for (var i = 0; i < node.size(); i++) {
                value(node.get(i), at + "/" + i).ifPresent(list::add);
            }
            return Optional.of(list);
        }
        if (node.isObject()) {
            var map = new LinkedHashMap<String, Object>();
            node.properties().forEach(entry -> value(entry.getValue(), child(at, entry.getKey()))
                    .ifPresent(plain -> map.put(entry.getKey(), plain)));
            return Optional.of(map);
        }
        faults.add(
                at,
                "a parameter is " + Words.shown(node)
                        + "; expected a string, a number of at most 64 bits, a boolean, a list or an object");
        return Optional.empty();
    }

    /** Quantities are short; a longer one is refused before it is parsed and echoed. */
    private static String shorten(String text) {
        if (text.length() > 40) {
            throw MusterException.invalid(
                    "'" + Words.shown(text) + "' is too long for a quantity; write such as 8GiB or 90s");
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid(
                    "'" + Words.shown(text) + "' has control characters; write such as 8GiB or 90s");
        }
        return text;
    }
}
