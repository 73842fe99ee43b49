package muster.demo;

/**
 * A mountain made by formula, the same on every machine: ridged multifractal noise (Musgrave, in Ebert et al., Texturing
 * and Modeling, 3rd ed. 2003, ch. 16) over a lattice of hashed gradients (Perlin 2002), on a broad dome.
 */
final class Terrain {
    static final int SIZE = 256;
    static final double CELL_METRES = 30;
    static final double LATITUDE_DEGREES = 46;

    private static final long SEED = 379;
    private static final int OCTAVES = 7;
    private static final double FOOT_METRES = 1100;
    private static final double DOME_METRES = 900;
    private static final double RIDGE_METRES = 1400;

    private Terrain() {}

    /** Elevations in metres. */
    static Grid make() {
        var values = new double[SIZE * SIZE];
        for (var row = 0; row < SIZE; row++) {
            for (var column = 0; column < SIZE; column++) {
                values[row * SIZE + column] = elevation((column + 0.5) / SIZE, (row + 0.5) / SIZE);
            }
        }
        return new Grid(SIZE, SIZE, CELL_METRES, CELL_METRES, LATITUDE_DEGREES, values);
    }

    private static double elevation(double x, double y) {
        var dx = x - 0.52;
        var dy = y - 0.47;
        var dome = 1 / (1 + 7 * (dx * dx + dy * dy));
        var sum = 0.0;
        var weight = 1.0;
        var amplitude = 0.5;
        var u = 2.5 * x;
        var v = 2.5 * y;
        for (var octave = 0; octave < OCTAVES; octave++) {
            var ridge = 1 - Math.abs(noise(u, v, octave));
            ridge *= ridge * weight;
            weight = Math.min(1, 2 * ridge);
            sum += ridge * amplitude;
            amplitude *= 0.45;
            // each octave is twice as fine and turned by the angle of a 3-4-5 triangle, so that no lattice shows
            var turned = 1.6 * u - 1.2 * v;
            v = 1.2 * u + 1.6 * v;
            u = turned;
        }
        return FOOT_METRES + DOME_METRES * dome + RIDGE_METRES * dome * sum;
    }

    /** About -1 to 1, zero at the points of the lattice. */
    private static double noise(double x, double y, int octave) {
        var column = (int) Math.floor(x);
        var row = (int) Math.floor(y);
        var u = x - column;
        var v = y - row;
        var fadeU = fade(u);
        var top = mix(fadeU, gradient(column, row, octave, u, v), gradient(column + 1, row, octave, u - 1, v));
        var bottom = mix(
                fadeU,
                gradient(column, row + 1, octave, u, v - 1),
                gradient(column + 1, row + 1, octave, u - 1, v - 1));
        return mix(fade(v), top, bottom);
    }

    private static double fade(double t) {
        return t * t * t * (t * (t * 6 - 15) + 10);
    }

    private static double mix(double t, double a, double b) {
        return a + t * (b - a);
    }

    private static double gradient(int column, int row, int octave, double u, double v) {
        // SplitMix64 (Steele et al. 2014)
        var z = SEED + 0x9E3779B97F4A7C15L * (column + 0x10001L * row + 0x100000001L * octave + 1);
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        var angle = (z >>> 11) * (2 * Math.PI / (1L << 53));
        return 1.5 * (StrictMath.cos(angle) * u + StrictMath.sin(angle) * v);
    }
}
