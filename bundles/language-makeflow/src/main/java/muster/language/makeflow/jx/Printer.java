package muster.language.makeflow.jx;

import java.util.List;

/** Writes a value as it stands in a string that it is joined to, up to a length: one may hold another many times. */
final class Printer {
    private static final int MAX_DEPTH = 250;

    private final StringBuilder out = new StringBuilder();
    private final long most;

    /** @param most characters */
    Printer(long most) {
        this.most = most;
    }

    /** Appends a value; false if it is too long or nested too deep, and only its beginning is there. */
    boolean print(Value value) {
        return print(value, 0);
    }

    private boolean print(Value value, int depth) {
        if (value instanceof Value.Items items) {
            return depth < MAX_DEPTH && print(items.values(), depth);
        } else if (value instanceof Value.Fields fields) {
            return depth < MAX_DEPTH && print(fields, depth);
        } else if (value instanceof Value.Text text) {
            return add(depth == 0 ? text.value() : quoted(text.value()));
        }
        return add(value.toString());
    }

    private boolean print(List<Value> items, int depth) {
        var before = "[";
        for (var item : items) {
            if (!add(before) || !print(item, depth + 1)) {
                return false;
            }
            before = ",";
        }
        return add(items.isEmpty() ? "[]" : "]");
    }

    private boolean print(Value.Fields fields, int depth) {
        var before = "{";
        for (var field : fields.values().entrySet()) {
            if (!add(before + quoted(field.getKey()) + ":") || !print(field.getValue(), depth + 1)) {
                return false;
            }
            before = ",";
        }
        return add(fields.values().isEmpty() ? "{}" : "}");
    }

    private boolean add(String text) {
        var room = most - out.length();
        out.append(text, 0, (int) Math.min(text.length(), room));
        return text.length() <= room;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
