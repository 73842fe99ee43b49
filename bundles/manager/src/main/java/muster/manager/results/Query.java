package muster.manager.results;

import java.util.Locale;
import java.util.Set;
import muster.api.MusterException;

/** Tells one query from all else that SQL has. */
final class Query {
    private static final Set<String> BEGINNINGS = Set.of("select", "with", "values");
    private static final int MAX_LENGTH = 64 << 10;

    private Query() {}

    /** Refuses what is not one query: other statements, and several. */
    static void require(String sql) {
        if (sql.length() > MAX_LENGTH) {
            throw MusterException.invalid(
                    "the query has " + sql.length() + " characters; at most " + MAX_LENGTH + " are taken");
        }
        if (sql.indexOf('\0') >= 0) {
            throw MusterException.invalid("the query contains a NUL character; remove it");
        }
        var plain = withoutComments(sql).strip();
        var end = plain.indexOf(';');
        if (end >= 0 && !plain.substring(end + 1).replace(';', ' ').isBlank()) {
            throw MusterException.invalid("there is more than one statement; ask one query at a time");
        }
        var length = 0;
        while (length < plain.length() && Character.isLetter(plain.charAt(length))) {
            length++;
        }
        if (!BEGINNINGS.contains(plain.substring(0, length).toLowerCase(Locale.ROOT))) {
            throw MusterException.invalid(
                    "this is no query; results can only be read: write such as select SYSTEMID, VALUE from results");
        }
    }

    /** What is quoted becomes {@code ''}. */
    private static String withoutComments(String sql) {
        var plain = new StringBuilder();
        for (var i = 0; i < sql.length(); ) {
            var c = sql.charAt(i);
            if (c == '\'' || c == '"' || c == '`' || c == '[') {
                i = after(sql, c == '[' ? "]" : String.valueOf(c), i + 1);
                plain.append("''");
            } else if (sql.startsWith("--", i)) {
                i = after(sql, "\n", i);
                plain.append(' ');
            } else if (sql.startsWith("/*", i)) {
                i = after(sql, "*/", i + 2);
                plain.append(' ');
            } else {
                plain.append(c);
                i++;
            }
        }
        return plain.toString();
    }

    private static int after(String sql, String end, int from) {
        var found = sql.indexOf(end, from);
        return found < 0 ? sql.length() : found + end.length();
    }
}
