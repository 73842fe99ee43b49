package muster.api;

import java.util.Objects;

/**
 * One thing wrong with a request.
 *
 * @param pointer where, as a JSON pointer (RFC 6901) into the request; empty for the whole of it
 * @param message the thing, the value and the remedy, in one line
 */
public record Fault(String pointer, String message) {
    public Fault {
        Objects.requireNonNull(pointer, "pointer");
        Objects.requireNonNull(message, "message");
    }
}
