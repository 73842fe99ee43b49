package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AtmosphereTest {
    private static final Atmosphere SEA = new Atmosphere(0.7, 0);

    /** Kasten and Young (1989), table 2: altitude of the sun and relative optical air mass. */
    @Test
    void hasTheAirMassOfTheTable() {
        assertThat(airMass(90)).isCloseTo(1.0000, within(0.0005));
        assertThat(airMass(30)).isCloseTo(1.9939, within(0.0010));
        assertThat(airMass(10)).isCloseTo(5.5841, within(0.0050));
        assertThat(airMass(0)).isCloseTo(37.92, within(0.05));
    }

    @Test
    void letsMoreThroughOnAMountain() {
        assertThat(new Atmosphere(0.7, 3000).beam(0.5)).isGreaterThan(SEA.beam(0.5));
        assertThat(SEA.beam(1)).isCloseTo(0.7, within(1e-3));
        assertThat(Atmosphere.NONE.beam(0.1)).isEqualTo(1);
    }

    private static double airMass(double altitudeDegrees) {
        return SEA.airMass(Math.sin(Math.toRadians(altitudeDegrees)));
    }
}
