package muster.demo;

/** Where the sun stands. Angles in radians, hour angles from solar noon, the afternoon positive. */
final class Sun {
    private Sun() {}

    /**
     * The sun's declination on a day of a year of 365 (Spencer 1971, Fourier series representation of the position of the
     * sun, Search 2(5)); within 0.0006 rad.
     */
    static double declination(int day) {
        var angle = dayAngle(day);
        return 0.006918
                - 0.399912 * StrictMath.cos(angle)
                + 0.070257 * StrictMath.sin(angle)
                - 0.006758 * StrictMath.cos(2 * angle)
                + 0.000907 * StrictMath.sin(2 * angle)
                - 0.002697 * StrictMath.cos(3 * angle)
                + 0.00148 * StrictMath.sin(3 * angle);
    }

    /** The square of mean over actual distance of the sun (Spencer 1971); within 0.001. */
    static double eccentricity(int day) {
        var angle = dayAngle(day);
        return 1.000110
                + 0.034221 * StrictMath.cos(angle)
                + 0.001280 * StrictMath.sin(angle)
                + 0.000719 * StrictMath.cos(2 * angle)
                + 0.000077 * StrictMath.sin(2 * angle);
    }

    /**
     * The hour angle of sunset on level ground, from 0 (polar night) to π (polar day); sunrise is its negative (Duffie and
     * Beckman 2013, Solar Engineering of Thermal Processes, 4th ed., eq. 1.6.10).
     */
    static double sunsetHourAngle(double latitude, double declination) {
        var cosine = -StrictMath.tan(latitude) * StrictMath.tan(declination);
        return StrictMath.acos(Math.max(-1, Math.min(1, cosine)));
    }

    private static double dayAngle(int day) {
        return 2 * Math.PI * (day - 1) / 365;
    }
}
