package muster.api;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The one exception of Muster. Its message names the thing, the value and the remedy. */
public final class MusterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient List<Fault> faults;

    public MusterException(ErrorCode code, String message) {
        this(code, message, List.of(), null);
    }

    public MusterException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, List.of(), cause);
    }

    private MusterException(ErrorCode code, String message, List<Fault> faults, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.faults = List.copyOf(faults);
    }

    /** A malformed or contradictory value. */
    public static MusterException invalid(String message) {
        return new MusterException(ErrorCode.INVALID, message);
    }

    /** Every fault of one request; at least one. */
    public static MusterException invalid(List<Fault> faults) {
        var message = faults.stream().map(Fault::message).collect(Collectors.joining("; "));
        return new MusterException(ErrorCode.INVALID, message, faults, null);
    }

    public static MusterException notFound(String message) {
        return new MusterException(ErrorCode.NOT_FOUND, message);
    }

    public static MusterException conflict(String message) {
        return new MusterException(ErrorCode.CONFLICT, message);
    }

    public ErrorCode code() {
        return code;
    }

    public ErrorKind kind() {
        return code.kind();
    }

    /** Every fault of the request with its place; empty when the message says it all. */
    public List<Fault> faults() {
        return faults == null ? List.of() : faults;
    }
}
