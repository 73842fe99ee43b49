package muster.cli.terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows in columns. On a terminal it is coloured and fits the width, the widest columns giving way; elsewhere it is
 * plain and complete.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final int NARROWEST = 6;

    private final List<String> headers;
    private final List<List<String>> rows = new ArrayList<>();
    private int stateColumn = -1;

    public Table(String... headers) {
        this.headers = List.of(headers);
    }

    /** The column that holds states and is coloured by them. */
    public Table states(int column) {
        stateColumn = column;
        return this;
    }

    public Table row(Object... cells) {
        if (cells.length != headers.size()) {
            throw new IllegalArgumentException(cells.length + " cells in a table of " + headers.size() + " columns");
        }
        var row = new ArrayList<String>();
        for (var cell : cells) {
            row.add(Terminal.safe(String.valueOf(cell)));
        }
        rows.add(row);
        return this;
    }

    public void print(Terminal terminal) {
        var widths = widths(terminal);
        print(terminal, headers, widths, true);
        rows.forEach(row -> print(terminal, row, widths, false));
    }

    private int[] widths(Terminal terminal) {
        var widths = IntStream.range(0, headers.size())
                .map(column -> rows.stream()
                        .mapToInt(row -> length(row.get(column)))
                        .reduce(length(headers.get(column)), Math::max))
                .toArray();
        if (terminal.outIsTerminal()) {
            var excess = IntStream.of(widths).sum() + GAP.length() * (widths.length - 1) - terminal.width();
            while (excess > 0) {
                var widest = IntStream.range(0, widths.length).reduce(0, (a, b) -> widths[b] > widths[a] ? b : a);
                if (widths[widest] <= NARROWEST) {
                    break;
                }
                widths[widest]--;
                excess--;
            }
        }
        return widths;
    }

    private void print(Terminal terminal, List<String> row, int[] widths, boolean header) {
        var line = new StringBuilder();
        for (var column = 0; column < widths.length; column++) {
            var text = fit(row.get(column), widths[column]);
            var padding = " ".repeat(widths[column] - length(text));
            var painted = header
                    ? terminal.paint(Colour.BOLD, text)
                    : column == stateColumn ? terminal.paint(Colour.ofState(text), text) : text;
            if (number(column)) {
                line.append(padding).append(painted);
            } else {
                line.append(painted).append(padding);
            }
            line.append(GAP);
        }
        terminal.out().println(line.toString().stripTrailing());
    }

    /** Whether every cell of a column is a number or a dash: such columns stand to the right. */
    private boolean number(int column) {
        return !rows.isEmpty()
                && rows.stream().allMatch(row -> row.get(column).matches("-|[0-9][0-9.]*( ?[KMGT]iB| ?B|%)?"));
    }

    private static String fit(String text, int width) {
        return length(text) <= width
                ? text
                : text.substring(0, text.offsetByCodePoints(0, Math.max(0, width - 1))) + "…";
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
