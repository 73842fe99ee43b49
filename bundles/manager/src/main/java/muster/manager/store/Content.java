package muster.manager.store;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a row holds, in a compact form that proves itself: the values one after another, then the CRC32C (four bytes) of
 * the row's name and the values. The name tells the table and the key, so that a row that got under another's key is
 * found too. Numbers are written seven bits a byte, smallest first; texts and bytes after their length.
 */
final class Content {
    private static final int CHECKSUM_BYTES = 4;

    private byte[] bytes = new byte[64];
    private int length;

    /** Not negative. */
    Content number(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("negative: " + value);
        }
        room(10);
        var rest = value;
        while (rest >= 0x80) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
        return this;
    }

    Content text(@Nullable String value) {
        return bytes(value == null ? null : value.getBytes(StandardCharsets.UTF_8));
    }

    Content bytes(byte @Nullable [] value) {
        if (value == null) {
            return number(0);
        }
        number(value.length + 1L);
        room(value.length);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        return this;
    }

    /** To the microsecond; from 1970 on. */
    Content instant(@Nullable Instant value) {
        return number(value == null ? 0 : Math.max(0, ChronoUnit.MICROS.between(Instant.EPOCH, value)) + 1);
    }

    private void room(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
        }
    }

    /** @param name of the row */
    byte[] seal(CharSequence name) {
        var sealed = Arrays.copyOf(bytes, length + CHECKSUM_BYTES);
        var checksum = checksum(name, bytes, length);
        for (var i = 0; i < CHECKSUM_BYTES; i++) {
            sealed[length + i] = (byte) (checksum >>> (8 * i));
        }
        return sealed;
    }

    private static int checksum(CharSequence name, byte[] bytes, int length) {
        var checksum = new CRC32C();
        for (var i = 0; i < name.length(); i++) {
            checksum.update(name.charAt(i));
        }
        checksum.update(bytes, 0, length);
        return (int) checksum.getValue();
    }

    /**
     * Opens what a row holds.
     *
     * @throws DamagedException if it is not what was written
     */
    static Reader open(byte @Nullable [] sealed, CharSequence name) {
        var length = sealed == null ? -1 : sealed.length - CHECKSUM_BYTES;
        if (sealed == null || length < 0) {
            throw new DamagedException(name);
        }
        var expected = 0;
        for (var i = 0; i < CHECKSUM_BYTES; i++) {
            expected |= (sealed[length + i] & 0xff) << (8 * i);
        }
        if (checksum(name, sealed, length) != expected) {
            throw new DamagedException(name);
        }
        return new Reader(sealed);
    }

    /** Reads values in the order in which they were written. */
    static final class Reader {
        private final byte[] bytes;
        private int position;

        private Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Whether there is another value: rows of an earlier version may have fewer. */
        boolean more() {
            return position < bytes.length - CHECKSUM_BYTES;
        }

        long number() {
            var value = 0L;
            var shift = 0;
            byte next;
            do {
                next = bytes[position++];
                value |= (long) (next & 0x7f) << shift;
                shift += 7;
            } while (next < 0);
            return value;
        }

        int integer() {
            return (int) number();
        }

        String text() {
            var text = textOrNull();
            return text == null ? "" : text;
        }

        @Nullable
        String textOrNull() {
            var found = bytes();
            return found == null ? null : new String(found, StandardCharsets.UTF_8);
        }

        byte @Nullable [] bytes() {
            var size = integer() - 1;
            if (size < 0) {
                return null;
            }
            position += size;
            return Arrays.copyOfRange(bytes, position - size, position);
        }

        Instant instant() {
            var instant = instantOrNull();
            return instant == null ? Instant.EPOCH : instant;
        }

        @Nullable
        Instant instantOrNull() {
            var micros = number();
            return micros == 0 ? null : Instant.EPOCH.plus(micros - 1, ChronoUnit.MICROS);
        }
    }
}
