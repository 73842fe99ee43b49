package muster.api;

/** What went wrong with a request. The code has one kind, and REST one status for it. */
public enum ErrorCode {
    /** A value in the request is malformed or contradicts another. */
    INVALID(ErrorKind.USER, 400),
    /** The thing named does not exist. */
    NOT_FOUND(ErrorKind.USER, 404),
    /** The thing is in a state that does not allow this. */
    CONFLICT(ErrorKind.USER, 409),
    /** No token, or one that is not known. */
    UNAUTHENTICATED(ErrorKind.USER, 401),
    /** The token does not allow this. */
    FORBIDDEN(ErrorKind.USER, 403),
    /** More was sent than a limit allows. */
    TOO_LARGE(ErrorKind.USER, 413),
    /** Its owner has or does as much as a limit allows; later there may be room again. */
    TOO_MANY(ErrorKind.RESOURCE, 429),
    /** No known or expected worker could ever run this. */
    IMPOSSIBLE(ErrorKind.RESOURCE, 422),
    /** Something needed is not there now: a worker, the broker, the store. */
    UNAVAILABLE(ErrorKind.EXTERNAL, 503),
    /** A defect. */
    INTERNAL(ErrorKind.INTERNAL, 500);

    private final ErrorKind kind;
    private final int status;

    ErrorCode(ErrorKind kind, int status) {
        this.kind = kind;
        this.status = status;
    }

    /** Who can mend it. */
    public ErrorKind kind() {
        return kind;
    }

    /** Whether the same request may succeed later without a change by the user. */
    public boolean retryable() {
        return this == TOO_MANY || kind.retryable();
    }

    /** The status of HTTP that says so. */
    public int status() {
        return status;
    }
}
