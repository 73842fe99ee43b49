package muster.demo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.DeflaterOutputStream;

/** Writes TIFF files of many layouts, so that no data of others is needed here. */
final class TiffFile {
    private final int width;
    private final int height;
    private final double[] pixels;
    private final Map<Integer, Object> fields = new TreeMap<>();
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private int bits = 64;
    private int format = 3;
    private int compression = 1;
    private int predictor = 1;
    private int blockWidth;
    private int blockHeight;
    private boolean tiled;

    TiffFile(int width, int height, double[] pixels) {
        this.width = width;
        this.height = height;
        this.pixels = pixels;
        this.blockWidth = width;
        this.blockHeight = height;
    }

    TiffFile bigEndian() {
        order = ByteOrder.BIG_ENDIAN;
        return this;
    }

    TiffFile samples(int newBits, int newFormat) {
        bits = newBits;
        format = newFormat;
        return this;
    }

    TiffFile strips(int rows) {
        blockHeight = rows;
        return this;
    }

    TiffFile tiles(int newWidth, int newHeight) {
        tiled = true;
        blockWidth = newWidth;
        blockHeight = newHeight;
        return this;
    }

    TiffFile deflate(int newPredictor) {
        compression = 8;
        predictor = newPredictor;
        return this;
    }

    /** @param value of int[] (SHORT), double[] (DOUBLE) or String */
    TiffFile field(int tag, Object value) {
        fields.put(tag, value);
        return this;
    }

    /** Pixel size, tie point of the upper left corner and keys of a coordinate system. */
    TiffFile place(double pixel, double x, double y, int modelType, int system) {
        field(33550, new double[] {pixel, pixel, 0});
        field(33922, new double[] {0, 0, 0, x, y, 0});
        return field(34735, new int[] {1, 1, 0, 2, 1024, 0, 1, modelType, modelType == 1 ? 3072 : 2048, 0, 1, system});
    }

    void write(Path file) throws IOException {
        var across = (width + blockWidth - 1) / blockWidth;
        var down = (height + blockHeight - 1) / blockHeight;
        var offsets = new int[across * down];
        var sizes = new int[across * down];
        var body = new ByteArrayOutputStream();
        for (var block = 0; block < offsets.length; block++) {
            var data = block(block % across * blockWidth, block / across * blockHeight);
            offsets[block] = 8 + body.size();
            sizes[block] = data.length;
            body.write(data);
        }
        field(256, new int[] {width});
        field(257, new int[] {height});
        field(258, new int[] {bits});
        field(259, new int[] {compression});
        field(277, new int[] {1});
        field(317, new int[] {predictor});
        field(339, new int[] {format});
        if (tiled) {
            field(322, new int[] {blockWidth});
            field(323, new int[] {blockHeight});
        } else {
            field(278, new int[] {blockHeight});
        }
        field(tiled ? 324 : 273, offsets);
        field(tiled ? 325 : 279, sizes);
        var directory = 8 + body.size();
        var out = ByteBuffer.allocate(directory + 65536).order(order);
        out.put(order == ByteOrder.LITTLE_ENDIAN ? new byte[] {'I', 'I'} : new byte[] {'M', 'M'});
        out.putShort((short) 42).putInt(directory).put(body.toByteArray());
        out.putShort((short) fields.size());
        var extra = directory + 2 + 12 * fields.size() + 4;
        for (var entry : fields.entrySet()) {
            var value = value(entry.getKey(), entry.getValue());
            out.putShort(entry.getKey().shortValue());
            if (entry.getValue() instanceof String text) {
                out.putShort((short) 2).putInt(text.length() + 1);
            } else if (entry.getValue() instanceof double[] numbers) {
                out.putShort((short) 12).putInt(numbers.length);
            } else {
                out.putShort((short) (isLong(entry.getKey()) ? 4 : 3)).putInt(((int[]) entry.getValue()).length);
            }
            if (value.length <= 4) {
                out.put(value).put(new byte[4 - value.length]);
            } else {
                out.putInt(extra);
                out.duplicate().position(extra).put(value);
                extra += value.length + value.length % 2;
            }
        }
        out.putInt(0);
        var bytes = new byte[extra];
        out.get(0, bytes);
        Files.write(file, bytes);
    }

    private byte[] value(int tag, Object value) {
        if (value instanceof String text) {
            return (text + "\0").getBytes(StandardCharsets.US_ASCII);
        }
        if (value instanceof double[] numbers) {
            var out = ByteBuffer.allocate(8 * numbers.length).order(order);
            for (var number : numbers) {
                out.putDouble(number);
            }
            return out.array();
        }
        var numbers = (int[]) value;
        var out = ByteBuffer.allocate((isLong(tag) ? 4 : 2) * numbers.length).order(order);
        for (var number : numbers) {
            if (isLong(tag)) {
                out.putInt(number);
            } else {
                out.putShort((short) number);
            }
        }
        return out.array();
    }

    private static boolean isLong(int tag) {
        return tag == 273 || tag == 279 || tag == 324 || tag == 325;
    }

    private byte[] block(int left, int top) throws IOException {
        var rows = tiled ? blockHeight : Math.min(blockHeight, height - top);
        var sampleBytes = bits / 8;
        var out = ByteBuffer.allocate(blockWidth * rows * sampleBytes)
                .order(predictor == 3 ? ByteOrder.BIG_ENDIAN : order);
        for (var y = 0; y < rows; y++) {
            for (var x = 0; x < blockWidth; x++) {
                var inside = top + y < height && left + x < width;
                var value = inside ? pixels[(top + y) * width + left + x] : 0;
                var before = predictor == 2 && x > 0 && inside ? pixels[(top + y) * width + left + x - 1] : 0;
                put(out, value - before);
            }
        }
        var raw = out.array();
        if (predictor == 3) {
            shuffle(raw, blockWidth, sampleBytes);
        }
        if (compression == 1) {
            return raw;
        }
        var packed = new ByteArrayOutputStream();
        try (var deflater = new DeflaterOutputStream(packed)) {
            deflater.write(raw);
        }
        return packed.toByteArray();
    }

    private void put(ByteBuffer out, double value) {
        if (format == 3) {
            if (bits == 64) {
                out.putDouble(value);
            } else if (bits == 16) {
                out.putShort((short) 0);
            } else {
                out.putFloat((float) value);
            }
        } else if (bits == 8) {
            out.put((byte) value);
        } else if (bits == 16) {
            out.putShort((short) value);
        } else {
            out.putInt((int) value);
        }
    }

    private static void shuffle(byte[] raw, int width, int sampleBytes) {
        var rowBytes = width * sampleBytes;
        for (var row = 0; row < raw.length; row += rowBytes) {
            var shuffled = new byte[rowBytes];
            for (var i = 0; i < rowBytes; i++) {
                shuffled[i % sampleBytes * width + i / sampleBytes] = raw[row + i];
            }
            for (var i = rowBytes - 1; i > 0; i--) {
                shuffled[i] -= shuffled[i - 1];
            }
            System.arraycopy(shuffled, 0, raw, row, rowBytes);
        }
    }
}
