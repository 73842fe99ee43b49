package muster.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The steps of the demo. Each reads and writes files of one directory, and may run again at any time. */
final class Year {
    static final int DAYS = 365;

    private static final int[] LAST_DAYS = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

    private final Path directory;

    Year(Path directory) {
        this.directory = directory;
    }

    /** Makes or takes over the elevations, and says what they are like. */
    String terrain(Grid terrain) throws IOException {
        Files.createDirectories(directory);
        terrain.write(directory.resolve("terrain.grid"));
        return "terrain: " + Statistics.of(terrain).line("m");
    }

    /** @param number 1 to 365 */
    String day(int number) throws IOException {
        requireWithin("day", number, DAYS);
        var map = Insolation.ofDay(read("terrain"), number);
        write(dayName(number), map);
        return dayName(number) + ": " + Statistics.of(map).line("kWh/m²");
    }

    /** Sums the days of a month, 1 to 12. */
    String month(int number) throws IOException {
        requireWithin("month", number, 12);
        var first = firstDay(number);
        var sum = read(dayName(first));
        for (var day = first + 1; day <= lastDay(number); day++) {
            add(sum, dayName(day));
        }
        write(monthName(number), sum);
        return monthName(number) + ": " + Statistics.of(sum).line("kWh/m²");
    }

    /** Sums the months and draws the map. */
    String year() throws IOException {
        var sum = read(monthName(1));
        for (var month = 2; month <= 12; month++) {
            add(sum, monthName(month));
        }
        var terrain = read("terrain");
        requireSame(terrain, sum, "terrain");
        write("year", sum);
        Grid.replace(directory.resolve("year.png"), MapImage.png(sum, terrain));
        return statistics(directory.resolve("year.grid"));
    }

    /** The line of a yearly map. */
    static String statistics(Path file) throws IOException {
        return Statistics.of(Grid.read(file)).line("kWh/m²/year");
    }

    static int firstDay(int month) {
        return LAST_DAYS[month - 1] + 1;
    }

    static int lastDay(int month) {
        return LAST_DAYS[month];
    }

    /** Such as {@code day-007}. */
    static String dayName(int day) {
        return "day-" + (day < 10 ? "00" : day < 100 ? "0" : "") + day;
    }

    /** Such as {@code month-07}. */
    static String monthName(int month) {
        return "month-" + (month < 10 ? "0" : "") + month;
    }

    private void add(Grid sum, String name) throws IOException {
        var other = read(name);
        requireSame(other, sum, name);
        for (var i = 0; i < sum.values().length; i++) {
            sum.values()[i] += other.values()[i];
        }
    }

    private void requireSame(Grid other, Grid sum, String name) {
        if (other.columns() != sum.columns() || other.rows() != sum.rows()) {
            throw new DemoException("'" + name + "' in '" + directory + "' has " + other.columns() + " × "
                    + other.rows() + " cells, the sum " + sum.columns() + " × " + sum.rows()
                    + "; use an empty directory for each terrain");
        }
    }

    private Grid read(String name) throws IOException {
        return Grid.read(directory.resolve(name + ".grid"));
    }

    private void write(String name, Grid grid) throws IOException {
        grid.write(directory.resolve(name + ".grid"));
    }

    private static void requireWithin(String what, int number, int last) {
        if (number < 1 || number > last) {
            throw new DemoException(what + " " + number + " is outside 1 to " + last);
        }
    }
}
