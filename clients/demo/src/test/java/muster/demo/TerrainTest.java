package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TerrainTest {
    @Test
    void isTheSameEachTime() {
        assertThat(Terrain.make().values()).isEqualTo(Terrain.make().values());
    }

    /** Results that others compare with theirs depend on it: a change of this number is a change of the demo. */
    @Test
    void isTheSameOnEveryMachine() {
        var digest = 0L;
        for (var value : Terrain.make().values()) {
            digest = 31 * digest + Double.doubleToLongBits(value);
        }
        assertThat(Long.toHexString(digest)).isEqualTo("35ada95c265e7e44");
    }

    @Test
    void isAMountain() {
        var terrain = Terrain.make();
        assertThat(terrain.columns()).isEqualTo(256);
        assertThat(terrain.rows()).isEqualTo(256);
        assertThat(Arrays.stream(terrain.values()).min().orElseThrow()).isBetween(500.0, 2000.0);
        assertThat(Arrays.stream(terrain.values()).max().orElseThrow()).isBetween(2500.0, 4500.0);
        var steepest = Arrays.stream(new Surface(terrain).up).min().orElseThrow();
        assertThat(Math.toDegrees(Math.acos(steepest))).isBetween(25.0, 75.0);
    }
}
