package muster.demo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * A map as a PNG picture: a colour ramp over a hillshade, and a legend at its right. Written without AWT, which the
 * smaller Java runtimes lack.
 */
final class MapImage {
    static final int LEGEND_WIDTH = 150;

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int PAPER = 0xFFFFFF;
    private static final int INK = 0x303030;

    /** Ten colours of Matplotlib's ramp "inferno" (CC0), which rises evenly in lightness. */
    private static final int[] RAMP = {
        0x1B0C41, 0x3B0964, 0x5C126E, 0x7C1D6D, 0x9D2964, 0xBC3754, 0xD84C3E, 0xED6925, 0xF98E09, 0xFBB61A, 0xF4DF53
    };

    /** Each row of a sign is three bits of an octal digit, the top row first. */
    private static final String SIGNS = "0123456789kWh/m²";

    private static final int[] BITS = {
        075557, 026227, 071747, 071717, 055711, 074717, 074757, 071111, 075757, 075717, 045655, 055775, 044755, 011244,
        005775, 061460
    };
    private static final int SIGN_ROWS = 5;
    private static final int DOT = 3;

    private final int width;
    private final int height;
    private final int[] pixels;

    private MapImage(int width, int height) {
        this.width = width;
        this.height = height;
        this.pixels = new int[width * height];
        Arrays.fill(pixels, PAPER);
    }

    /** How many pixels a cell is wide and high: a small map is enlarged. */
    static int scale(Grid map) {
        return Math.max(1, Math.min(4, 900 / Math.max(map.columns(), map.rows())));
    }

    /** The picture of {@code map}, shaded by the relief of {@code terrain}, as the bytes of a PNG file. */
    static ByteBuffer png(Grid map, Grid terrain) {
        var scale = scale(map);
        var statistics = Statistics.of(map);
        var image = new MapImage(map.columns() * scale + LEGEND_WIDTH, Math.max(map.rows() * scale, 120));
        image.drawMap(map, new Surface(terrain), statistics, scale);
        image.drawLegend(map.columns() * scale + 20, statistics);
        return image.encode();
    }

    private void drawMap(Grid map, Surface surface, Statistics statistics, int scale) {
        for (var y = 0; y < map.rows() * scale; y++) {
            for (var x = 0; x < map.columns() * scale; x++) {
                var cell = y / scale * map.columns() + x / scale;
                var value = map.values()[cell];
                if (!Double.isNaN(value)) {
                    pixels[y * width + x] =
                            shade(colour(position(value, statistics)), 0.65 + 0.45 * light(surface, cell));
                }
            }
        }
    }

    private void drawLegend(int left, Statistics statistics) {
        var top = 45;
        var bottom = height - 20;
        for (var y = top; y < bottom; y++) {
            var colour = colour((bottom - 1 - y) / (double) (bottom - 1 - top));
            for (var x = left; x < left + 24; x++) {
                pixels[y * width + x] = colour;
            }
        }
        drawText("kWh/m²", left, 15);
        drawText(Long.toString(Math.round(statistics.max())), left + 34, top);
        drawText(
                Long.toString(Math.round((statistics.max() + statistics.min()) / 2)),
                left + 34,
                (top + bottom) / 2 - 7);
        drawText(Long.toString(Math.round(statistics.min())), left + 34, bottom - SIGN_ROWS * DOT);
    }

    private void drawText(String text, int left, int top) {
        for (var i = 0; i < text.length(); i++) {
            var sign = SIGNS.indexOf(text.charAt(i));
            for (var dot = 0; sign >= 0 && dot < SIGN_ROWS * 3; dot++) {
                if ((BITS[sign] >> (SIGN_ROWS * 3 - 1 - dot) & 1) == 1) {
                    fill(left + (i * 4 + dot % 3) * DOT, top + dot / 3 * DOT);
                }
            }
        }
    }

    private void fill(int left, int top) {
        for (var y = top; y < top + DOT; y++) {
            for (var x = left; x < left + DOT; x++) {
                pixels[y * width + x] = INK;
            }
        }
    }

    private static double position(double value, Statistics statistics) {
        var range = statistics.max() - statistics.min();
        return range > 0 ? (value - statistics.min()) / range : 0.5;
    }

    /** 0 to 1, for light from the north-west at 45 degrees (Horn 1981). */
    private static double light(Surface surface, int cell) {
        return Math.max(0, (-surface.east[cell] + surface.north[cell]) / 2 + surface.up[cell] * Math.sqrt(0.5));
    }

    private static int colour(double position) {
        var place = position * (RAMP.length - 1);
        var index = Math.min((int) place, RAMP.length - 2);
        var part = place - index;
        var colour = 0;
        for (var shift = 16; shift >= 0; shift -= 8) {
            var low = RAMP[index] >> shift & 0xFF;
            var high = RAMP[index + 1] >> shift & 0xFF;
            colour |= (int) Math.round(low + part * (high - low)) << shift;
        }
        return colour;
    }

    private static int shade(int colour, double light) {
        var shaded = 0;
        for (var shift = 16; shift >= 0; shift -= 8) {
            shaded |= Math.min(255, (int) Math.round((colour >> shift & 0xFF) * light)) << shift;
        }
        return shaded;
    }

    /** RGB of 8 bits, no filter, no interlace (W3C, Portable Network Graphics, 2nd ed.). */
    private ByteBuffer encode() {
        var raw = ByteBuffer.allocate(height * (1 + 3 * width));
        for (var y = 0; y < height; y++) {
            raw.put((byte) 0);
            for (var x = 0; x < width; x++) {
                var pixel = pixels[y * width + x];
                raw.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
            }
        }
        var data = deflate(raw.array());
        var header = ByteBuffer.allocate(13).putInt(width).putInt(height);
        header.put((byte) 8).put((byte) 2).put(new byte[3]).flip();
        var png = ByteBuffer.allocate(SIGNATURE.length + 3 * 12 + 13 + data.remaining())
                .put(SIGNATURE);
        putChunk(png, "IHDR", header);
        putChunk(png, "IDAT", data);
        putChunk(png, "IEND", ByteBuffer.allocate(0));
        return png.flip();
    }

    private static ByteBuffer deflate(byte[] raw) {
        var deflater = new Deflater();
        try {
            deflater.setInput(raw);
            deflater.finish();
            // the bound of zlib's compressBound
            var out = new byte[raw.length + raw.length / 1000 + 64];
            return ByteBuffer.wrap(out, 0, deflater.deflate(out));
        } finally {
            deflater.end();
        }
    }

    private static void putChunk(ByteBuffer png, String type, ByteBuffer data) {
        var name = type.getBytes(StandardCharsets.US_ASCII);
        var checksum = new CRC32();
        checksum.update(name);
        checksum.update(data.duplicate());
        png.putInt(data.remaining()).put(name).put(data);
        png.putInt((int) checksum.getValue());
    }
}
