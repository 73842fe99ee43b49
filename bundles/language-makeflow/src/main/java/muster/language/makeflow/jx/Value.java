package muster.language.makeflow.jx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an expression evaluates to. Immutable. */
public sealed interface Value {
    /** The name of its type, for messages. */
    String type();

    /** As it stands in a string that it is joined to. */
    @Override
    String toString();

    record Nothing() implements Value {
        @Override
        public String type() {
            return "null";
        }

        @Override
        public String toString() {
            return "null";
        }
    }

    record Truth(boolean value) implements Value {
        @Override
        public String type() {
            return "boolean";
        }

        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    record Whole(long value) implements Value {
        @Override
        public String type() {
            return "integer";
        }

        @Override
        public String toString() {
            return Long.toString(value);
        }
    }

    record Real(double value) implements Value {
        @Override
        public String type() {
            return "float";
        }

        @Override
        public String toString() {
            return Format.general(value);
        }
    }

    record Text(String value) implements Value {
        @Override
        public String type() {
            return "string";
        }

        @Override
        public String toString() {
            return value;
        }
    }

    record Items(List<Value> values) implements Value {
        public Items {
            values = Collections.unmodifiableList(new ArrayList<>(values));
        }

        @Override
        public String type() {
            return "array";
        }

        @Override
        public String toString() {
            return values.stream().map(Value::quoted).collect(Collectors.joining(",", "[", "]"));
        }
    }

    record Fields(Map<String, Value> values) implements Value {
        public Fields {
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        }

        @Override
        public String type() {
            return "object";
        }

        @Override
        public String toString() {
            return values.entrySet().stream()
                    .map(entry -> quoted(new Text(entry.getKey())) + ":" + quoted(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        }
    }

    private static String quoted(Value value) {
        return value instanceof Text text
                ? '"' + text.value.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
                : value.toString();
    }
}
