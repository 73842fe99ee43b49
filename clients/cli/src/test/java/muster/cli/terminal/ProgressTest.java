package muster.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void drawsABarThatFitsTheTerminal() {
        var line = Progress.line(at(50), 79);

        assertThat(line).isEqualTo("[##########-----------] days  50/100  50%  2 running  1 failed  5.0/s  10s left");
        assertThat(Progress.line(at(50), 30)).hasSizeLessThanOrEqualTo(30).startsWith("days  50/100");
    }

    @Test
    void replacesItsLineOnATerminal() {
        var progress = new Progress(terminal(true), false);
        progress.show(at(10));
        progress.show(at(11));
        progress.clear();

        assertThat(text(err)).doesNotContain("\n").endsWith("\r\u001b[K");
        assertThat(text(out)).isEmpty();
    }

    @Test
    void showsPartsBelowTheWholeAndReplacesThemToo() {
        var progress = new Progress(terminal(true), false);
        var parts = List.of(
                new Progress.Snapshot("day", 8, 4, 2, 0, Duration.ZERO),
                new Progress.Snapshot("a rather long name of a category", 1, 0, 0, 1, Duration.ZERO));
        progress.show(at(10), parts);
        progress.show(at(11), parts);
        progress.clear();

        assertThat(text(err)).contains("\u001b[2A\r\u001b[J[#").endsWith("\u001b[2A\r\u001b[J");
        assertThat(Progress.partLines(parts, 79))
                .containsExactly(
                        "  day                       [##########----------]  4/8  2 running",
                        "  a rather long name of a…  [--------------------]  0/1  1 failed");
        assertThat(Progress.partLines(parts, 30)).allMatch(line -> line.length() <= 30);
    }

    @Test
    void writesALineForEachTenthElsewhere() {
        var progress = new Progress(terminal(false), false);
        for (var ended = 0; ended <= 100; ended++) {
            progress.show(at(ended));
        }

        assertThat(text(err).lines()).hasSize(11).allMatch(line -> line.startsWith("days  "));
        assertThat(text(err)).doesNotContain("\u001b");
    }

    @Test
    void isQuietElsewhereWhenAskedTo() {
        var progress = new Progress(terminal(false), true);
        progress.show(at(10));
        progress.note("waiting");
        progress.clear();

        assertThat(text(err)).isEmpty();
    }

    private static Progress.Snapshot at(int ended) {
        return new Progress.Snapshot("days", 100, ended, 2, 1, Duration.ofSeconds(10));
    }

    private Terminal terminal(boolean terminal) {
        return new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                terminal,
                Map.of("COLUMNS", "80"));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
