package muster.cli.client;

/** Exit codes of the client, where it does not pass on a task's own. */
public final class ExitCode {
    public static final int OK = 0;
    /** The request is wrong: the same again fails again. */
    public static final int USER = 2;
    /** Something ran out or does not fit. */
    public static final int RESOURCE = 3;
    /** Something outside failed: the manager cannot be reached, a worker was lost. */
    public static final int EXTERNAL = 4;
    /** A defect of Muster. */
    public static final int INTERNAL = 70;
    /** The user pressed Ctrl-C. */
    public static final int INTERRUPTED = 130;

    /** Whoever read our output has gone; as a shell says of SIGPIPE. */
    public static final int OUTPUT_CLOSED = 141;

    private ExitCode() {}

    /** The code of an error kind as REST names it: {@code user}, {@code resource}, {@code external}, {@code internal}. */
    public static int ofKind(String kind) {
        return switch (kind) {
            case "user" -> USER;
            case "resource" -> RESOURCE;
            case "external" -> EXTERNAL;
            default -> INTERNAL;
        };
    }
}
