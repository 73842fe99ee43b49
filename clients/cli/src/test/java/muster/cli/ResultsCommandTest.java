package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import muster.cli.client.ExitCode;
import muster.cli.client.FakeManager;
import muster.cli.parquet.ParquetTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsCommandTest {
    private static final String TABLE =
            "{\"columns\":[\"SYSTEMID\",\"VALUE\"],\"rows\":[[\"a\",1],[\"b\",null]],\"more\":false}";

    @TempDir
    private Path folder;

    private final FakeManager manager = new FakeManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private Run run(String... arguments) {
        return Run.of(manager.environment(), arguments);
    }

    @Test
    void showsWhatAQueryCameTo() {
        manager.on("GET /jobs/17/results", 200, TABLE.replace("false", "true"));

        var run = run("job", "results", "17", "select SYSTEMID, VALUE from results");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out().lines().map(String::strip))
                .containsExactly("SYSTEMID  VALUE", "a             1", "b             -");
        assertThat(run.err()).contains("there are more rows; --rows shows them");
        assertThat(manager.requests()).singleElement().satisfies(request -> assertThat(
                        URLDecoder.decode(request, StandardCharsets.UTF_8))
                .endsWith("/jobs/17/results?rows=1000&sql=select SYSTEMID, VALUE from results"));
    }

    @Test
    void writesAFileInTheFormOfItsName() {
        manager.on("GET /jobs/17/results", 200, TABLE);
        var json = folder.resolve("r.json");
        var csv = folder.resolve("r.csv");

        assertThat(run("job", "results", "17", "-o", json.toString()).exitCode())
                .isZero();
        assertThat(run("job", "results", "17", "-o", csv.toString()).exitCode()).isZero();

        assertThat(json).content().isEqualToIgnoringWhitespace("""
                [{"SYSTEMID": "a", "VALUE": 1}, {"SYSTEMID": "b", "VALUE": null}]
                """);
        assertThat(csv).content().isEqualTo(TABLE);
        assertThat(manager.requests()).last().asString().endsWith("results?rows=100000&form=csv");
    }

    @Test
    void writesParquet() throws IOException {
        manager.on("GET /jobs/17/results", 200, TABLE);
        var file = folder.resolve("r.parquet");

        assertThat(run("job", "results", "17", "-o", file.toString()).exitCode())
                .isZero();

        assertThat(file)
                .binaryContent()
                .isEqualTo(ParquetTable.write(
                        List.of("SYSTEMID", "VALUE"), List.of(List.of("a", 1L), Arrays.asList("b", null))));
    }

    @Test
    void writesNoFileThatLacksRows() {
        manager.on("GET /jobs/17/results", 200, TABLE.replace("false", "true"));
        var file = folder.resolve("r.json");

        var run = run("job", "results", "17", "-o", file.toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.USER);
        assertThat(run.err()).contains("there are more than 2 rows");
        assertThat(file).doesNotExist();
    }

    @Test
    void aNameThatTellsNoFormatAndColumnsOfOneNameAreFaults() {
        manager.on("GET /jobs/17/results", 200, TABLE.replace("VALUE", "SYSTEMID"));

        assertThat(run("job", "results", "17", "-o", folder.resolve("r.xls").toString())
                        .err())
                .contains("tells no format");
        assertThat(run("job", "results", "17", "-o", folder.resolve("r.json").toString())
                        .err())
                .contains("two columns are named 'SYSTEMID'");
    }
}
