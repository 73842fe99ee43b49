package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import muster.api.Names;

/** Foreign words in messages. */
public final class Words {
    private static final int SHOWN_LENGTH = 60;

    private Words() {}

    /** A value as it can stand in a message: short, on one line. */
    static String shown(JsonNode value) {
        return shown(value.isContainerNode() ? (value.isArray() ? "a list" : "an object") : value.toString());
    }

    /** Foreign text as it can stand in a message: short, on one line. */
    public static String shown(String text) {
        return shown(text, SHOWN_LENGTH);
    }

    /** Foreign text on one line, at most so many characters of it. */
    public static String shown(String text, int length) {
        return Names.escape(text.length() <= length ? text : text.substring(0, length) + "…");
    }

    /** The known word that was most likely meant, as the tail of a message; else all of them. */
    public static String remedy(String unknown, Iterable<String> known) {
        var best = "";
        var bestDistance = 3;
        if (unknown.length() <= 2 * SHOWN_LENGTH) {
            for (var word : known) {
                var distance = distance(unknown, word);
                if (distance < bestDistance && distance < word.length()) {
                    best = word;
                    bestDistance = distance;
                }
            }
        }
        return best.isEmpty() ? "known are " + String.join(", ", known) : "did you mean '" + best + "'?";
    }

    /** Levenshtein's, without regard to case. */
    private static int distance(String a, String b) {
        var previous = new int[b.length() + 1];
        var current = new int[b.length() + 1];
        for (var j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (var i = 1; i <= a.length(); i++) {
            current[0] = i;
            for (var j = 1; j <= b.length(); j++) {
                var same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                current[j] = Math.min(previous[j - 1] + (same ? 0 : 1), 1 + Math.min(previous[j], current[j - 1]));
            }
            var swap = previous;
            previous = current;
            current = swap;
        }
        return previous[b.length()];
    }
}
