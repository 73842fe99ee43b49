package muster.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import muster.cli.client.Failure;

/** Shows the lines of a script that its faults are in. */
final class ScriptFaults {
    private static final Pattern PLACE = Pattern.compile("(.+?):([0-9]{1,9}):([0-9]{1,9}): .*");
    private static final int WIDEST = 120;

    private ScriptFaults() {}

    /**
     * The failure with the line of each place that it tells, and a mark below it; the same failure if it tells none.
     *
     * @param scripts texts by the names that places have
     */
    static Failure shown(Failure failure, String file, Map<String, String> scripts) {
        var faults = failure.details().isEmpty() ? List.of(failure.getMessage()) : failure.details();
        var lines = new ArrayList<String>();
        var located = 0;
        for (var fault : faults) {
            if (faults.size() > 1) {
                lines.add(fault);
            }
            var place = PLACE.matcher(fault);
            if (place.matches() && scripts.containsKey(place.group(1))) {
                located++;
                lines.addAll(excerpt(
                        scripts.getOrDefault(place.group(1), ""),
                        Integer.parseInt(place.group(2)),
                        Integer.parseInt(place.group(3))));
            }
        }
        if (located == 0) {
            return failure;
        }
        var message = faults.size() == 1 ? failure.getMessage() : file + " has " + faults.size() + " faults";
        return new Failure(failure.exitCode(), message, lines, failure);
    }

    /** A line and a mark below its column; of a long line what is around it. */
    private static List<String> excerpt(String script, int number, int column) {
        var line = script.lines().skip(number - 1L).findFirst().orElse("").replace('\t', ' ');
        if (line.isBlank() || column > line.length() + 1) {
            return List.of();
        }
        var from = Math.max(0, column - 1 - WIDEST / 2);
        var shown = line.substring(from, Math.min(line.length(), from + WIDEST));
        return List.of("    " + shown, "    " + " ".repeat(column - 1 - from) + "^");
    }
}
