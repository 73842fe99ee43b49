package muster.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Test
    void isPlainAndCompleteWhereThereIsNoTerminal() {
        table().print(terminal(false, Map.of("COLUMNS", "20")));

        assertThat(lines())
                .containsExactly(
                        "ID  NAME                         STATE",
                        " 1  short                        running",
                        "12  a name that is rather long   failed",
                        " 3  control\\u001b[31mcharacters  waiting");
    }

    @Test
    void fitsTheWidthOfATerminal() {
        table().print(terminal(true, Map.of("COLUMNS", "30", "NO_COLOR", "1")));

        assertThat(lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(30));
        assertThat(lines()[2]).isEqualTo("12  a name that is r…  failed");
    }

    @Test
    void coloursStatesOnATerminal() {
        table().print(terminal(true, Map.of("COLUMNS", "80")));

        assertThat(lines()[2]).contains("\u001b[31mfailed\u001b[0m");
        assertThat(lines()[1]).contains("\u001b[36mrunning");
    }

    private static Table table() {
        return new Table("ID", "NAME", "STATE")
                .states(2)
                .row(1, "short", "running")
                .row(12, "a name that is rather long", "failed")
                .row(3, "control\u001b[31mcharacters", "waiting");
    }

    private Terminal terminal(boolean terminal, Map<String, String> environment) {
        var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Terminal(out, out, terminal, terminal, environment);
    }

    private String[] lines() {
        return bytes.toString(StandardCharsets.UTF_8).split("\n");
    }
}
