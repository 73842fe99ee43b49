package muster.language.makeflow.jx;

import java.util.List;
import muster.api.language.Place;

/** Splits a text into tokens, one ahead. */
final class Tokens {
    private static final List<String> SIGNS = List.of(
            "==", "!=", "<=", ">=", "{", "}", "[", "]", "(", ")", ",", ":", ".", "+", "-", "*", "/", "%", "<", ">");

    private final String file;
    private final String text;
    private int next;
    private int line = 1;
    private int lineStart;
    private Token current;

    enum Kind {
        TEXT,
        WHOLE,
        REAL,
        /** A symbol, keyword or constant. */
        WORD,
        SIGN,
        END
    }

    /** @param text of a string without quotes and escapes */
    record Token(Kind kind, String text, Place at) {
        boolean is(String word) {
            return (kind == Kind.SIGN || kind == Kind.WORD) && text.equals(word);
        }

        @Override
        public String toString() {
            return switch (kind) {
                case END -> "the end of the file";
                case TEXT -> '"' + (text.length() > 40 ? text.substring(0, 40) + "…" : text) + '"';
                default -> "'" + text + "'";
            };
        }
    }

    Tokens(String file, String text) {
        this.file = file;
        this.text = text;
        current = read();
    }

    Token peek() {
        return current;
    }

    Token take() {
        var taken = current;
        current = read();
        return taken;
    }

    private Token read() {
        skipBlank();
        var at = new Place(file, line, next - lineStart + 1);
        if (next == text.length()) {
            return new Token(Kind.END, "", at);
        }
        var c = text.charAt(next);
        if (c == '"') {
            return new Token(Kind.TEXT, string(at), at);
        }
        if (isDigit(c)) {
            return number(at);
        }
        if (Character.isLetter(c) || c == '_') {
            var start = next;
            while (next < text.length() && (Character.isLetterOrDigit(text.charAt(next)) || text.charAt(next) == '_')) {
                next++;
            }
            return new Token(Kind.WORD, text.substring(start, next), at);
        }
        for (var sign : SIGNS) {
            if (text.startsWith(sign, next)) {
                next += sign.length();
                return new Token(Kind.SIGN, sign, at);
            }
        }
        throw at.error("'" + c + "' begins nothing in JX; expected a value, a name or an operator");
    }

    private void skipBlank() {
        for (; next < text.length(); next++) {
            var c = text.charAt(next);
            if (c == '#') {
                while (next < text.length() && text.charAt(next) != '\n') {
                    next++;
                }
                if (next == text.length()) {
                    return;
                }
                c = '\n';
            }
            if (c == '\n') {
                line++;
                lineStart = next + 1;
            } else if (!Character.isWhitespace(c)) {
                return;
            }
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private Token number(Place at) {
        var start = next;
        digits();
        var real = next + 1 < text.length() && text.charAt(next) == '.' && isDigit(text.charAt(next + 1));
        if (real) {
            next++;
            digits();
        }
        if (next < text.length() && (text.charAt(next) == 'e' || text.charAt(next) == 'E')) {
            var sign = next + 1 < text.length() && (text.charAt(next + 1) == '-' || text.charAt(next + 1) == '+');
            var first = next + (sign ? 2 : 1);
            if (first < text.length() && isDigit(text.charAt(first))) {
                real = true;
                next = first;
                digits();
            }
        }
        if (next < text.length() && (Character.isLetter(text.charAt(next)) || text.charAt(next) == '_')) {
            throw at.error("'" + text.substring(start, next + 1)
                    + "' is neither a number nor a name; expected an operator" + " after the number");
        }
        return new Token(real ? Kind.REAL : Kind.WHOLE, text.substring(start, next), at);
    }

    private void digits() {
        while (next < text.length() && isDigit(text.charAt(next))) {
            next++;
        }
    }

    private String string(Place at) {
        var out = new StringBuilder();
        for (next++; next < text.length(); next++) {
            var c = text.charAt(next);
            if (c == '"') {
                next++;
                return out.toString();
            }
            if (c == '\n') {
                break;
            }
            out.append(c == '\\' ? escaped() : c);
        }
        throw at.error("a string does not end on its line; expected '\"'");
    }

    /** The character of an escape that begins here; afterwards {@code next} is at its last character. */
    private char escaped() {
        var at = new Place(file, line, next - lineStart + 1);
        next++;
        var c = next < text.length() ? text.charAt(next) : '\n';
        switch (c) {
            case '"', '\\', '/', '\'':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                if (next + 4 < text.length()
                        && text.substring(next + 1, next + 5).matches("[0-9a-fA-F]{4}")) {
                    next += 4;
                    return (char) Integer.parseInt(text.substring(next - 3, next + 1), 16);
                }
                throw at.error("'\\u' is not followed by four hexadecimal digits");
            default:
                throw at.error("'\\" + (c == '\n' ? "" : c)
                        + "' is no escape; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r" + " \\t \\uXXXX");
        }
    }
}
