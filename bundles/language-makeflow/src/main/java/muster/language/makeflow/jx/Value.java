package muster.language.makeflow.jx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an expression evaluates to. Immutable. */
public sealed interface Value {
    /** The name of its type, for messages. */
    String type();

    /** As messages show it: long ones only in part. */
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
            return shown(this);
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
            return shown(this);
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
            return shown(this);
        }
    }

    private static String shown(Value value) {
        var printer = new Printer(100);
        return printer.print(value) ? printer.toString() : printer + "…";
    }
}
