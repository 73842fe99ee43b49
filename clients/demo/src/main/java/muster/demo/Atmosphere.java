package muster.demo;

/**
 * How much of the sun's beam a clear sky lets through.
 *
 * @param transmittance of the whole atmosphere at sea level with the sun overhead, 0 to 1
 * @param elevationMetres of the ground
 */
record Atmosphere(double transmittance, double elevationMetres) {
    /** Of a clear day (Campbell and Norman 1998, Introduction to Environmental Biophysics, 2nd ed., ch. 11: 0.6 to 0.75). */
    static final double CLEAR = 0.7;

    /** As if there were none. */
    static final Atmosphere NONE = new Atmosphere(1, 0);

    /** The part of the beam that arrives: the transmittance to the power of the air mass (Bouguer's law). */
    double beam(double sineOfAltitude) {
        return StrictMath.pow(transmittance, airMass(sineOfAltitude));
    }

    /**
     * How much air the beam crosses, 1 for the sun overhead at sea level (Kasten and Young 1989, Applied Optics 28(22); for
     * the elevation Duffie and Beckman 2013, eq. 1.5.1).
     */
    double airMass(double sineOfAltitude) {
        var altitudeDegrees = StrictMath.toDegrees(StrictMath.asin(Math.min(1, sineOfAltitude)));
        return StrictMath.exp(-0.0001184 * elevationMetres)
                / (sineOfAltitude + 0.50572 * StrictMath.pow(altitudeDegrees + 6.07995, -1.6364));
    }
}
