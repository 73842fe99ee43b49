package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InsolationTest {
    private static final int APRIL_15 = 105;
    private static final int JUNE_21 = 172;

    /**
     * The same by spherical trigonometry, cell by cell and step by step: slope and azimuth as angles, the angle of
     * incidence by Duffie and Beckman (2013), eq. 1.6.2.
     */
    @Test
    void agreesWithAnglesCellByCell() {
        var terrain = Terrain.make();
        for (var day : new int[] {1, 80, JUNE_21, 266, 355}) {
            var atmosphere = new Atmosphere(Atmosphere.CLEAR, mean(terrain.values()));
            var map = Insolation.ofDay(terrain, day);
            for (var row = 1; row < terrain.rows() - 1; row += 3) {
                for (var column = 1; column < terrain.columns() - 1; column += 3) {
                    var expected = byAngles(terrain, column, row, day, atmosphere);
                    assertThat(map.values()[row * terrain.columns() + column])
                            .as("day %d, column %d, row %d", day, column, row)
                            .isCloseTo(expected, within(1e-9 * Math.max(expected, 1e-3)));
                }
            }
        }
    }

    /** Duffie and Beckman (2013), eq. 1.10.3: H0 of a day in closed form. */
    @Test
    void convergesToTheClosedFormWithoutAir() {
        for (var latitude : new double[] {-60, 0, 43, 80}) {
            for (var day : new int[] {1, APRIL_15, JUNE_21, 300}) {
                var expected = closedForm(latitude, day);
                var computed = level(latitude, day, Atmosphere.NONE, 1);
                assertThat(computed).as("latitude %s, day %d", latitude, day).isCloseTo(expected, within(1e-4 * 10));
                assertThat(level(latitude, day, Atmosphere.NONE, Insolation.STEP_MINUTES))
                        .isCloseTo(expected, within(1e-3 * 10));
            }
        }
    }

    /** Duffie and Beckman (2013), example 1.10.1: 33.8 MJ/m² at 43° N on 15 April, with 1367 W/m² for the sun. */
    @Test
    void givesTheValueOfTheTextbook() {
        var megajoules = 3.6 * level(43, APRIL_15, Atmosphere.NONE, 10) * 1367 / Insolation.SOLAR_CONSTANT;
        assertThat(megajoules).isCloseTo(33.8, within(0.3));
    }

    /**
     * Duffie and Beckman (2013), example 1.6.1: at 43° N, 10:30 on 13 February, a surface tilted 45° and turned 15° west
     * of south is hit at 35°.
     */
    @Test
    void theAngleOfIncidenceUsedAboveIsThatOfTheTextbook() {
        var cosine = incidence(
                Math.toRadians(43), Math.toRadians(-14), Math.toRadians(45), Math.toRadians(15), Math.toRadians(-22.5));
        assertThat(Math.toDegrees(Math.acos(cosine))).isCloseTo(35, within(0.3));
    }

    @Test
    void favoursTheSlopeThatFacesTheSun() {
        assertThat(slope(46, 0.5)).isGreaterThan(slope(46, 0)).isGreaterThan(slope(46, -0.5));
        assertThat(slope(-46, -0.5)).isGreaterThan(slope(-46, 0)).isGreaterThan(slope(-46, 0.5));
    }

    @Test
    void isZeroInPolarNight() {
        assertThat(level(80, 1, Atmosphere.NONE, 10)).isZero();
    }

    @Test
    void leavesUnknownCellsUnknown() {
        var values = new double[9];
        values[4] = Double.NaN;
        var map = Insolation.ofDay(new Grid(3, 3, 10, 10, 46, values), JUNE_21);
        assertThat(map.values()[4]).isNaN();
        assertThat(map.values()[0]).isPositive();
    }

    @Test
    void refusesDaysOutsideTheYear() {
        var terrain = new Grid(1, 1, 10, 10, 46, new double[1]);
        assertThatThrownBy(() -> Insolation.ofDay(terrain, 366)).hasMessage("day 366 is outside 1 to 365");
        assertThatThrownBy(() -> Insolation.ofDay(terrain, 0)).isInstanceOf(DemoException.class);
    }

    private static double level(double latitudeDegrees, int day, Atmosphere atmosphere, int stepMinutes) {
        var terrain = new Grid(1, 1, 10, 10, latitudeDegrees, new double[1]);
        return Insolation.ofDay(terrain, day, atmosphere, stepMinutes).values()[0];
    }

    /** At the equinox, on a plane that rises towards north by this much a metre: it faces south. */
    private static double slope(double latitudeDegrees, double riseNorth) {
        var values = new double[9];
        for (var i = 0; i < 9; i++) {
            values[i] = -riseNorth * 10 * (i / 3);
        }
        return Insolation.ofDay(new Grid(3, 3, 10, 10, latitudeDegrees, values), 80)
                .values()[4];
    }

    private static double closedForm(double latitudeDegrees, int day) {
        var latitude = Math.toRadians(latitudeDegrees);
        var declination = Sun.declination(day);
        var sunset = Math.acos(Math.max(-1, Math.min(1, -Math.tan(latitude) * Math.tan(declination))));
        return 24
                / Math.PI
                * 1.361
                * Sun.eccentricity(day)
                * (Math.cos(latitude) * Math.cos(declination) * Math.sin(sunset)
                        + sunset * Math.sin(latitude) * Math.sin(declination));
    }

    private static double byAngles(Grid terrain, int column, int row, int day, Atmosphere atmosphere) {
        var latitude = Math.toRadians(terrain.latitudeDegrees());
        var declination = Sun.declination(day);
        var z = new double[9];
        for (var i = 0; i < 9; i++) {
            z[i] = terrain.values()[(row - 1 + i / 3) * terrain.columns() + column - 1 + i % 3];
        }
        var riseEast = ((z[2] + 2 * z[5] + z[8]) - (z[0] + 2 * z[3] + z[6])) / (8 * terrain.cellWidthMetres());
        var riseSouth = ((z[6] + 2 * z[7] + z[8]) - (z[0] + 2 * z[1] + z[2])) / (8 * terrain.cellHeightMetres());
        var slope = Math.atan(Math.hypot(riseEast, riseSouth));
        // downhill, from south, west positive
        var azimuth = Math.atan2(riseEast, -riseSouth);
        var sunset = Math.acos(-Math.tan(latitude) * Math.tan(declination));
        var minutes = sunset * 24 * 60 / Math.PI;
        var steps = (int) Math.ceil(minutes / 10);
        var sum = 0.0;
        for (var step = 0; step < steps; step++) {
            var hourAngle = sunset * ((2 * step + 1.0) / steps - 1);
            var cosineOfZenith = Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle)
                    + Math.sin(latitude) * Math.sin(declination);
            var cosine = incidence(latitude, declination, slope, azimuth, hourAngle);
            sum += 1.361 * Sun.eccentricity(day) * atmosphere.beam(cosineOfZenith) * Math.max(0, cosine);
        }
        return sum * minutes / 60 / steps;
    }

    private static double incidence(
            double latitude, double declination, double slope, double azimuth, double hourAngle) {
        return Math.sin(declination) * Math.sin(latitude) * Math.cos(slope)
                - Math.sin(declination) * Math.cos(latitude) * Math.sin(slope) * Math.cos(azimuth)
                + Math.cos(declination) * Math.cos(latitude) * Math.cos(slope) * Math.cos(hourAngle)
                + Math.cos(declination) * Math.sin(latitude) * Math.sin(slope) * Math.cos(azimuth) * Math.cos(hourAngle)
                + Math.cos(declination) * Math.sin(slope) * Math.sin(azimuth) * Math.sin(hourAngle);
    }

    private static double mean(double[] values) {
        var sum = 0.0;
        for (var value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
