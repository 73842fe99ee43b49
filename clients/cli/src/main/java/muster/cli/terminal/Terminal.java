package muster.cli.terminal;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Where a command writes: two streams, each a terminal or not. */
public final class Terminal {
    private static final int DEFAULT_WIDTH = 80;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean outIsTerminal;
    private final boolean errIsTerminal;
    private final Map<String, String> environment;
    private int width;

    public Terminal(
            PrintStream out,
            PrintStream err,
            boolean outIsTerminal,
            boolean errIsTerminal,
            Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.outIsTerminal = outIsTerminal;
        this.errIsTerminal = errIsTerminal;
        this.environment = Map.copyOf(environment);
    }

    /** The process's own; the launcher says by {@code muster.terminal} which of its streams are terminals. */
    public static Terminal ofProcess() {
        var terminals = System.getProperty("muster.terminal", "");
        return new Terminal(
                System.out, System.err, terminals.contains("out"), terminals.contains("err"), System.getenv());
    }

    public PrintStream out() {
        return out;
    }

    public PrintStream err() {
        return err;
    }

    public boolean outIsTerminal() {
        return outIsTerminal;
    }

    public boolean errIsTerminal() {
        return errIsTerminal;
    }

    /** Says something to the user beside a command's output. */
    public void tell(String line) {
        err.println("muster: " + line);
    }

    /** Colours text for standard output where it is a terminal and {@code NO_COLOR} is not set. */
    public String paint(Colour colour, String text) {
        return outIsTerminal ? painted(colour, text) : text;
    }

    /** Likewise for standard error. */
    public String paintError(Colour colour, String text) {
        return errIsTerminal ? painted(colour, text) : text;
    }

    private String painted(Colour colour, String text) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty() ? colour.on() + text + Colour.OFF : text;
    }

    /** Columns of the terminal. */
    public int width() {
        if (width == 0) {
            width = detectWidth();
        }
        return width;
    }

    private int detectWidth() {
        var columns = environment.getOrDefault("COLUMNS", "");
        var text = columns.matches("[1-9][0-9]{0,4}") ? "0 " + columns : askTerminal();
        var parts = text.strip().split(" ");
        return parts.length == 2 && parts[1].matches("[1-9][0-9]{0,4}") ? Integer.parseInt(parts[1]) : DEFAULT_WIDTH;
    }

    /** Rows and columns, or nothing. */
    private static String askTerminal() {
        try {
            var process = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            var answer =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
            return process.waitFor(1, TimeUnit.SECONDS) ? answer : "";
        } catch (IOException e) {
            // no stty or no terminal to ask: the default width will do
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** Foreign text made safe for a terminal: control characters become visible escapes. */
    public static String safe(String text) {
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        var safe = new StringBuilder(text.length() + 16);
        text.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                safe.append(String.format("\\u%04x", c));
            } else {
                safe.append((char) c);
            }
        });
        return safe.toString();
    }
}
