package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class YearTest {
    @TempDir
    Path directory;

    @Test
    void sumsEveryDayOnce() throws IOException {
        var terrain = small();
        var year = new Year(directory.resolve("new/folder"));
        year.terrain(terrain);
        var expected = new double[terrain.values().length];
        for (var day = 1; day <= 365; day++) {
            year.day(day);
            var map = Insolation.ofDay(terrain, day);
            for (var i = 0; i < expected.length; i++) {
                expected[i] += map.values()[i];
            }
        }
        for (var month = 1; month <= 12; month++) {
            year.month(month);
        }
        var line = year.year();
        var sum = Grid.read(directory.resolve("new/folder/year.grid")).values();
        for (var i = 0; i < expected.length; i++) {
            assertThat(sum[i]).isCloseTo(expected[i], within(1e-9 * expected[i]));
        }
        assertThat(line).matches("min [0-9.]+, mean [0-9.]+, max [0-9.]+ kWh/m²/year \\(64 cells\\)");
        assertThat(Year.statistics(directory.resolve("new/folder/year.grid"))).isEqualTo(line);
        assertThat(Arrays.stream(sum).average().orElseThrow()).isBetween(800.0, 2500.0);
        var image = ImageIO.read(directory.resolve("new/folder/year.png").toFile());
        assertThat(image.getWidth()).isEqualTo(8 * 4 + MapImage.LEGEND_WIDTH);
    }

    @Test
    void aTaskThatRunsAgainGivesTheSame() throws IOException {
        var year = new Year(directory);
        year.terrain(small());
        year.day(7);
        var first = Files.readAllBytes(directory.resolve("day-007.grid"));
        year.day(7);
        assertThat(Files.readAllBytes(directory.resolve("day-007.grid"))).isEqualTo(first);
    }

    @Test
    void monthsHaveTheirDays() {
        assertThat(Year.firstDay(1)).isEqualTo(1);
        assertThat(Year.lastDay(2)).isEqualTo(59);
        assertThat(Year.firstDay(3)).isEqualTo(60);
        assertThat(Year.lastDay(12)).isEqualTo(365);
    }

    @Test
    void namesTheDayThatIsMissing() throws IOException {
        var year = new Year(directory);
        year.terrain(small());
        year.day(1);
        assertThatThrownBy(() -> year.month(1))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("day-002.grid")
                .hasMessageContaining("run the task that makes it first");
    }

    @Test
    void refusesToMixTerrains() throws IOException {
        var year = new Year(directory);
        year.terrain(small());
        year.day(1);
        for (var day = 2; day <= 31; day++) {
            new Grid(2, 2, 10, 10, 46, new double[4]).write(directory.resolve(Year.dayName(day) + ".grid"));
        }
        assertThatThrownBy(() -> year.month(1)).hasMessageContaining("use an empty directory");
    }

    private static Grid small() {
        var made = Terrain.make();
        var values = new double[64];
        for (var i = 0; i < 64; i++) {
            values[i] = made.values()[(100 + i / 8) * made.columns() + 100 + i % 8];
        }
        return new Grid(8, 8, made.cellWidthMetres(), made.cellHeightMetres(), made.latitudeDegrees(), values);
    }
}
