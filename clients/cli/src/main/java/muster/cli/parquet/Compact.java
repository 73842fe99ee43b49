package muster.cli.parquet;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/**
 * Writes a struct in Thrift's compact protocol, its fields by rising id.
 *
 * @see <a href="https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md">Thrift compact protocol</a>
 */
final class Compact {
    private static final int I32 = 5;
    private static final int I64 = 6;
    private static final int BINARY = 8;
    private static final int LIST = 9;
    private static final int STRUCT = 12;
    private static final int LONG_LIST = 15;

    private final ByteArrayOutputStream out;
    private int last;

    private Compact(ByteArrayOutputStream out) {
        this.out = out;
    }

    static byte[] struct(Consumer<Compact> fields) {
        var out = new ByteArrayOutputStream();
        write(out, fields);
        return out.toByteArray();
    }

    private static void write(ByteArrayOutputStream out, Consumer<Compact> fields) {
        fields.accept(new Compact(out));
        out.write(0);
    }

    Compact i32(int id, int value) {
        field(id, I32);
        zigzag(value);
        return this;
    }

    Compact i64(int id, long value) {
        field(id, I64);
        zigzag(value);
        return this;
    }

    Compact text(int id, String value) {
        field(id, BINARY);
        binary(value);
        return this;
    }

    Compact struct(int id, Consumer<Compact> fields) {
        field(id, STRUCT);
        write(out, fields);
        return this;
    }

    Compact i32s(int id, List<Integer> values) {
        list(id, I32, values.size());
        values.forEach(this::zigzag);
        return this;
    }

    Compact texts(int id, List<String> values) {
        list(id, BINARY, values.size());
        values.forEach(this::binary);
        return this;
    }

    Compact structs(int id, List<Consumer<Compact>> values) {
        list(id, STRUCT, values.size());
        values.forEach(fields -> write(out, fields));
        return this;
    }

    private void list(int id, int type, int size) {
        field(id, LIST);
        if (size < LONG_LIST) {
            out.write((size << 4) | type);
        } else {
            out.write((LONG_LIST << 4) | type);
            varint(out, size);
        }
    }

    private void field(int id, int type) {
        out.write(((id - last) << 4) | type);
        last = id;
    }

    private void binary(String value) {
        var bytes = value.getBytes(StandardCharsets.UTF_8);
        varint(out, bytes.length);
        out.writeBytes(bytes);
    }

    private void zigzag(long value) {
        varint(out, (value << 1) ^ (value >> 63));
    }

    static void varint(ByteArrayOutputStream out, long value) {
        var rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
