package muster.demo;

/**
 * The energy of the sun's direct beam on each cell of a terrain over a day with a clear sky. What mountains shade, diffuse
 * light and the curvature of the earth are left out, and the air is that above the terrain's mean elevation.
 */
final class Insolation {
    /** At the mean distance of the sun, W/m² (Kopp and Lean 2011, Geophysical Research Letters 38). */
    static final double SOLAR_CONSTANT = 1361;

    static final int STEP_MINUTES = 10;

    private static final double RADIANS_PER_HOUR = Math.PI / 12;

    private Insolation() {}

    /** Direct insolation of a day, kWh/m², under the usual clear sky. */
    static Grid ofDay(Grid terrain, int day) {
        return ofDay(
                terrain,
                day,
                new Atmosphere(Atmosphere.CLEAR, Statistics.of(terrain).mean()),
                STEP_MINUTES);
    }

    /**
     * Integrates by the midpoint rule from sunrise to sunset, in equal steps of at most {@code stepMinutes}. In each step
     * the sun is one vector that carries the step's energy as its length, and a cell gets its dot product with the cell's
     * normal, which is the cosine of the angle of incidence (Duffie and Beckman 2013, eq. 1.6.2), clipped at 0.
     */
    static Grid ofDay(Grid terrain, int day, Atmosphere atmosphere, int stepMinutes) {
        if (day < 1 || day > 365) {
            throw new DemoException("day " + day + " is outside 1 to 365");
        }
        var latitude = StrictMath.toRadians(terrain.latitudeDegrees());
        var declination = Sun.declination(day);
        var sunset = Sun.sunsetHourAngle(latitude, declination);
        var steps = (int) Math.ceil(2 * sunset / RADIANS_PER_HOUR * 60 / stepMinutes);
        var east = new double[steps];
        var north = new double[steps];
        var up = new double[steps];
        var sinLatitude = StrictMath.sin(latitude);
        var cosLatitude = StrictMath.cos(latitude);
        var sinDeclination = StrictMath.sin(declination);
        var cosDeclination = StrictMath.cos(declination);
        for (var step = 0; step < steps; step++) {
            var hourAngle = -sunset + 2 * sunset * (step + 0.5) / steps;
            var cosHour = StrictMath.cos(hourAngle);
            var sine = sinLatitude * sinDeclination + cosLatitude * cosDeclination * cosHour;
            var hours = 2 * sunset / steps / RADIANS_PER_HOUR;
            var energy = SOLAR_CONSTANT / 1000 * Sun.eccentricity(day) * atmosphere.beam(sine) * hours;
            east[step] = energy * -cosDeclination * StrictMath.sin(hourAngle);
            north[step] = energy * (cosLatitude * sinDeclination - sinLatitude * cosDeclination * cosHour);
            up[step] = energy * sine;
        }
        return terrain.with(integrate(terrain, new Surface(terrain), east, north, up));
    }

    private static double[] integrate(Grid terrain, Surface surface, double[] east, double[] north, double[] up) {
        var sums = new double[terrain.values().length];
        for (var cell = 0; cell < sums.length; cell++) {
            var normalEast = surface.east[cell];
            var normalNorth = surface.north[cell];
            var normalUp = surface.up[cell];
            var sum = 0.0;
            for (var step = 0; step < up.length; step++) {
                var energy = normalEast * east[step] + normalNorth * north[step] + normalUp * up[step];
                if (energy > 0) {
                    sum += energy;
                }
            }
            sums[cell] = Double.isNaN(terrain.values()[cell]) ? Double.NaN : sum;
        }
        return sums;
    }
}
