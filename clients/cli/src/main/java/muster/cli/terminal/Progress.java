package muster.cli.terminal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Shows on standard error how far a job is: a line that changes in place on a terminal, elsewhere a plain line each
 * time another tenth is done. Thread-safe.
 */
public final class Progress {
    private static final int WIDEST_BAR = 30;
    private static final int PART_BAR = 20;
    private static final int LONGEST_NAME = 24;
    private static final int MOST_PARTS = 12;
    private static final int TENTHS = 10;

    private final Terminal terminal;
    private final boolean quiet;
    private boolean shown;

    /** How many lines are shown below the first. */
    private int below;

    private int tenths = -1;

    /** @param quiet shows nothing where standard error is no terminal */
    public Progress(Terminal terminal, boolean quiet) {
        this.terminal = terminal;
        this.quiet = quiet;
    }

    /**
     * How far a job is.
     *
     * @param elapsed since the job began
     */
    public record Snapshot(String name, int size, int ended, int running, int failed, Duration elapsed) {
        /** Tasks ended in a second. */
        public double perSecond() {
            return elapsed.isZero() ? 0 : ended / (elapsed.toMillis() / 1000.0);
        }

        /** How long the rest takes at the speed so far; zero when that cannot be said. */
        Duration left() {
            return ended == 0 || ended >= size
                    ? Duration.ZERO
                    : Duration.ofMillis((long) (elapsed.toMillis() / (double) ended * (size - ended)));
        }
    }

    public void show(Snapshot snapshot) {
        show(snapshot, List.of());
    }

    /** @param parts of the whole, each shown in a line below it; only on a terminal */
    public synchronized void show(Snapshot snapshot, List<Snapshot> parts) {
        if (terminal.errIsTerminal()) {
            var shownParts = parts.subList(0, Math.min(MOST_PARTS, parts.size()));
            var text = new StringBuilder(start()).append(line(snapshot, terminal.width() - 1));
            partLines(shownParts, terminal.width() - 1)
                    .forEach(line -> text.append("\n").append(line));
            terminal.err().print(text);
            terminal.err().flush();
            below = shownParts.size();
            shown = true;
        } else if (!quiet) {
            var now = snapshot.size() == 0 ? TENTHS : (int) ((long) snapshot.ended() * TENTHS / snapshot.size());
            if (now > tenths) {
                tenths = now;
                terminal.err().println(counts(snapshot));
            }
        }
    }

    /** Shows one line that the next replaces; only on a terminal. */
    public synchronized void note(String text) {
        if (terminal.errIsTerminal()) {
            var fitted = text.length() < terminal.width() ? text : text.substring(0, terminal.width() - 1);
            terminal.err().print(start() + fitted);
            terminal.err().flush();
            below = 0;
            shown = true;
        }
    }

    /** Takes the line away, so that other output can follow. */
    public synchronized void clear() {
        if (shown) {
            terminal.err().print(start());
            terminal.err().flush();
            below = 0;
            shown = false;
        }
    }

    /** Goes to the beginning of what is shown and takes it away. */
    private String start() {
        return (below > 0 ? "\u001b[" + below + "A" : "") + "\r" + (below > 0 ? "\u001b[J" : "\u001b[K");
    }

    /** A line for each part, the bars below one another. */
    static List<String> partLines(List<Snapshot> parts, int width) {
        var name = Math.min(
                LONGEST_NAME,
                parts.stream().mapToInt(part -> part.name().length()).max().orElse(0));
        var counts = parts.stream().map(Progress::partCounts).toList();
        var longest = counts.stream().mapToInt(String::length).max().orElse(0);
        var room = Math.min(PART_BAR, width - name - longest - 7);
        var lines = new ArrayList<String>();
        for (var i = 0; i < parts.size(); i++) {
            var part = parts.get(i);
            var shortened =
                    part.name().length() <= name ? part.name() : part.name().substring(0, name - 1) + "…";
            var line = "  " + shortened + " ".repeat(name - shortened.length())
                    + (room < 5 ? "" : "  " + bar(part, room)) + "  " + counts.get(i);
            lines.add(line.length() <= width ? line : line.substring(0, width));
        }
        return lines;
    }

    private static String partCounts(Snapshot part) {
        return part.ended() + "/" + part.size() + (part.running() > 0 ? "  " + part.running() + " running" : "")
                + (part.failed() > 0 ? "  " + part.failed() + " failed" : "");
    }

    private static String bar(Snapshot snapshot, int room) {
        var full = snapshot.size() == 0 ? room : (int) ((long) room * snapshot.ended() / snapshot.size());
        return "[" + "#".repeat(full) + "-".repeat(room - full) + "]";
    }

    static String line(Snapshot snapshot, int width) {
        var counts = counts(snapshot);
        var room = Math.min(WIDEST_BAR, width - counts.length() - 3);
        if (room < 5) {
            return counts.length() <= width ? counts : counts.substring(0, Math.max(0, width));
        }
        return bar(snapshot, room) + " " + counts;
    }

    private static String counts(Snapshot snapshot) {
        var percent = snapshot.size() == 0 ? 100 : (int) (100L * snapshot.ended() / snapshot.size());
        var text = new StringBuilder();
        text.append(snapshot.name())
                .append("  ")
                .append(snapshot.ended())
                .append('/')
                .append(snapshot.size())
                .append("  ")
                .append(percent)
                .append('%');
        if (snapshot.running() > 0) {
            text.append("  ").append(snapshot.running()).append(" running");
        }
        if (snapshot.failed() > 0) {
            text.append("  ").append(snapshot.failed()).append(" failed");
        }
        if (snapshot.ended() > 0) {
            text.append(String.format(Locale.ROOT, "  %.1f/s", snapshot.perSecond()));
        }
        if (!snapshot.left().isZero()) {
            text.append("  ").append(Times.duration(snapshot.left())).append(" left");
        }
        return text.toString();
    }
}
