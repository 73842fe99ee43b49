package muster.api;

/** Why an attempt ended as it did. */
public enum Cause {
    /** Exit code 0. */
    SUCCESS(ErrorKind.USER),
    /** An exit code other than 0. */
    EXIT_CODE(ErrorKind.USER),
    /** A signal that Muster did not send. */
    SIGNAL(ErrorKind.USER),
    /** Its specification cannot be run: a command that is not there, a bad parameter. */
    INVALID(ErrorKind.USER),
    /** Ran longer than its time limit. */
    TIME_LIMIT(ErrorKind.RESOURCE),
    /** Used more memory than its limit. */
    MEMORY_LIMIT(ErrorKind.RESOURCE),
    /** Used more disk than its limit, or the disk is full. */
    DISK_LIMIT(ErrorKind.RESOURCE),
    /** An input could not be brought, or an output not kept. */
    STAGING(ErrorKind.EXTERNAL),
    /** Its session has not what it takes: the session was closed or has failed. */
    SESSION(ErrorKind.EXTERNAL),
    /** The executor or its runtime failed or went away. */
    EXECUTOR(ErrorKind.EXTERNAL),
    /** The worker was lost while it ran. */
    WORKER_LOST(ErrorKind.EXTERNAL),
    /** The user, {@code maxFails} or a failed need ended it. */
    CANCELED(ErrorKind.USER),
    /** A defect of Muster. */
    INTERNAL(ErrorKind.INTERNAL);

    private final ErrorKind kind;

    Cause(ErrorKind kind) {
        this.kind = kind;
    }

    /** Who can mend it. */
    public ErrorKind kind() {
        return kind;
    }
}
