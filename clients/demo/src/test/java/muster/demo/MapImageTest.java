package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class MapImageTest {
    @Test
    void isAPictureOfTheRightSize() throws IOException {
        var terrain = Terrain.make();
        var image = read(Insolation.ofDay(terrain, 172), terrain);
        assertThat(MapImage.scale(terrain)).isEqualTo(3);
        assertThat(image.getWidth()).isEqualTo(256 * 3 + MapImage.LEGEND_WIDTH);
        assertThat(image.getHeight()).isEqualTo(256 * 3);
    }

    @Test
    void isBrighterWhereTheValueIsHigherAndWhiteWhereThereIsNone() throws IOException {
        var level = new Grid(200, 200, 10, 10, 46, new double[40_000]);
        var values = new double[40_000];
        for (var i = 0; i < values.length; i++) {
            values[i] = i % 200;
        }
        values[199] = Double.NaN;
        var image = read(level.with(values), level);
        var previous = -1;
        for (var column = 0; column < 199; column += 20) {
            var rgb = image.getRGB(column * 4 + 2, 400);
            var lightness = 3 * (rgb >> 16 & 0xFF) + 6 * (rgb >> 8 & 0xFF) + (rgb & 0xFF);
            assertThat(lightness).as("column %d", column).isGreaterThan(previous);
            previous = lightness;
        }
        assertThat(image.getRGB(199 * 4 + 2, 2) & 0xFFFFFF).isEqualTo(0xFFFFFF);
    }

    @Test
    void drawsMapsOfOneValueAndOfOneCell() throws IOException {
        var cell = new Grid(1, 1, 10, 10, 46, new double[] {5});
        assertThat(read(cell, cell).getHeight()).isEqualTo(120);
    }

    private static BufferedImage read(Grid map, Grid terrain) throws IOException {
        var png = MapImage.png(map, terrain);
        var bytes = new byte[png.remaining()];
        png.get(bytes);
        return ImageIO.read(new ByteArrayInputStream(bytes));
    }
}
