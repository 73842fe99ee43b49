package muster.language.lsl;

import java.util.List;

/**
 * A pattern as Ant has them: {@code ?} stands for a character, {@code *} for any within a part of a path, {@code **} as a
 * part for any parts, and a {@code /} at the end for all below. Takes time in proportion to pattern times name.
 */
public final class AntPattern {
    /** How long one may be, in characters. */
    public static final int LONGEST = 1024;

    private final List<String> parts;

    public AntPattern(String pattern) {
        parts = List.of((pattern.endsWith("/") ? pattern + "**" : pattern).split("/", -1));
    }

    public boolean matches(String name) {
        var given = name.split("/", -1);
        // which numbers of parts of the name the pattern so far can stand for
        var reached = new boolean[given.length + 1];
        reached[0] = true;
        for (var part : parts) {
            var next = new boolean[given.length + 1];
            for (var i = 0; i <= given.length; i++) {
                if (part.equals("**")) {
                    next[i] = reached[i] || (i > 0 && next[i - 1]);
                } else {
                    next[i] = i > 0 && reached[i - 1] && matchesPart(part, given[i - 1]);
                }
            }
            reached = next;
        }
        return reached[given.length];
    }

    private static boolean matchesPart(String part, String given) {
        var reached = new boolean[given.length() + 1];
        reached[0] = true;
        for (var p = 0; p < part.length(); p++) {
            var next = new boolean[given.length() + 1];
            var wanted = part.charAt(p);
            for (var i = 0; i <= given.length(); i++) {
                if (wanted == '*') {
                    next[i] = reached[i] || (i > 0 && next[i - 1]);
                } else {
                    next[i] = i > 0 && reached[i - 1] && (wanted == '?' || wanted == given.charAt(i - 1));
                }
            }
            reached = next;
        }
        return reached[given.length()];
    }
}
