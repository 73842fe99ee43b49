package muster.rest;

import java.util.List;
import javax.ws.rs.core.Response;
import muster.api.ErrorCode;
import muster.api.ErrorKind;
import muster.api.MusterException;
import muster.api.Names;
import muster.rest.json.Json;

/**
 * What a client is told of a failure (RFC 9457).
 *
 * @param errors every fault of the request; empty when the detail says it all
 */
record Problem(
        String type,
        String title,
        int status,
        String detail,
        ErrorCode code,
        ErrorKind kind,
        boolean retryable,
        List<Place> errors) {
    static final String MEDIA_TYPE = "application/problem+json";

    /** One fault and where it is. */
    record Place(String pointer, String detail) {}

    static Problem of(MusterException e) {
        var errors = e.faults().stream()
                .map(fault -> new Place(Names.escape(fault.pointer()), Names.escape(fault.message())))
                .toList();
        return of(e.code(), e.code().status(), String.valueOf(e.getMessage()), errors);
    }

    /** One that HTTP itself defines, such as 405. */
    static Problem of(ErrorCode code, int status, String detail) {
        return of(code, status, detail, List.of());
    }

    private static Problem of(ErrorCode code, int status, String detail, List<Place> errors) {
        var reason = Response.Status.fromStatusCode(status);
        return new Problem(
                "urn:muster:error:" + Json.word(code),
                reason == null ? "Unprocessable Entity" : reason.getReasonPhrase(),
                status,
                Names.escape(detail),
                code,
                code.kind(),
                code.retryable(),
                errors);
    }
}
