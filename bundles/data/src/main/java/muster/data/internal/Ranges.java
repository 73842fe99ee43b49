package muster.data.internal;

import muster.data.DataPlane.Part;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import org.jspecify.annotations.Nullable;

/** Parts of files as HTTP writes them: one range of bytes, with both its ends. */
final class Ranges {
    private static final String ASKED = "bytes=";
    private static final String SENT = "bytes ";

    private Ranges() {}

    /** Such as {@code bytes=0-8388607}. */
    static String asked(Part part) {
        return ASKED + part.from() + "-" + (part.from() + part.bytes() - 1);
    }

    /** The part that is asked for, as far as the file goes; null if all of it is. */
    static @Nullable Part of(@Nullable String asked, long total) throws TransferException {
        if (asked == null || total == 0) {
            return null;
        }
        try {
            var dash = asked.indexOf('-');
            var from = Long.parseLong(asked, ASKED.length(), dash, 10);
            var last = Math.min(total - 1, Long.parseLong(asked, dash + 1, asked.length(), 10));
            if (asked.startsWith(ASKED) && from >= 0 && from <= last) {
                return new Part(from, last - from + 1);
            }
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new TransferException(Failure.REFUSED, "'" + asked + "' is no range such as bytes=0-99", e);
        }
        throw new TransferException(
                Failure.REFUSED,
                "'" + asked + "' is no range of a file of " + total + " bytes; ask such as bytes=0-99");
    }

    /** Such as {@code bytes 0-8388607/20000000}. */
    static String sent(Part part, long total) {
        return SENT + part.from() + "-" + (part.from() + part.bytes() - 1) + "/" + total;
    }

    /** The size of the whole file. */
    static long total(String sent) throws TransferException {
        try {
            return Long.parseLong(sent.substring(sent.indexOf('/') + 1));
        } catch (NumberFormatException e) {
            throw new TransferException(Failure.SOURCE_LOST, "the source sends '" + sent + "' for a range", e);
        }
    }
}
