package muster.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
    private final Output output = new Output();

    @Test
    void alignsColumnsAndLeavesNoBlanksAtTheEnd() {
        new Table()
                .right("ID")
                .left("NAME")
                .right("TASKS")
                .row(7, "sort", 1)
                .row(123, "", 20_000)
                .print(output.plain());

        assertThat(output.lines()).containsExactly(" ID  NAME  TASKS", "  7  sort      1", "123        20000");
    }

    @Test
    void printsNoTitlesWhereThereAreNone() {
        new Table().left("").left("").row("id", 7).row("name", "").print(output.plain());

        assertThat(output.lines()).containsExactly("id    7", "name");
    }

    @Test
    void cutsTheWidestColumnsToFitTheScreen() {
        new Table()
                .left("ID")
                .left("MESSAGE")
                .row("17", "a".repeat(100))
                .row("18", "short")
                .print(output.narrow(20));

        assertThat(output.lines()).containsExactly("ID  MESSAGE", "17  " + "a".repeat(15) + "…", "18  short");
        assertThat(output.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(20));
    }

    @Test
    void countsTheCellsThatWideCharactersTake() {
        new Table().left("").left("").row("日本", "x").row("abcd", "y").print(output.plain());

        assertThat(output.lines()).containsExactly("日本  x", "abcd  y");
    }

    @Test
    void cutsWideCharactersWhole() {
        new Table().left("").row("日本日本").print(output.narrow(6));

        assertThat(output.lines()).containsExactly("日本…");
    }

    @Test
    void escapesControlCharacters() {
        new Table().left("").row("red \u001b[31m").print(output.plain());

        assertThat(output.lines()).containsExactly("red \\u001b[31m");
    }

    @Test
    void colorsOnlyOnTerminals() {
        var table = new Table().left("").row(new Table.Cell("failed", Style.BAD));
        table.print(output.plain());
        table.print(output.terminal(80));

        assertThat(output.lines()).containsExactly("failed", "\u001b[31mfailed\u001b[0m");
    }

    @Test
    void refusesRowsOfAnotherLength() {
        assertThatThrownBy(() -> new Table().left("").row(1, 2)).hasMessage("2 cells for 1 columns");
    }
}
