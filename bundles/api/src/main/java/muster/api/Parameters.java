package muster.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an executor is told beside the command: a tree of maps, lists, strings, longs, doubles and booleans, copied and
 * immutable. Each executor documents its own keys.
 */
public record Parameters(Map<String, Object> values) {
    public static final Parameters NONE = new Parameters(Map.of());

    private static final int MAX_DEPTH = 32;

    public Parameters {
        values = copyMap(values, "", 0);
    }

    /** A string, if the key is there. USER error when it is something else. */
    public Optional<String> string(String key) {
        return value(key, String.class, "a string");
    }

    /** A whole number, if the key is there. USER error when it is something else. */
    public Optional<Long> integer(String key) {
        return value(key, Long.class, "a whole number");
    }

    /** True or false, if the key is there. USER error when it is something else. */
    public Optional<Boolean> bool(String key) {
        return value(key, Boolean.class, "true or false");
    }

    /** USER error naming the first key that an executor does not know. */
    public void requireOnly(String executor, List<String> known) {
        for (var key : values.keySet()) {
            if (!known.contains(key)) {
                throw MusterException.invalid("executor '" + executor + "' has no parameter '" + Names.escape(key)
                        + "'; " + (known.isEmpty() ? "it takes none" : "it takes " + String.join(", ", known)));
            }
        }
    }

    private <T> Optional<T> value(String key, Class<T> type, String expected) {
        var value = values.get(key);
        if (value != null && !type.isInstance(value)) {
            throw MusterException.invalid("parameter '" + key + "' is " + value + "; expected " + expected);
        }
        return Optional.ofNullable(type.cast(value));
    }

    private static Map<String, Object> copyMap(Map<?, ?> map, String path, int depth) {
        var copy = new LinkedHashMap<String, Object>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), copy(value, path + "/" + key, depth)));
        return Collections.unmodifiableMap(copy);
    }

    private static Object copy(@Nullable Object value, String path, int depth) {
        if (depth > MAX_DEPTH) {
            throw MusterException.invalid("parameters are nested deeper than " + MAX_DEPTH + " at " + path);
        }
        if (value instanceof Map<?, ?> map) {
            return copyMap(map, path, depth + 1);
        }
        if (value instanceof List<?> list) {
            var copy = new ArrayList<Object>(list.size());
            list.forEach(item -> copy.add(copy(item, path, depth + 1)));
            return Collections.unmodifiableList(copy);
        }
        if (value instanceof String || value instanceof Boolean || value instanceof Long || value instanceof Double) {
            return value;
        }
        if (value instanceof Integer integer) {
            return integer.longValue();
        }
        throw MusterException.invalid(
                "parameter " + path + " is " + value + "; expected a string, number, boolean, list or map");
    }
}
