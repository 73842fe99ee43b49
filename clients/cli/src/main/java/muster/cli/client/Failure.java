package muster.cli.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why a command cannot be done, as it is told to the user: the thing, the value and the remedy. */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final transient List<String> details;

    /**
     * @param exitCode one of {@link ExitCode}
     * @param message one line
     * @param details further lines, shown below it
     */
    public Failure(int exitCode, String message, List<String> details, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.details = List.copyOf(details);
    }

    /** The request is wrong. */
    public static Failure user(String message) {
        return new Failure(ExitCode.USER, message, List.of(), null);
    }

    /** The request is wrong. */
    public static Failure user(String message, Throwable cause) {
        return new Failure(ExitCode.USER, message, List.of(), cause);
    }

    /** Something outside failed. */
    public static Failure external(String message) {
        return new Failure(ExitCode.EXTERNAL, message, List.of(), null);
    }

    /** Something outside failed. */
    public static Failure external(String message, Throwable cause) {
        return new Failure(ExitCode.EXTERNAL, message, List.of(), cause);
    }

    public int exitCode() {
        return exitCode;
    }

    public List<String> details() {
        return details == null ? List.of() : details;
    }

    @Override
    public String getMessage() {
        var message = super.getMessage();
        return message == null ? "" : message;
    }
}
