package muster.data;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A file that could not be moved, and why. */
public final class TransferException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Failure failure;

    /** What went wrong. */
    public enum Failure {
        /** The source does not have it, or not any more. */
        SOURCE_GONE(410, true),
        /** The bytes that came are not those of the name. */
        HASH_MISMATCH(422, true),
        /** The file was changed while it was read or kept. */
        CHANGED(409, true),
        /** The source sends too slowly. */
        SLOW_SOURCE(408, true),
        /** The source cannot be reached, or broke off. */
        SOURCE_LOST(502, true),
        /** There is no room where it was to be written. */
        DISK_FULL(507, false),
        /** The store of the cluster's files does not answer, or does not let this node in. */
        STORE_AWAY(503, false),
        /** The other side does not allow it. */
        REFUSED(403, false),
        /** It could not be written or read here. */
        LOCAL(500, false);

        private final int status;
        private final boolean mendedByAnotherSource;

        Failure(int status, boolean mendedByAnotherSource) {
            this.status = status;
            this.mendedByAnotherSource = mendedByAnotherSource;
        }

        /** Its status in HTTP. */
        public int status() {
            return status;
        }

        /** Whether the same bytes from elsewhere may do. */
        public boolean mendedByAnotherSource() {
            return mendedByAnotherSource;
        }

        /** What an answer with this status means. */
        public static Failure ofStatus(int status) {
            for (var failure : values()) {
                if (failure.status == status) {
                    return failure;
                }
            }
            return status == 404 ? SOURCE_GONE : SOURCE_LOST;
        }
    }

    public TransferException(Failure failure, String message) {
        this(failure, message, null);
    }

    public TransferException(Failure failure, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.failure = failure;
    }

    /** What an error of the file system means. */
    public static TransferException local(String what, IOException e) {
        if (e instanceof TransferException already) {
            return already;
        }
        var text = String.valueOf(e.getMessage());
        if (text.contains("No space left")) {
            return new TransferException(
                    Failure.DISK_FULL, "no room for " + what + " on this node's disk; make room there", e);
        }
        if (text.contains("quota exceeded")) {
            return new TransferException(
                    Failure.DISK_FULL,
                    "no room for " + what + ": the quota of this node's user is used up; make room, or raise it",
                    e);
        }
        return new TransferException(Failure.LOCAL, what + ": " + e, e);
    }

    public Failure failure() {
        return failure;
    }
}
