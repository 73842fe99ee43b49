package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SurfaceTest {
    @Test
    void aPlaneFacesDownhillEverywhereAlsoAtTheEdge() {
        var values = new double[20];
        for (var i = 0; i < 20; i++) {
            values[i] = 0.3 * 10 * (i % 5) - 0.2 * 20 * (i / 5);
        }
        var surface = new Surface(new Grid(5, 4, 10, 20, 46, values));
        var length = Math.sqrt(0.3 * 0.3 + 0.2 * 0.2 + 1);
        for (var cell = 0; cell < 20; cell++) {
            assertThat(surface.east[cell]).isCloseTo(-0.3 / length, within(1e-12));
            assertThat(surface.north[cell]).isCloseTo(-0.2 / length, within(1e-12));
            assertThat(surface.up[cell]).isCloseTo(1 / length, within(1e-12));
        }
    }

    @Test
    void aHoleDoesNotSpread() {
        var values = new double[25];
        values[12] = Double.NaN;
        var surface = new Surface(new Grid(5, 5, 10, 10, 46, values));
        for (var cell = 0; cell < 25; cell++) {
            if (cell != 12) {
                assertThat(surface.up[cell]).isEqualTo(1);
            }
        }
    }

    @Test
    void aLoneCellIsLevel() {
        var surface = new Surface(new Grid(1, 1, 10, 10, 46, new double[] {1234}));
        assertThat(surface.up[0]).isEqualTo(1);
    }
}
