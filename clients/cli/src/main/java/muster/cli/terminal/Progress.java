package muster.cli.terminal;

import java.time.Duration;
import java.util.Locale;

/**
 * Shows on standard error how far a job is: a line that changes in place on a terminal, elsewhere a plain line each
 * time another tenth is done. Thread-safe.
 */
public final class Progress {
    private static final int WIDEST_BAR = 30;
    private static final int TENTHS = 10;

    private final Terminal terminal;
    private final boolean quiet;
    private boolean shown;
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

    public synchronized void show(Snapshot snapshot) {
        if (terminal.errIsTerminal()) {
            var line = line(snapshot, terminal.width() - 1);
            terminal.err().print("\r\u001b[K" + line);
            terminal.err().flush();
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
            terminal.err().print("\r\u001b[K" + fitted);
            terminal.err().flush();
            shown = true;
        }
    }

    /** Takes the line away, so that other output can follow. */
    public synchronized void clear() {
        if (shown) {
            terminal.err().print("\r\u001b[K");
            terminal.err().flush();
            shown = false;
        }
    }

    static String line(Snapshot snapshot, int width) {
        var counts = counts(snapshot);
        var room = Math.min(WIDEST_BAR, width - counts.length() - 3);
        if (room < 5) {
            return counts.length() <= width ? counts : counts.substring(0, Math.max(0, width));
        }
        var full = snapshot.size() == 0 ? room : (int) ((long) room * snapshot.ended() / snapshot.size());
        return "[" + "#".repeat(full) + "-".repeat(room - full) + "] " + counts;
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
