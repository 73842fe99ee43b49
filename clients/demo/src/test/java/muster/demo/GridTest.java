package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GridTest {
    private static final Grid GRID = new Grid(2, 3, 10, 20, -46.5, new double[] {1, -2, Double.NaN, 4e300, 0, 6});

    @TempDir
    Path directory;

    @Test
    void readsWhatItWrote() throws IOException {
        var file = directory.resolve("a.grid");
        GRID.write(file);
        var read = Grid.read(file);
        assertThat(read.values()).isEqualTo(GRID.values());
        assertThat(read.with(GRID.values())).isEqualTo(GRID);
        assertThat(Files.size(file)).isEqualTo(40 + 6 * 8);
        assertThat(Arrays.copyOf(Files.readAllBytes(file), 8)).asString().isEqualTo("MUSTGRD1");
    }

    @Test
    void replacesAFileAndLeavesNothingBeside() throws IOException {
        var file = directory.resolve("a.grid");
        Files.writeString(file, "old");
        GRID.write(file);
        assertThat(Grid.read(file).columns()).isEqualTo(2);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void refusesEveryTruncationAndForeignFiles() throws IOException {
        var file = directory.resolve("a.grid");
        GRID.write(file);
        var whole = Files.readAllBytes(file);
        for (var length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Grid.read(file))
                    .isInstanceOf(DemoException.class)
                    .hasMessageContaining(file.toString());
        }
        Files.write(file, new byte[whole.length]);
        assertThatThrownBy(() -> Grid.read(file)).hasMessageContaining("is not a grid");
    }

    @Test
    void namesTheMissingFile() {
        assertThatThrownBy(() -> Grid.read(directory.resolve("day-001.grid")))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("day-001.grid");
    }

    @Test
    void refusesImpossibleGrids() {
        assertThatThrownBy(() -> new Grid(0, 1, 1, 1, 0, new double[0])).hasMessageContaining("0 columns");
        assertThatThrownBy(() -> new Grid(1, 1, 1, 1, 0, new double[2])).hasMessageContaining("2 values");
        assertThatThrownBy(() -> new Grid(1, 1, Double.NaN, 1, 0, new double[1]))
                .hasMessageContaining("positive");
        assertThatThrownBy(() -> new Grid(1, 1, 1, 1, 91, new double[1])).hasMessageContaining("latitude 91");
    }
}
