package muster.rest.report;

import java.util.List;
import java.util.stream.Collectors;
import muster.api.ResultTable;

/** Writes rows of CSV, as RFC 4180 has them. */
public final class Csv {
    private Csv() {}

    /** With a header; what is null is empty. */
    public static String of(ResultTable table) {
        var out = new StringBuilder();
        row(out, table.columns());
        table.rows()
                .forEach(row -> row(
                        out,
                        row.stream()
                                .map(value -> value == null ? "" : value.toString())
                                .toList()));
        return out.toString();
    }

    static void row(StringBuilder out, List<String> values) {
        out.append(values.stream().map(Csv::quoted).collect(Collectors.joining(",")))
                .append("\r\n");
    }

    private static String quoted(String value) {
        return value.chars().anyMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')
                ? '"' + value.replace("\"", "\"\"") + '"'
                : value;
    }
}
