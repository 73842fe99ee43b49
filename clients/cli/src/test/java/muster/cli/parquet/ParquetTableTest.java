package muster.cli.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import blue.strategic.parquet.Hydrator;
import blue.strategic.parquet.HydratorSupplier;
import blue.strategic.parquet.ParquetReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read back by Apache's own reader. */
class ParquetTableTest {
    @TempDir
    private Path folder;

    private List<List<Object>> read(List<String> columns, List<List<Object>> rows) throws IOException {
        var file = folder.resolve("t.parquet");
        Files.write(file, ParquetTable.write(columns, rows));
        HydratorSupplier<List<Object>, List<Object>> values = HydratorSupplier.constantly(new Hydrator<>() {
            @Override
            public List<Object> start() {
                return new ArrayList<>();
            }

            @Override
            public List<Object> add(List<Object> row, String column, Object value) {
                row.add(value);
                return row;
            }

            @Override
            public List<Object> finish(List<Object> row) {
                return row;
            }
        });
        try (var found = ParquetReader.streamContent(file.toFile(), values)) {
            return found.toList();
        }
    }

    private List<String> columns() throws IOException {
        return ParquetReader.readMetadata(folder.resolve("t.parquet").toFile())
                .getFileMetaData()
                .getSchema()
                .getFields()
                .stream()
                .map(Object::toString)
                .toList();
    }

    @Test
    void eachColumnHasTheTypeOfItsValues() throws IOException {
        List<List<Object>> rows = List.of(
                Arrays.asList("é \"x\"", 1L, 0.5, null, "a"),
                Arrays.asList(null, Long.MIN_VALUE, 3L, null, 7L),
                Arrays.asList("", null, null, null, 2.5));

        var read = read(List.of("TEXT", "WHOLE", "NUMBER", "NOTHING", "MIXED"), rows);

        assertThat(read)
                .containsExactly(
                        Arrays.asList("é \"x\"", 1L, 0.5, null, "a"),
                        Arrays.asList(null, Long.MIN_VALUE, 3.0, null, "7"),
                        Arrays.asList("", null, null, null, "2.5"));
        assertThat(columns())
                .containsExactly(
                        "optional binary TEXT (STRING)",
                        "optional int64 WHOLE",
                        "optional double NUMBER",
                        "optional binary NOTHING (STRING)",
                        "optional binary MIXED (STRING)");
    }

    @Test
    void manyRowsAndColumnsComeBackAsTheyWere() throws IOException {
        List<List<Object>> rows = IntStream.range(0, 20_000)
                .mapToObj(row -> IntStream.range(0, 20)
                        .mapToObj(column -> (row / 7 + column) % 3 == 0 ? null : (Object) ("v" + row + "." + column))
                        .toList())
                .toList();

        assertThat(read(IntStream.range(0, 20).mapToObj(i -> "c" + i).toList(), rows))
                .isEqualTo(rows);
    }

    @Test
    void aTableWithoutRowsIsOneToo() throws IOException {
        assertThat(read(List.of("A"), List.of())).isEmpty();
        assertThat(columns()).containsExactly("optional binary A (STRING)");
    }
}
