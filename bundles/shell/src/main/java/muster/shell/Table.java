package muster.shell;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import muster.api.Names;
import org.jline.utils.WCWidth;

/** Rows in columns that fit the screen: where they do not, the widest columns are cut. Control characters are escaped. */
final class Table {
    private static final int GAP = 2;
    private static final int NARROWEST = 4;
    private static final String CUT = Charset.defaultCharset().equals(StandardCharsets.UTF_8) ? "…" : "~";

    private final List<Column> columns = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>();

    private record Column(String title, boolean right) {}

    /** One field of a row. */
    record Cell(String text, Style style) {
        Cell {
            text = Names.escape(text);
        }

        static Cell of(Object value) {
            return new Cell(value.toString(), Style.PLAIN);
        }
    }

    /** Adds a column whose cells begin at its left edge. */
    Table left(String title) {
        columns.add(new Column(title, false));
        return this;
    }

    /** Adds a column whose cells end at its right edge: numbers. */
    Table right(String title) {
        columns.add(new Column(title, true));
        return this;
    }

    /** Adds a row: a {@link Cell} or anything else for each column. */
    Table row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        rows.add(Arrays.stream(cells)
                .map(cell -> cell instanceof Cell ready ? ready : Cell.of(cell))
                .toList());
        return this;
    }

    /** Prints the titles, if any column has one, and the rows. */
    void print(Screen screen) {
        var widths = fit(screen.width());
        if (columns.stream().anyMatch(column -> !column.title().isEmpty())) {
            print(
                    screen,
                    columns.stream()
                            .map(column -> new Cell(column.title(), Style.HEADER))
                            .toList(),
                    widths);
        }
        rows.forEach(row -> print(screen, row, widths));
    }

    private void print(Screen screen, List<Cell> row, int[] widths) {
        var line = new StringBuilder();
        var blanks = 0;
        for (var i = 0; i < widths.length; i++) {
            var text = cut(row.get(i).text(), widths[i]);
            var padding = widths[i] - width(text);
            blanks += columns.get(i).right() ? padding : 0;
            if (!text.isEmpty()) {
                line.append(" ".repeat(blanks)).append(screen.styled(row.get(i).style(), text));
                blanks = 0;
            }
            blanks += (columns.get(i).right() ? 0 : padding) + GAP;
        }
        screen.line(line.toString());
    }

    /** Takes columns from the widest until the table fits, down to a least width. */
    private int[] fit(int available) {
        var widths = new int[columns.size()];
        for (var i = 0; i < widths.length; i++) {
            widths[i] = width(columns.get(i).title());
            for (var row : rows) {
                widths[i] = Math.max(widths[i], width(row.get(i).text()));
            }
        }
        if (available > 0) {
            for (var total = Arrays.stream(widths).sum() + GAP * (widths.length - 1); total > available; total--) {
                var widest = 0;
                for (var i = 1; i < widths.length; i++) {
                    widest = widths[i] > widths[widest] ? i : widest;
                }
                if (widths[widest] <= NARROWEST) {
                    break;
                }
                widths[widest]--;
            }
        }
        return widths;
    }

    private static String cut(String text, int width) {
        if (width(text) <= width) {
            return text;
        }
        var out = new StringBuilder();
        var used = 1;
        for (var i = 0; i < text.length(); ) {
            var character = text.codePointAt(i);
            used += Math.max(0, WCWidth.wcwidth(character));
            if (used > width) {
                break;
            }
            out.appendCodePoint(character);
            i += Character.charCount(character);
        }
        return out.append(CUT).toString();
    }

    /** In terminal cells: characters of East Asia take two, combining marks none. */
    private static int width(String text) {
        return text.codePoints()
                .map(character -> Math.max(0, WCWidth.wcwidth(character)))
                .sum();
    }
}
