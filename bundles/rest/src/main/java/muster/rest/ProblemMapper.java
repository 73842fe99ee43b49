package muster.rest;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.CompletionException;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.HttpMethod;
import javax.ws.rs.WebApplicationException;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.ext.ExceptionMapper;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.rest.json.Words;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place that turns failures into answers. */
public final class ProblemMapper implements ExceptionMapper<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemMapper.class);

    private static final String CHALLENGE = "Bearer realm=\"muster\"";

    private final SecureRandom random = new SecureRandom();

    @Context
    private HttpServletRequest request;

    @Override
    public Response toResponse(Throwable failure) {
        var cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof MusterException e && e.code() != ErrorCode.INTERNAL) {
            return response(Problem.of(e));
        }
        if (cause instanceof WebApplicationException e && e.getResponse().getStatus() < 500) {
            return response(e);
        }
        if (cause instanceof IOException) {
            return response(
                    Problem.of(ErrorCode.INVALID, 400, "the request ended before it was complete; send it again"));
        }
        return response(incident(cause));
    }

    private Response response(WebApplicationException e) {
        var status = e.getResponse().getStatus();
        var what = Words.shown(request.getMethod()) + " " + Words.shown(request.getRequestURI(), 200);
        var problem =
                switch (status) {
                    case 404 ->
                        Problem.of(
                                ErrorCode.NOT_FOUND,
                                404,
                                what + " is no resource; /api/v1/openapi.json lists them all");
                    case 405 ->
                        Problem.of(
                                ErrorCode.INVALID,
                                405,
                                what + " is not allowed; allowed here: "
                                        + e.getResponse().getHeaderString(HttpHeaders.ALLOW));
                    case 406 ->
                        Problem.of(
                                ErrorCode.INVALID,
                                406,
                                what + " cannot answer as the Accept header asks; accept application/json");
                    case 415 ->
                        Problem.of(
                                ErrorCode.INVALID,
                                415,
                                what + " does not take that Content-Type; send application/json");
                    default -> Problem.of(ErrorCode.INVALID, status, what + ": " + e.getMessage());
                };
        var response = builder(problem);
        var allow = e.getResponse().getHeaderString(HttpHeaders.ALLOW);
        return (allow == null ? response : response.header(HttpHeaders.ALLOW, allow)).build();
    }

    private Response response(Problem problem) {
        return problem.status() == 401 && isPage()
                ? loginPage()
                : builder(problem).build();
    }

    /** Whether a browser shows what is answered. */
    private boolean isPage() {
        var accept = request.getHeader(HttpHeaders.ACCEPT);
        return request.getMethod().equals(HttpMethod.GET) && accept != null && accept.contains(MediaType.TEXT_HTML);
    }

    /** In the place of the page that was asked for, which is loaded again after the login. */
    private static Response loginPage() {
        return Response.fromResponse(Documents.LOGIN.answer(Response.Status.UNAUTHORIZED))
                .header(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE)
                .build();
    }

    private Response.ResponseBuilder builder(Problem problem) {
        var response =
                Response.status(problem.status()).type(Problem.MEDIA_TYPE).entity(problem);
        if (problem.status() == 401) {
            response.header(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
        }
        if (problem.retryable()) {
            response.header(HttpHeaders.RETRY_AFTER, "2");
        }
        return response;
    }

    /** A defect: told by a number, under which the log has the rest. */
    private Problem incident(Throwable cause) {
        var bytes = new byte[6];
        random.nextBytes(bytes);
        var incident = HexFormat.of().formatHex(bytes);
        LOG.error(
                "incident {}: {} {} failed",
                incident,
                Words.shown(request.getMethod()),
                Words.shown(request.getRequestURI(), 200),
                cause);
        return Problem.of(
                ErrorCode.INTERNAL,
                500,
                "Muster failed at this (incident " + incident + "); the manager's log says more, please report it");
    }
}
