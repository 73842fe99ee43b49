package muster.language.makeflow;

import java.util.ArrayList;
import java.util.List;
import muster.api.language.Place;

/**
 * A line of a script, with those that a backslash at the end joins to it.
 *
 * @param text without the backslashes and line ends between its parts
 * @param parts where the lines of the file begin in {@code text}
 */
record Line(String file, int number, String text, List<Integer> parts) {
    static List<Line> of(String file, String script) {
        var lines = new ArrayList<Line>();
        var text = new StringBuilder();
        var parts = new ArrayList<Integer>();
        var number = 0;
        for (var next = 0; next < script.length(); ) {
            var end = script.indexOf('\n', next);
            var line = script.substring(next, end < 0 ? script.length() : end);
            next = end < 0 ? script.length() : end + 1;
            number++;
            var plain = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
            parts.add(text.length());
            var comment = parts.size() == 1 && plain.stripLeading().startsWith("#");
            if (plain.endsWith("\\") && !comment && next < script.length()) {
                text.append(plain, 0, plain.length() - 1);
            } else {
                text.append(plain);
                lines.add(new Line(file, number - parts.size() + 1, text.toString(), List.copyOf(parts)));
                text.setLength(0);
                parts.clear();
            }
        }
        return lines;
    }

    /** Where a character of the text is in the file. */
    Place at(int offset) {
        var part = 0;
        for (var end = parts.size(); end - part > 1; ) {
            var middle = (part + end) / 2;
            if (parts.get(middle) <= offset) {
                part = middle;
            } else {
                end = middle;
            }
        }
        return new Place(file, number + part, offset - parts.get(part) + 1);
    }

    boolean blank() {
        var stripped = text.strip();
        return stripped.isEmpty() || stripped.startsWith("#");
    }

    boolean indented() {
        return Character.isWhitespace(text.charAt(0));
    }

    /** Where the first character after blanks is, from an offset on. */
    int skipBlank(int offset) {
        var next = offset;
        while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
            next++;
        }
        return next;
    }
}
