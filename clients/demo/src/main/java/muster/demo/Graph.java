package muster.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The demo as a job: a graph of native tasks, in the form that {@code POST /jobs} takes. */
final class Graph {
    private final StringBuilder json = new StringBuilder(1 << 18);
    private final List<String> command;
    private final String directory;
    private int tasks;

    private Graph(List<String> command, Path directory) {
        this.command = command;
        this.directory = directory.toString();
    }

    /**
     * @param command that starts this program
     * @param terrainOptions of the first task
     */
    static String json(List<String> command, Path directory, List<String> terrainOptions) {
        return new Graph(command, directory).write(terrainOptions);
    }

    private String write(List<String> terrainOptions) {
        json.append("{\"name\":\"sunlight\",\"tags\":[\"demo\"],\"graph\":{\"tasks\":[");
        var terrain = new ArrayList<>(List.of("terrain", directory));
        terrain.addAll(terrainOptions);
        task("terrain", terrain, List.of());
        for (var day = 1; day <= Year.DAYS; day++) {
            task(Year.dayName(day), List.of("day", Integer.toString(day), directory), List.of("terrain"));
        }
        var months = new ArrayList<String>();
        for (var month = 1; month <= 12; month++) {
            var days = new ArrayList<String>();
            for (var day = Year.firstDay(month); day <= Year.lastDay(month); day++) {
                days.add(Year.dayName(day));
            }
            months.add(Year.monthName(month));
            task(Year.monthName(month), List.of("month", Integer.toString(month), directory), days);
        }
        task("year", List.of("year", directory), months);
        return json.append("\n]}}\n").toString();
    }

    private void task(String name, List<String> arguments, List<String> needs) {
        json.append(tasks++ == 0 ? "\n" : ",\n").append("{\"name\":");
        text(name);
        json.append(",\"command\":");
        var whole = new ArrayList<>(command);
        whole.addAll(arguments);
        texts(whole);
        json.append(",\"resources\":{\"cores\":1},\"retries\":1,\"needs\":");
        texts(needs);
        json.append('}');
    }

    private void texts(List<String> values) {
        var separator = '[';
        for (var value : values) {
            json.append(separator);
            text(value);
            separator = ',';
        }
        json.append(values.isEmpty() ? "[]" : "]");
    }

    /** A string of RFC 8259. */
    private void text(String value) {
        json.append('"');
        for (var i = 0; i < value.length(); i++) {
            var c = value.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u00").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
