package muster.rest.report;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import muster.api.TaskSpec;

/** How a report says things. */
final class Texts {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private Texts() {}

    /** What a task runs: the text given to a shell, or else its words, quoted as a shell wants them. */
    static String command(TaskSpec spec) {
        var words = spec.command();
        if (words.size() == 3 && words.get(0).equals("/bin/sh") && words.get(1).matches("-e?c")) {
            return words.get(2);
        }
        return words.stream().map(Texts::quoted).collect(Collectors.joining(" "));
    }

    /** A word as a shell wants it. */
    static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** Such as {@code 1h 02m}, {@code 3m 20s}, {@code 4.2 s}, {@code 12 ms}. */
    static String duration(Duration duration) {
        var millis = duration.toMillis();
        if (millis < 1000) {
            return millis + " ms";
        }
        if (millis < 60_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
        }
        if (millis < 3_600_000) {
            return String.format(Locale.ROOT, "%dm %02ds", duration.toMinutes(), duration.toSecondsPart());
        }
        return String.format(Locale.ROOT, "%dh %02dm", duration.toHours(), duration.toMinutesPart());
    }

    /** Such as {@code 1.2 GiB}. */
    static String bytes(long bytes) {
        var units = new String[] {"B", "KiB", "MiB", "GiB", "TiB"};
        var amount = (double) bytes;
        var unit = 0;
        while (amount >= 1024 && unit < units.length - 1) {
            amount /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, amount >= 100 || unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    }

    /** Made safe for an element or a quoted attribute of a page. */
    static String html(String text) {
        var out = new StringBuilder(text.length() + 16);
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(Character.isISOControl(c) && c != '\n' && c != '\t' ? '\ufffd' : c);
            }
        }
        return out.toString();
    }

    static String shortened(String text, int longest) {
        return text.length() <= longest ? text : text.substring(0, longest - 1) + "…";
    }
}
