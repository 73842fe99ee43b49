package muster.manager.results;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads rows of CSV, as RFC 4180 has them. */
final class CsvText {
    private final String text;
    private int position;

    private CsvText(String text) {
        this.text = text;
    }

    /** All rows, the header first; empty for what is none: no two rows, or rows that differ in length. */
    static Optional<List<List<String>>> rows(String text) {
        var reader = new CsvText(text);
        var rows = new ArrayList<List<String>>();
        while (reader.position < text.length()) {
            var row = reader.row();
            if (!row.equals(List.of(""))) {
                if (!rows.isEmpty() && row.size() != rows.get(0).size()) {
                    return Optional.empty();
                }
                rows.add(row);
            }
        }
        return rows.isEmpty() ? Optional.empty() : Optional.of(rows);
    }

    private List<String> row() {
        var fields = new ArrayList<String>();
        while (true) {
            fields.add(next() == '"' ? quoted() : plain());
            var ended = position >= text.length();
            var separator = next();
            position++;
            if (ended || separator != ',') {
                return fields;
            }
        }
    }

    private String plain() {
        var from = position;
        while (position < text.length() && next() != ',' && next() != '\n') {
            position++;
        }
        var to = position > from && next() == '\n' && text.charAt(position - 1) == '\r' ? position - 1 : position;
        return text.substring(from, to);
    }

    private String quoted() {
        var field = new StringBuilder();
        position++;
        while (position < text.length()) {
            var c = next();
            position++;
            if (c == '"' && next() != '"') {
                break;
            }
            position += c == '"' ? 1 : 0;
            field.append(c);
        }
        return field.append(plain()).toString();
    }

    private char next() {
        return position < text.length() ? text.charAt(position) : '\n';
    }
}
