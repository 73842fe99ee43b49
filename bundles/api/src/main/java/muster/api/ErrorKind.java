package muster.api;

/** Who can mend a failure; decides whether trying again can help. */
public enum ErrorKind {
    /** The request or the task itself is wrong; the same again fails again. */
    USER(false),
    /** Something ran out or does not fit: memory, time, disk, cores. */
    RESOURCE(false),
    /** Something outside Muster failed: a worker, a daemon, a network; the same again may succeed. */
    EXTERNAL(true),
    /** A defect of Muster. */
    INTERNAL(false);

    private final boolean retryable;

    ErrorKind(boolean retryable) {
        this.retryable = retryable;
    }

    /** Whether the same request may succeed later without a change by the user. */
    public boolean retryable() {
        return retryable;
    }
}
