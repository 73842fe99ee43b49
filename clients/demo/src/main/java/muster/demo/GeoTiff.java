package muster.demo;

import java.io.IOException;
import java.nio.file.Path;

/**
 * An elevation model in a GeoTIFF file (OGC GeoTIFF 1.1), north up: in degrees, or in metres of a UTM zone. Elevations are
 * taken as metres; the small turn between grid north and true north is left out.
 */
final class GeoTiff {
    private static final int PIXEL_SCALE = 33550;
    private static final int TIE_POINT = 33922;
    private static final int KEYS = 34735;
    private static final int NO_DATA = 42113;

    private static final int MODEL_TYPE = 1024;
    private static final int PROJECTED_SYSTEM = 3072;
    private static final int LINEAR_UNIT = 3076;
    private static final int METRE = 9001;

    private static final double EQUATOR_METRES = 6378137;
    private static final double FLATTENING = 1 / 298.257222101;
    private static final double METRES_PER_DEGREE = 111_320;

    private GeoTiff() {}

    /** @param latitudeDegrees of the middle; NaN to take it from the file */
    static Grid read(Path file, double latitudeDegrees) throws IOException {
        var tiff = Tiff.read(file);
        var scale = tiff.numbers(PIXEL_SCALE);
        if (scale.length < 2) {
            throw new DemoException("elevation model '" + file + "' does not say how large its pixels are"
                    + " (no ModelPixelScale); convert it with gdalwarp -t_srs EPSG:326xx");
        }
        var degrees = key(tiff, MODEL_TYPE) == 2;
        var unit = key(tiff, LINEAR_UNIT);
        if (!degrees && unit > 0 && unit != METRE) {
            throw new DemoException("elevation model '" + file + "' is measured in unit EPSG:" + unit
                    + "; convert it to metres with gdalwarp -t_srs EPSG:326xx");
        }
        var latitude = Double.isNaN(latitudeDegrees) ? latitude(file, tiff, scale[1], degrees) : latitudeDegrees;
        var unitMetres = degrees ? METRES_PER_DEGREE : 1;
        var shrink = degrees ? StrictMath.cos(StrictMath.toRadians(latitude)) : 1;
        return new Grid(
                tiff.width(),
                tiff.height(),
                scale[0] * unitMetres * shrink,
                scale[1] * unitMetres,
                latitude,
                heights(tiff));
    }

    private static double[] heights(Tiff tiff) {
        var heights = tiff.pixels();
        var text = tiff.text(NO_DATA).strip();
        if (!text.isEmpty() && !text.equalsIgnoreCase("nan")) {
            var noData = Double.parseDouble(text);
            for (var i = 0; i < heights.length; i++) {
                // a 32-bit sample is compared as the text would be stored in 32 bits
                if (heights[i] == noData || heights[i] == (float) noData) {
                    heights[i] = Double.NaN;
                }
            }
        }
        return heights;
    }

    private static double latitude(Path file, Tiff tiff, double pixelHeight, boolean degrees) {
        var tie = tiff.numbers(TIE_POINT);
        if (tie.length >= 6) {
            var northing = tie[4] - (tiff.height() / 2.0 - tie[1]) * pixelHeight;
            if (degrees) {
                return northing;
            }
            var easting = tie[3] + (tiff.width() / 2.0 - tie[0]) * tiff.numbers(PIXEL_SCALE)[0];
            var system = key(tiff, PROJECTED_SYSTEM);
            if (within(system, 32701, 32760)) {
                return utmLatitude(easting, northing - 10_000_000);
            }
            if (within(system, 32601, 32660)
                    || within(system, 26901, 26923)
                    || within(system, 26701, 26722)
                    || within(system, 25828, 25838)) {
                return utmLatitude(easting, northing);
            }
        }
        throw new DemoException("elevation model '" + file + "' does not tell its latitude in a way this program reads"
                + " (degrees or UTM); give it with --latitude DEGREES");
    }

    /** The inverse of the transverse Mercator projection (Snyder 1987, Map Projections, USGS PP 1395, eqs. 3-24 to 8-17). */
    static double utmLatitude(double easting, double northing) {
        var e2 = FLATTENING * (2 - FLATTENING);
        var second = e2 / (1 - e2);
        var mu = northing / 0.9996 / (EQUATOR_METRES * (1 - e2 / 4 - 3 * e2 * e2 / 64 - 5 * e2 * e2 * e2 / 256));
        var e1 = (1 - Math.sqrt(1 - e2)) / (1 + Math.sqrt(1 - e2));
        var foot = mu
                + (3 * e1 / 2 - 27 * e1 * e1 * e1 / 32) * StrictMath.sin(2 * mu)
                + (21 * e1 * e1 / 16 - 55 * e1 * e1 * e1 * e1 / 32) * StrictMath.sin(4 * mu)
                + 151 * e1 * e1 * e1 / 96 * StrictMath.sin(6 * mu);
        var sine = StrictMath.sin(foot);
        var tangent = StrictMath.tan(foot);
        var c = second * StrictMath.cos(foot) * StrictMath.cos(foot);
        var t = tangent * tangent;
        var n = EQUATOR_METRES / Math.sqrt(1 - e2 * sine * sine);
        var r = EQUATOR_METRES * (1 - e2) / StrictMath.pow(1 - e2 * sine * sine, 1.5);
        var d = (easting - 500_000) / (n * 0.9996);
        return StrictMath.toDegrees(foot
                - n * tangent / r * (d * d / 2 - (5 + 3 * t + 10 * c - 4 * c * c - 9 * second) * d * d * d * d / 24));
    }

    private static boolean within(int system, int first, int last) {
        return system >= first && system <= last;
    }

    /** The value of a key that holds a short; 0 if it is not there. */
    private static int key(Tiff tiff, int wanted) {
        var keys = tiff.numbers(KEYS);
        for (var at = 4; at + 3 < keys.length; at += 4) {
            if (keys[at] == wanted && keys[at + 1] == 0) {
                return (int) keys[at + 3];
            }
        }
        return 0;
    }
}
