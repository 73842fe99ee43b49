package muster.language.makeflow;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads parts of lines: replaces variables ({@code $NAME}, {@code ${NAME}}, {@code $(NAME)}; {@code $$} is one dollar)
 * and takes quotes off. Nothing is replaced between single quotes.
 */
final class Expander {
    static final int LONGEST = 1 << 20;

    private final Line line;
    private final Function<String, @Nullable String> variables;
    private final StringBuilder out = new StringBuilder();

    /** Whether a character of {@code out} is as it stands, and splits nothing. */
    private final BitSet literal = new BitSet();

    private int next;

    private Expander(Line line, int from, Function<String, @Nullable String> variables) {
        this.line = line;
        this.variables = variables;
        next = from;
    }

    /** A part of a line that names a file; {@code offset} is where it begins. */
    record Word(String text, @Nullable String renamed, int offset) {}

    /** The value of a variable: quotes off, blanks and a comment at its end too. */
    static String value(Line line, int from, Function<String, @Nullable String> variables) {
        var expander = new Expander(line, from, variables);
        expander.readQuoted(line.text().length(), null);
        var end = expander.out.length();
        while (end > 0 && Character.isWhitespace(expander.out.charAt(end - 1)) && !expander.literal.get(end - 1)) {
            end--;
        }
        return expander.out.substring(0, end);
    }

    /** A command as the shell is to see it: quotes stay. */
    static String command(Line line, int from, Function<String, @Nullable String> variables) {
        var expander = new Expander(line, from, variables);
        expander.readCommand();
        return expander.out.toString().strip();
    }

    /** Names with blanks between them; {@code name->other} renames. */
    static List<Word> words(Line line, int from, int to, Function<String, @Nullable String> variables) {
        var expander = new Expander(line, from, variables);
        var offsets = new ArrayList<Integer>();
        expander.readQuoted(to, offsets);
        return expander.split(offsets);
    }

    private List<Word> split(List<Integer> offsets) {
        var words = new ArrayList<Word>();
        for (var start = 0; start < out.length(); ) {
            if (blank(start)) {
                start++;
                continue;
            }
            var end = start;
            var arrow = -1;
            for (; end < out.length() && !blank(end); end++) {
                if (arrow < 0 && !literal.get(end) && arrow(end)) {
                    arrow = end;
                }
            }
            words.add(
                    arrow < 0
                            ? new Word(out.substring(start, end), null, offsets.get(start))
                            : new Word(out.substring(start, arrow), out.substring(arrow + 2, end), offsets.get(start)));
            start = end;
        }
        return words;
    }

    private boolean arrow(int index) {
        return out.charAt(index) == '-' && index + 1 < out.length() && out.charAt(index + 1) == '>';
    }

    private boolean blank(int index) {
        return Character.isWhitespace(out.charAt(index)) && !literal.get(index);
    }

    /** @param offsets gets, for each character that comes out, where it comes from; null if nobody asks */
    private void readQuoted(int to, @Nullable List<Integer> offsets) {
        var text = line.text();
        while (next < to) {
            var start = next;
            var c = text.charAt(next);
            if (c == '#' && (next == 0 || Character.isWhitespace(text.charAt(next - 1)))) {
                next = to;
            } else if (c == '\'') {
                add(text.substring(next + 1, closing('\'')), true);
                next = closing('\'') + 1;
            } else if (c == '"') {
                readDouble(to);
            } else if (c == '\\' && next + 1 < to) {
                add(text.substring(next + 1, next + 2), true);
                next += 2;
            } else if (c == '$') {
                add(variable(), false);
            } else {
                add(String.valueOf(c), false);
                next++;
            }
            while (offsets != null && offsets.size() < out.length()) {
                offsets.add(start);
            }
        }
    }

    private void readDouble(int to) {
        var opening = next;
        for (next++; next < to && line.text().charAt(next) != '"'; ) {
            var c = line.text().charAt(next);
            if (c == '\\' && next + 1 < to) {
                var escaped = line.text().charAt(next + 1);
                add(
                        switch (escaped) {
                            case 'n' -> "\n";
                            case 't' -> "\t";
                            case '"', '\\', '$' -> String.valueOf(escaped);
                            default -> "\\" + escaped;
                        },
                        true);
                next += 2;
            } else if (c == '$') {
                add(variable(), true);
            } else {
                add(String.valueOf(c), true);
                next++;
            }
        }
        if (next >= to) {
            throw line.at(opening).error("a quote is not closed; expected '\"'");
        }
        next++;
    }

    private int closing(char quote) {
        var end = line.text().indexOf(quote, next + 1);
        if (end < 0) {
            throw line.at(next).error("a quote is not closed; expected " + quote);
        }
        return end;
    }

    private void readCommand() {
        var text = line.text();
        var inDouble = false;
        while (next < text.length()) {
            var c = text.charAt(next);
            if (c == '\'' && !inDouble) {
                var end = closing('\'') + 1;
                add(text.substring(next, end), true);
                next = end;
            } else if (c == '\\' && next + 1 < text.length()) {
                add(text.substring(next, next + 2), true);
                next += 2;
            } else if (c == '$') {
                add(variable(), true);
            } else {
                inDouble ^= c == '"';
                add(String.valueOf(c), true);
                next++;
            }
        }
    }

    private void add(String text, boolean asItStands) {
        if (asItStands) {
            literal.set(out.length(), out.length() + text.length());
        }
        out.append(text);
        if (out.length() > LONGEST) {
            throw line.at(Math.min(next, line.text().length() - 1))
                    .error("the line grows beyond " + LONGEST + " characters; use fewer or shorter variables");
        }
    }

    /** What a dollar here stands for. What is no variable's name is left to the shell, such as {@code $?} and {@code $(date)} with blanks. */
    private String variable() {
        var text = line.text();
        var start = next++;
        if (next < text.length() && text.charAt(next) == '$') {
            next++;
            return "$";
        }
        var bracket = next < text.length() ? text.charAt(next) : ' ';
        var close = bracket == '(' ? ')' : bracket == '{' ? '}' : 0;
        var from = close == 0 ? next : next + 1;
        var end = from;
        while (end < text.length() && nameCharacter(text.charAt(end), end == from)) {
            end++;
        }
        if (end == from || (close != 0 && (end == text.length() || text.charAt(end) != close))) {
            return "$";
        }
        next = close == 0 ? end : end + 1;
        var name = text.substring(from, end);
        var value = variables.apply(name);
        if (value == null) {
            throw line.at(start)
                    .error("variable '" + name + "' is not defined; define it before, export it where you start the"
                            + " workflow, or write $" + text.substring(start, next) + " for the shell");
        }
        return value;
    }

    private static boolean nameCharacter(char c, boolean first) {
        return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
    }
}
