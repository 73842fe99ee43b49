package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SunTest {
    private static final int JUNE_21 = 172;
    private static final int DECEMBER_21 = 355;

    @Test
    void standsOverTheTropicsAtTheSolstices() {
        assertThat(Math.toDegrees(Sun.declination(JUNE_21))).isCloseTo(23.44, within(0.04));
        assertThat(Math.toDegrees(Sun.declination(DECEMBER_21))).isCloseTo(-23.44, within(0.04));
    }

    @Test
    void crossesTheEquatorAtTheEquinoxes() {
        assertThat(Sun.declination(79) * Sun.declination(81)).isNegative();
        assertThat(Sun.declination(265) * Sun.declination(267)).isNegative();
    }

    /** Cooper (1969), The absorption of radiation in solar stills, is a coarser formula for the same. */
    @Test
    void agreesWithCooperWithinItsError() {
        for (var day = 1; day <= 365; day++) {
            var cooper = 23.45 * Math.sin(Math.toRadians(360 * (284 + day) / 365.0));
            assertThat(Math.toDegrees(Sun.declination(day))).as("day %d", day).isCloseTo(cooper, within(1.7));
        }
    }

    @Test
    void isNearestInJanuaryAndFarthestInJuly() {
        assertThat(Sun.eccentricity(3)).isCloseTo(Math.pow(1 / 0.98330, 2), within(1e-3));
        assertThat(Sun.eccentricity(185)).isCloseTo(Math.pow(1 / 1.01671, 2), within(1e-3));
    }

    @Test
    void shinesFifteenHoursAndAHalfAt45DegreesInJune() {
        assertThat(daylightHours(45, JUNE_21)).isCloseTo(15.43, within(0.02));
        assertThat(daylightHours(45, DECEMBER_21)).isCloseTo(8.57, within(0.02));
        assertThat(daylightHours(-45, JUNE_21)).isCloseTo(8.57, within(0.02));
    }

    @Test
    void doesNotSetInPolarSummerNorRiseInPolarWinter() {
        assertThat(daylightHours(75, JUNE_21)).isEqualTo(24);
        assertThat(daylightHours(75, DECEMBER_21)).isZero();
    }

    private static double daylightHours(double latitudeDegrees, int day) {
        return 2 * Sun.sunsetHourAngle(Math.toRadians(latitudeDegrees), Sun.declination(day)) * 12 / Math.PI;
    }
}
