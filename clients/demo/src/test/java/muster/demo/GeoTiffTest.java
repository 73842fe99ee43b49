package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeoTiffTest {
    private static final double[] HEIGHTS = {1, 2, 3, 4, -9999, 6};

    @TempDir
    Path directory;

    @Test
    void takesSizeAndLatitudeFromUtm() throws IOException {
        var grid = GeoTiff.read(write(file().place(10, 627106.5, 4484124.4, 1, 26918)), Double.NaN);
        assertThat(grid.columns()).isEqualTo(3);
        assertThat(grid.rows()).isEqualTo(2);
        assertThat(grid.cellWidthMetres()).isEqualTo(10);
        assertThat(grid.cellHeightMetres()).isEqualTo(10);
        assertThat(grid.latitudeDegrees()).isCloseTo(40.5, within(0.003));
    }

    /** Snyder (1987), p. 269: 40°30' N, 73°30' W is 627106.5 E, 4484124.4 N in zone 18, on another ellipsoid. */
    @Test
    void invertsUtm() {
        assertThat(GeoTiff.utmLatitude(627106.5, 4484124.4)).isCloseTo(40.5, within(0.003));
        assertThat(GeoTiff.utmLatitude(500_000, 0)).isCloseTo(0, within(1e-12));
        // the meridian arc from the equator to 45 degrees on GRS 80
        assertThat(GeoTiff.utmLatitude(500_000, 0.9996 * 4984944.378)).isCloseTo(45, within(1e-7));
    }

    @Test
    void countsSouthFromTheEquator() throws IOException {
        var grid = GeoTiff.read(write(file().place(10, 500_000, 10_000_000 - 4_982_950.4, 1, 32733)), Double.NaN);
        assertThat(grid.latitudeDegrees()).isCloseTo(-45, within(0.001));
    }

    @Test
    void turnsDegreesIntoMetres() throws IOException {
        var grid = GeoTiff.read(write(file().place(0.001, 10, 60.001, 2, 4326)), Double.NaN);
        assertThat(grid.latitudeDegrees()).isCloseTo(60, within(1e-9));
        assertThat(grid.cellHeightMetres()).isCloseTo(111.3, within(0.5));
        assertThat(grid.cellWidthMetres()).isCloseTo(55.7, within(0.5));
    }

    @Test
    void leavesOutWhatIsNoData() throws IOException {
        var path = write(file().place(10, 500_000, 5_000_000, 1, 32632).field(42113, "-9999"));
        assertThat(GeoTiff.read(path, Double.NaN).values()).containsExactly(1, 2, 3, 4, Double.NaN, 6);
    }

    @Test
    void asksForALatitudeItCannotTell() throws IOException {
        var path = write(file().place(10, 500_000, 5_000_000, 1, 3035));
        assertThatThrownBy(() -> GeoTiff.read(path, Double.NaN)).hasMessageContaining("--latitude");
        assertThat(GeoTiff.read(path, 46.5).latitudeDegrees()).isEqualTo(46.5);
    }

    @Test
    void refusesFilesWithoutPixelSizeAndMissingFiles() throws IOException {
        var path = write(file());
        assertThatThrownBy(() -> GeoTiff.read(path, 46)).hasMessageContaining("how large its pixels are");
        assertThatThrownBy(() -> GeoTiff.read(directory.resolve("none.tif"), 46))
                .hasMessageContaining("not there");
    }

    private static TiffFile file() {
        return new TiffFile(3, 2, HEIGHTS).samples(32, 3);
    }

    private Path write(TiffFile tiff) throws IOException {
        var path = directory.resolve("dem.tif");
        tiff.write(path);
        return path;
    }
}
