package muster.api;

/** What went wrong with a request. The code has one kind, and REST one status for it. */
public enum ErrorCode {
    /** A value in the request is malformed or contradicts another. */
    INVALID(ErrorKind.USER),
    /** The thing named does not exist. */
    NOT_FOUND(ErrorKind.USER),
    /** The thing is in a state that does not allow this. */
    CONFLICT(ErrorKind.USER),
    /** No token, or one that is not known. */
    UNAUTHENTICATED(ErrorKind.USER),
    /** The token does not allow this. */
    FORBIDDEN(ErrorKind.USER),
    /** More was sent than a limit allows. */
    TOO_LARGE(ErrorKind.USER),
    /** No known or expected worker could ever run this. */
    IMPOSSIBLE(ErrorKind.RESOURCE),
    /** Something needed is not there now: a worker, the broker, the store. */
    UNAVAILABLE(ErrorKind.EXTERNAL),
    /** A defect. */
    INTERNAL(ErrorKind.INTERNAL);

    private final ErrorKind kind;

    ErrorCode(ErrorKind kind) {
        this.kind = kind;
    }

    /** Who can mend it. */
    public ErrorKind kind() {
        return kind;
    }
}
