package muster.cli.parquet;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a table as Parquet: one row group, for each column one page of plain values that is not compressed, each of which
 * may be null. A column of whole numbers is INT64, one of numbers DOUBLE, any other text.
 *
 * @see <a href="https://parquet.apache.org/docs/file-format/">Parquet, file format</a>
 */
public final class ParquetTable {
    private static final byte[] MAGIC = {'P', 'A', 'R', '1'};
    private static final int OPTIONAL = 1;
    private static final int UTF8 = 0;
    private static final int DATA_PAGE = 0;
    private static final int PLAIN = 0;
    private static final int RLE = 3;
    private static final int UNCOMPRESSED = 0;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Consumer<Compact>> schema = new ArrayList<>();
    private final List<Consumer<Compact>> chunks = new ArrayList<>();

    /** The physical types, by their numbers in the format. */
    private enum Type {
        INT64(2),
        DOUBLE(5),
        TEXT(6);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        static Type of(List<@Nullable Object> values) {
            var type = INT64;
            var none = true;
            for (var value : values) {
                if (value != null) {
                    none = false;
                    if (!(value instanceof Number)) {
                        return TEXT;
                    }
                    type = value instanceof Long ? type : DOUBLE;
                }
            }
            return none ? TEXT : type;
        }
    }

    private ParquetTable() {}

    /**
     * The bytes of the file.
     *
     * @param rows for each column null, a {@link String}, {@link Long} or {@link Double}
     */
    public static byte[] write(List<String> columns, List<List<@Nullable Object>> rows) {
        return new ParquetTable().file(columns, rows);
    }

    private byte[] file(List<String> columns, List<List<@Nullable Object>> rows) {
        out.writeBytes(MAGIC);
        schema.add(root -> root.text(4, "schema").i32(5, columns.size()));
        for (var i = 0; i < columns.size(); i++) {
            var values = new ArrayList<@Nullable Object>(rows.size());
            for (var row : rows) {
                values.add(row.get(i));
            }
            column(columns.get(i), values);
        }
        var bytes = out.size() - MAGIC.length;
        Consumer<Compact> group = all -> all.structs(1, chunks).i64(2, bytes).i64(3, rows.size());
        var footer = Compact.struct(file -> file.i32(1, 1)
                .structs(2, schema)
                .i64(3, rows.size())
                .structs(4, List.of(group))
                .text(6, "muster"));
        out.writeBytes(footer);
        out.writeBytes(number(4).putInt(footer.length).array());
        out.writeBytes(MAGIC);
        return out.toByteArray();
    }

    private void column(String name, List<@Nullable Object> values) {
        var type = Type.of(values);
        schema.add(element -> {
            element.i32(1, type.number).i32(3, OPTIONAL).text(4, name);
            if (type == Type.TEXT) {
                element.i32(6, UTF8).struct(10, logical -> logical.struct(1, text -> {}));
            }
        });
        var page = page(type, values);
        var header = Compact.struct(all -> all.i32(1, DATA_PAGE)
                .i32(2, page.length)
                .i32(3, page.length)
                .struct(5, data -> data.i32(1, values.size())
                        .i32(2, PLAIN)
                        .i32(3, RLE)
                        .i32(4, RLE)));
        var offset = out.size();
        out.writeBytes(header);
        out.writeBytes(page);
        var bytes = out.size() - offset;
        chunks.add(chunk -> chunk.i64(2, offset).struct(3, data -> data.i32(1, type.number)
                .i32s(2, List.of(PLAIN, RLE))
                .texts(3, List.of(name))
                .i32(4, UNCOMPRESSED)
                .i64(5, values.size())
                .i64(6, bytes)
                .i64(7, bytes)
                .i64(9, offset)));
    }

    /** Which values there are, in runs of one bit, and then those. */
    private static byte[] page(Type type, List<@Nullable Object> values) {
        var levels = new ByteArrayOutputStream();
        var plain = new ByteArrayOutputStream();
        for (var i = 0; i < values.size(); ) {
            var there = values.get(i) != null;
            var run = 0;
            for (; i < values.size() && (values.get(i) != null) == there; i++) {
                plain.writeBytes(plain(type, values.get(i)));
                run++;
            }
            Compact.varint(levels, (long) run << 1);
            levels.write(there ? 1 : 0);
        }
        var page = new ByteArrayOutputStream();
        page.writeBytes(number(4).putInt(levels.size()).array());
        page.writeBytes(levels.toByteArray());
        page.writeBytes(plain.toByteArray());
        return page.toByteArray();
    }

    private static byte[] plain(Type type, @Nullable Object value) {
        if (value == null) {
            return new byte[0];
        }
        return switch (type) {
            case INT64 -> number(8).putLong(((Number) value).longValue()).array();
            case DOUBLE -> number(8).putDouble(((Number) value).doubleValue()).array();
            case TEXT -> {
                var text = value.toString().getBytes(StandardCharsets.UTF_8);
                yield number(4 + text.length).putInt(text.length).put(text).array();
            }
        };
    }

    private static ByteBuffer number(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
