package muster.demo;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first image of a TIFF file (TIFF 6.0 with its Technical Notes 1 and 3): one number a pixel, integer or floating,
 * in strips or tiles, plain, LZW or Deflate.
 */
final class Tiff {
    private static final int WIDTH = 256;
    private static final int LENGTH = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int STRIP_OFFSETS = 273;
    private static final int SAMPLES = 277;
    private static final int ROWS_PER_STRIP = 278;
    private static final int STRIP_BYTES = 279;
    private static final int PREDICTOR = 317;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_LENGTH = 323;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_BYTES = 325;
    private static final int SAMPLE_FORMAT = 339;

    /** Bytes of each field type, by its number; 0 for those that are not read. */
    private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 0, 1, 1, 2, 4, 0, 4, 8};

    private static final int UNSIGNED = 1;
    private static final int SIGNED = 2;
    private static final int FLOATING = 3;

    private final Path file;
    private final ByteBuffer bytes;
    private final Map<Integer, double[]> numbers = new HashMap<>();
    private final Map<Integer, String> texts = new HashMap<>();

    private Tiff(Path file, ByteBuffer bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    static Tiff read(Path file) throws IOException {
        try {
            var tiff = new Tiff(file, ByteBuffer.wrap(Files.readAllBytes(file)));
            tiff.readDirectory();
            return tiff;
        } catch (NoSuchFileException e) {
            throw new DemoException("elevation model '" + file + "' is not there; correct the path", e);
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw damaged(file, e);
        }
    }

    int width() {
        return (int) number(WIDTH, -1);
    }

    int height() {
        return (int) number(LENGTH, -1);
    }

    /** The numbers of a field; empty if it is not there. */
    double[] numbers(int tag) {
        return numbers.getOrDefault(tag, new double[0]);
    }

    /** The text of a field; empty if it is not there. */
    String text(int tag) {
        return texts.getOrDefault(tag, "");
    }

    /** Every pixel, row by row. */
    double[] pixels() {
        try {
            return decode();
        } catch (BufferUnderflowException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw damaged(file, e);
        }
    }

    private void readDirectory() {
        var order = bytes.getShort(0);
        if (order != 0x4949 && order != 0x4D4D) {
            throw unsupported("is not a TIFF file");
        }
        bytes.order(order == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        if (bytes.getShort(2) != 42) {
            throw unsupported("is a BigTIFF or no TIFF");
        }
        var directory = bytes.getInt(4);
        var entries = Short.toUnsignedInt(bytes.getShort(directory));
        for (var entry = 0; entry < entries; entry++) {
            readField(directory + 2 + 12 * entry);
        }
    }

    private void readField(int at) {
        var tag = Short.toUnsignedInt(bytes.getShort(at));
        var type = Short.toUnsignedInt(bytes.getShort(at + 2));
        var count = bytes.getInt(at + 4);
        if (type >= TYPE_BYTES.length || TYPE_BYTES[type] == 0) {
            return;
        }
        var length = (long) count * TYPE_BYTES[type];
        if (count < 0 || length > bytes.capacity()) {
            throw new IndexOutOfBoundsException("field " + tag + " has " + count + " values");
        }
        var start = length <= 4 ? at + 8 : bytes.getInt(at + 8);
        if (type == 2) {
            var text = new byte[count];
            bytes.get(start, text);
            texts.put(tag, new String(text, StandardCharsets.US_ASCII).replace("\0", ""));
            return;
        }
        var values = new double[count];
        for (var i = 0; i < count; i++) {
            var place = start + i * TYPE_BYTES[type];
            values[i] = switch (type) {
                case 1, 7 -> Byte.toUnsignedInt(bytes.get(place));
                case 3 -> Short.toUnsignedInt(bytes.getShort(place));
                case 4 -> Integer.toUnsignedLong(bytes.getInt(place));
                case 6 -> bytes.get(place);
                case 8 -> bytes.getShort(place);
                case 9 -> bytes.getInt(place);
                case 11 -> bytes.getFloat(place);
                default -> bytes.getDouble(place);
            };
        }
        numbers.put(tag, values);
    }

    private double[] decode() {
        var bits = (int) number(BITS, 1);
        var format = (int) number(SAMPLE_FORMAT, UNSIGNED);
        if (number(SAMPLES, 1) != 1) {
            throw unsupported("has " + (int) number(SAMPLES, 1) + " bands");
        }
        if (format < UNSIGNED
                || format > FLOATING
                || (format == FLOATING ? bits != 32 && bits != 64 : bits != 8 && bits != 16 && bits != 32)) {
            throw unsupported("has samples of " + bits + " bits and format " + format);
        }
        var width = width();
        var height = height();
        if (width < 1 || height < 1 || (long) width * height > Grid.MAX_CELLS) {
            throw unsupported("has " + width + " × " + height + " pixels");
        }
        var tiled = numbers.containsKey(TILE_OFFSETS);
        var blockWidth = tiled ? (int) number(TILE_WIDTH, -1) : width;
        var blockHeight =
                tiled ? (int) number(TILE_LENGTH, -1) : (int) Math.min(height, number(ROWS_PER_STRIP, height));
        if (blockWidth < 1 || blockHeight < 1 || (long) blockWidth * blockHeight > Grid.MAX_CELLS) {
            throw unsupported("has blocks of " + blockWidth + " × " + blockHeight + " pixels");
        }
        var offsets = numbers(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
        var sizes = numbers(tiled ? TILE_BYTES : STRIP_BYTES);
        var pixels = new double[width * height];
        var across = (width + blockWidth - 1) / blockWidth;
        var down = (height + blockHeight - 1) / blockHeight;
        for (var block = 0; block < across * down; block++) {
            var left = block % across * blockWidth;
            var top = block / across * blockHeight;
            var blockRows = tiled ? blockHeight : Math.min(blockHeight, height - top);
            var raw = new byte[blockWidth * blockRows * bits / 8];
            expand((int) offsets[block], (int) sizes[block], raw);
            var values = undoPredictor(raw, blockWidth, bits / 8);
            for (var y = 0; y < Math.min(blockRows, height - top); y++) {
                for (var x = 0; x < Math.min(blockWidth, width - left); x++) {
                    pixels[(top + y) * width + left + x] =
                            sample(values, (y * blockWidth + x) * bits / 8, bits, format);
                }
            }
        }
        return pixels;
    }

    private static double sample(ByteBuffer values, int at, int bits, int format) {
        if (format == FLOATING) {
            return bits == 32 ? values.getFloat(at) : values.getDouble(at);
        }
        if (bits == 8) {
            return format == SIGNED ? values.get(at) : Byte.toUnsignedInt(values.get(at));
        }
        if (bits == 16) {
            return format == SIGNED ? values.getShort(at) : Short.toUnsignedInt(values.getShort(at));
        }
        return format == SIGNED ? values.getInt(at) : Integer.toUnsignedLong(values.getInt(at));
    }

    private void expand(int offset, int size, byte[] out) {
        switch ((int) number(COMPRESSION, 1)) {
            case 1 -> bytes.get(offset, out);
            case 5 -> expandLzw(bytes.slice(offset, size), out);
            case 8, 32946 -> inflate(bytes.slice(offset, size), out);
            default -> throw unsupported("has compression " + (int) number(COMPRESSION, 1));
        }
    }

    private void inflate(ByteBuffer in, byte[] out) {
        var inflater = new Inflater();
        try {
            inflater.setInput(in);
            var done = 0;
            while (done < out.length) {
                var more = inflater.inflate(out, done, out.length - done);
                if (more == 0) {
                    throw new BufferUnderflowException();
                }
                done += more;
            }
        } catch (DataFormatException e) {
            throw damaged(file, e);
        } finally {
            inflater.end();
        }
    }

    /** TIFF 6.0, section 13: codes of 9 to 12 bits, the high bit first, grown one code early. */
    private static void expandLzw(ByteBuffer in, byte[] out) {
        // a code stands for a run of what is already written
        var starts = new int[4096];
        var lengths = new int[4096];
        var next = 258;
        var width = 9;
        var buffer = 0;
        var buffered = 0;
        var done = 0;
        var previousStart = -1;
        var previousLength = 0;
        while (done < out.length) {
            while (buffered < width) {
                buffer = buffer << 8 | Byte.toUnsignedInt(in.get());
                buffered += 8;
            }
            var code = buffer >> (buffered - width) & ((1 << width) - 1);
            buffered -= width;
            buffer &= (1 << buffered) - 1;
            if (code == 257) {
                break;
            }
            if (code == 256) {
                next = 258;
                width = 9;
                previousStart = -1;
                continue;
            }
            var start = done;
            if (code < 256) {
                out[done++] = (byte) code;
            } else {
                var from = code < next ? starts[code] : previousStart;
                var length = code < next ? lengths[code] : previousLength + 1;
                if (from < 0) {
                    throw new IndexOutOfBoundsException(code);
                }
                for (var i = 0; i < length && done < out.length; i++) {
                    out[done++] = out[from + i];
                }
            }
            if (previousStart >= 0 && next < 4096) {
                starts[next] = previousStart;
                lengths[next++] = previousLength + 1;
            }
            previousStart = start;
            previousLength = done - start;
            width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
        }
        if (done < out.length) {
            throw new BufferUnderflowException();
        }
    }

    private ByteBuffer undoPredictor(byte[] raw, int width, int sampleBytes) {
        var values = ByteBuffer.wrap(raw).order(bytes.order());
        var rowBytes = width * sampleBytes;
        switch ((int) number(PREDICTOR, 1)) {
            case 1 -> {}
            case 2 -> {
                for (var at = 0; at < raw.length; at += sampleBytes) {
                    if (at % rowBytes != 0) {
                        addPrevious(values, at, sampleBytes);
                    }
                }
            }
            case 3 -> {
                for (var row = 0; row < raw.length; row += rowBytes) {
                    for (var i = 1; i < rowBytes; i++) {
                        raw[row + i] += raw[row + i - 1];
                    }
                    // the bytes of a row stand by significance, the highest of all samples first
                    var shuffled = Arrays.copyOfRange(raw, row, row + rowBytes);
                    for (var i = 0; i < rowBytes; i++) {
                        raw[row + i] = shuffled[i % sampleBytes * width + i / sampleBytes];
                    }
                }
                values.order(ByteOrder.BIG_ENDIAN);
            }
            default -> throw unsupported("has predictor " + (int) number(PREDICTOR, 1));
        }
        return values;
    }

    private void addPrevious(ByteBuffer values, int at, int sampleBytes) {
        switch (sampleBytes) {
            case 1 -> values.put(at, (byte) (values.get(at) + values.get(at - 1)));
            case 2 -> values.putShort(at, (short) (values.getShort(at) + values.getShort(at - 2)));
            case 4 -> values.putInt(at, values.getInt(at) + values.getInt(at - 4));
            default -> throw unsupported("has predictor 2 with samples of " + sampleBytes + " bytes");
        }
    }

    private double number(int tag, double otherwise) {
        var values = numbers(tag);
        return values.length == 0 ? otherwise : values[0];
    }

    private DemoException unsupported(String what) {
        return new DemoException(
                "elevation model '" + file + "' " + what + ", which this program does not read; convert"
                        + " it with: gdal_translate -ot Float32 -b 1 '" + file + "' plain.tif");
    }

    private static DemoException damaged(Path file, Exception cause) {
        return new DemoException(
                "elevation model '" + file + "' is damaged (" + cause + "); get a whole copy of it", cause);
    }
}
