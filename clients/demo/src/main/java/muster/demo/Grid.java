package muster.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A map of numbers, row by row from the north-west corner; NaN where nothing is known.
 *
 * <p>In a file: the eight bytes {@code MUSTGRD1}, then little-endian the columns and rows (int32), cell width, cell
 * height and latitude (float64), then every value (float64).
 *
 * @param cellWidthMetres from west to east
 * @param cellHeightMetres from north to south
 * @param latitudeDegrees of the middle, north positive
 * @param values not copied: rows × columns of them
 */
record Grid(
        int columns,
        int rows,
        double cellWidthMetres,
        double cellHeightMetres,
        double latitudeDegrees,
        double[] values) {
    private static final long MAGIC = 0x31_44_52_47_54_53_55_4DL; // MUSTGRD1, little-endian
    private static final int HEADER_BYTES = 40;
    /** More are refused: a year of them would not fit on a disk. */
    static final int MAX_CELLS = 1 << 24;

    Grid {
        if (columns < 1 || rows < 1 || (long) columns * rows > MAX_CELLS) {
            throw new DemoException("a grid of " + columns + " columns and " + rows + " rows is not possible; it needs"
                    + " 1 to " + MAX_CELLS + " cells");
        }
        if (values.length != columns * rows) {
            throw new DemoException("a grid of " + columns + " × " + rows + " cells has " + values.length + " values");
        }
        if (!(cellWidthMetres > 0) || !(cellHeightMetres > 0)) {
            throw new DemoException("cells of " + cellWidthMetres + " × " + cellHeightMetres
                    + " m are not possible; both must be positive");
        }
        if (!(Math.abs(latitudeDegrees) <= 90)) {
            throw new DemoException("latitude " + latitudeDegrees + " is outside -90 to 90 degrees");
        }
    }

    /** The same place with other values. */
    Grid with(double[] others) {
        return new Grid(columns, rows, cellWidthMetres, cellHeightMetres, latitudeDegrees, others);
    }

    /** Reads what {@link #write} wrote. */
    static Grid read(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var size = channel.size();
            if (size < HEADER_BYTES) {
                throw damaged(file, size);
            }
            var header = buffer(channel, HEADER_BYTES, file, size);
            if (header.getLong() != MAGIC) {
                throw new DemoException("file '" + file + "' is not a grid of this program; remove it and run the task"
                        + " that makes it again");
            }
            var columns = header.getInt();
            var rows = header.getInt();
            var cells = (size - HEADER_BYTES) / Double.BYTES;
            if (cells > MAX_CELLS || (long) columns * rows != cells || size != HEADER_BYTES + cells * Double.BYTES) {
                throw damaged(file, size);
            }
            var width = header.getDouble();
            var height = header.getDouble();
            var latitude = header.getDouble();
            var values = new double[(int) cells];
            buffer(channel, values.length * Double.BYTES, file, size)
                    .asDoubleBuffer()
                    .get(values);
            return new Grid(columns, rows, width, height, latitude, values);
        } catch (NoSuchFileException e) {
            throw new DemoException("file '" + file + "' is not there; run the task that makes it first", e);
        }
    }

    /**
     * Writes beside the file and renames, so that the file is there as a whole or not at all, also when two runs of the
     * same task overlap.
     */
    void write(Path file) throws IOException {
        var buffer =
                ByteBuffer.allocate(HEADER_BYTES + values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(MAGIC).putInt(columns).putInt(rows);
        buffer.putDouble(cellWidthMetres).putDouble(cellHeightMetres).putDouble(latitudeDegrees);
        buffer.asDoubleBuffer().put(values);
        buffer.rewind();
        replace(file, buffer);
    }

    /** Puts bytes into a file in one step. */
    static void replace(Path file, ByteBuffer bytes) throws IOException {
        var temporary = file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (var channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static ByteBuffer buffer(FileChannel channel, int bytes, Path file, long size) throws IOException {
        var buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw damaged(file, size);
            }
        }
        return buffer.flip();
    }

    private static DemoException damaged(Path file, long size) {
        return new DemoException("file '" + file + "' is damaged (" + size + " bytes do not fit its header); remove it"
                + " and run the task that makes it again");
    }
}
