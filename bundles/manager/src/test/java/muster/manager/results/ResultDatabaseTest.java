package muster.manager.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.ResultTable;
import muster.api.TaskId;
import muster.api.TaskSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultDatabaseTest {
    private static final Duration TIME = Duration.ofSeconds(30);
    private static final Instant NOW = Instant.parse("2026-11-20T08:00:00.123Z");

    @TempDir
    private Path folder;

    private final ResultDatabase database = new ResultDatabase();

    @AfterEach
    void close() {
        database.close();
    }

    private static TaskSpec task(String name, Map<String, String> environment) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .environment(environment)
                .build();
    }

    private static Origin of(String system) {
        return Origin.of(
                new TaskId(new JobId(7), 3),
                task("t", Map.of("LSL_ACTION", "count", "LSL_ABSTRACTION", "Texts", "LSL_SYSTEM", system)),
                NOW,
                12L);
    }

    private void add(String system, String name, String text) {
        database.add(of(system), name, text.getBytes(StandardCharsets.UTF_8));
    }

    private ResultTable ask(String sql) {
        return database.ask(sql, 100, TIME);
    }

    @Test
    void aTextIsOneValueOfWhatItsTaskWasAbout() {
        add("one", "words", "12\n");

        assertThat(ask("select * from results"))
                .isEqualTo(new ResultTable(
                        List.of(ResultDatabase.COLUMNS.split(", ")),
                        List.of(List.of(
                                "7",
                                "count",
                                "Texts",
                                "",
                                "one",
                                0L,
                                0L,
                                "words",
                                12L,
                                "12",
                                NOW.toString(),
                                12L,
                                "7.3")),
                        false));
    }

    @Test
    void ofATaskThatSaysNothingOfItTheCategoryIsTheActionAndTheNameTheSystem() {
        var origin = Origin.of(new TaskId(new JobId(7), 3), task("day-17", Map.of()), null, null);
        database.add(origin, "note", "é".getBytes(StandardCharsets.UTF_8));

        assertThat(ask("select ACTIONID, ABSTRACTIONID, SYSTEMID, VALUE, EXECUTIONTIME from results")
                        .rows())
                .containsExactly(Arrays.asList("day-#", "", "day-17", "é", null));
    }

    @Test
    void eachCellOfATableIsAValueWhoseTypeIsItsHeader() {
        add("one", "t.csv", "test,seconds\r\n\"a, \"\"b\"\"\",0.50\r\nc,1e2\n");

        assertThat(ask("select SHEETID, TYPE, X, Y, VALUE, RAWVALUE from results order by Y, X")
                        .rows())
                .containsExactly(
                        List.of("t.csv", "test", 0L, 0L, "a, \"b\"", "a, \"b\""),
                        List.of("t.csv", "seconds", 1L, 0L, 0.5, "0.50"),
                        List.of("t.csv", "test", 0L, 1L, "c", "c"),
                        List.of("t.csv", "seconds", 1L, 1L, 100L, "1e2"));
    }

    @Test
    void whatIsNoTableIsOneValueAndWhatIsNoTextIsNone() {
        add("one", "t.csv", "a,b\n1\n");
        add("two", "empty.csv", "");
        database.add(of("three"), "image", new byte[] {(byte) 0x89, 'P'});
        database.add(of("four"), "zero", new byte[] {'a', 0});

        assertThat(ask("select SYSTEMID, RAWVALUE from results").rows())
                .containsExactly(List.of("one", "a,b\n1"), List.of("two", ""));
    }

    @Test
    void countsAndSumsAndJoins() {
        add("one", "words", "12");
        add("two", "words", "30");
        add("two", "lines", "3");

        assertThat(ask("with w as (select * from results where TYPE = 'words')"
                        + " select SYSTEMID, sum(VALUE) as total from w group by 1 order by 2 desc"))
                .isEqualTo(new ResultTable(
                        List.of("SYSTEMID", "total"), List.of(List.of("two", 30L), List.of("one", 12L)), false));
    }

    @Test
    void answersNoMoreRowsThanWereAskedFor() {
        for (var i = 0; i < 5; i++) {
            add("s" + i, "n", String.valueOf(i));
        }

        var table = database.ask("select VALUE from results", 2, TIME);

        assertThat(table.rows()).containsExactly(List.of(0L), List.of(1L));
        assertThat(table.more()).isTrue();
    }

    @Test
    void whatIsNoNumberOfJsonIsAText() {
        assertThat(ask("select 9e999, x'00ff', null, -9e999").rows())
                .containsExactly(Arrays.asList("Infinity", "00ff", null, "-Infinity"));
    }

    @Test
    void aLongAnswerIsCut() {
        var table = ask("with recursive n(i) as (values(1) union all select i + 1 from n where i < 100)"
                + " select printf('%.*c', 1000000, 'x') from n");

        assertThat(table.more()).isTrue();
        assertThat(table.rows()).hasSizeLessThan(30);
    }

    @Test
    void oneRowIsNoLongerThanAnAnswer() {
        var columns = String.join(", ", Collections.nCopies(20, "hex(zeroblob(500000))"));

        assertThatThrownBy(() -> ask("select " + columns))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
    }

    @Test
    void aRowHasNoMoreThanAHundredColumns() {
        assertThatThrownBy(() -> ask("select " + String.join(", ", Collections.nCopies(101, "1"))))
                .hasMessageContaining("too many columns");
    }

    @Test
    void aCellThatIsNoTextOfAQueryIsLeftOut() {
        add("one", "t.csv", "a,b\n" + "x".repeat(2_000_000) + ",1\n");

        assertThat(ask("select TYPE, VALUE from results").rows()).containsExactly(List.of("b", 1L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                "delete from results",
                "insert into results (TYPE) values ('x')",
                "update results set VALUE = 1",
                "drop table results",
                "create table t (a)",
                "create temp table t as select 1",
                "attach ':memory:' as other",
                "detach main",
                "pragma query_only = off",
                "pragma temp_store_directory = '/'",
                "vacuum",
                "begin",
                "commit",
                "reindex",
                "analyze",
                "explain select 1",
                "backup to 'x'",
                "restore from 'x'",
                "/* select */ delete from results",
                "-- select\ndelete from results",
                "select 1; delete from results",
                "select 1; select 2",
                "select ';'; delete from results",
                "with x as (select 1) delete from results",
                "with x as (select 1) insert into results (TYPE) select 'y'",
                "with x as (select 1) update results set VALUE = 1",
                "select load_extension('x')",
                "select writefile('x', 'y')",
                "select readfile('/etc/passwd')",
                "select * from attempt",
                "select * from job",
                "select edit('x')",
                "select zeroblob(1000000000)",
                "select replace(printf('%.*c', 1000000, 'x'), 'x', 'xxxxxxxxxx')",
                "select 1 from",
                "selection",
            })
    void whatIsNoQueryIsRefusedAndChangesNothing(String sql) {
        add("one", "words", "12");

        assertThatThrownBy(() -> ask(sql)).isInstanceOfSatisfying(MusterException.class, e -> assertThat(e.code())
                .isEqualTo(ErrorCode.INVALID));
    }

    @Test
    void noFileComesToBe() throws Exception {
        var file = folder.resolve("x");
        for (var sql : List.of(
                "attach '" + file + "' as other",
                "vacuum into '" + file + "'",
                "backup to '" + file + "'",
                "with x as (select 1) vacuum into '" + file + "'")) {
            try (var other = new ResultDatabase()) {
                assertThatThrownBy(() -> other.ask(sql, 1, TIME)).isInstanceOf(MusterException.class);
            }
        }
        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    void semicolonsAndCommentsThatMeanNothingAreTaken() {
        assertThat(ask(" /* all */ select 1 as \"a;b\", ';--' as c -- ;\n ; ;").columns())
                .containsExactly("a;b", "c");
    }

    @Test
    void valuesAreAQueryToo() {
        assertThat(ask("VALUES (1)").rows()).containsExactly(List.of(1L));
    }

    @Test
    void aQueryThatGoesOnForEverIsEnded() {
        assertThatThrownBy(() -> database.ask(
                        "with recursive n(i) as (values(1) union all select i + 1 from n) select count(*) from n",
                        1,
                        Duration.ofMillis(200)))
                .hasMessageContaining("the query took longer than 200 ms and was ended");
    }

    @Test
    void aFaultNamesTheColumns() {
        assertThatThrownBy(() -> ask("select COLOUR from results"))
                .hasMessageContaining("no such column: COLOUR")
                .hasMessageContaining("SYSTEMID, X, Y, TYPE, VALUE");
    }

    @Test
    @Tag("proof")
    void tooManyResultsAreRefused() {
        var row = "1,".repeat(99) + "1\n";
        var table = ("c,".repeat(99) + "c\n" + row.repeat(10_000)).getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> {
                    database.add(of("one"), "t.csv", table);
                    add("two", "n", "1");
                })
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
    }
}
