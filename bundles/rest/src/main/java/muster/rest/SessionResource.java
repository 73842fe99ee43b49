package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.core.SecurityContext;
import muster.api.Caller;
import muster.api.MusterException;
import muster.api.Role;
import org.jspecify.annotations.Nullable;

/** Logins of browsers: a cookie in exchange for a token. */
@Path("/api/v1/session")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "session")
public final class SessionResource {
    private final Sessions sessions;

    SessionResource(Sessions sessions) {
        this.sessions = sessions;
    }

    /** Who speaks, as JSON; the last two are null for who came with a token. */
    record SessionView(
            String name,
            Role role,
            @Nullable String csrf,
            @Nullable Long secondsLeft) {}

    @POST
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "createSession",
            summary = "Logs a browser in",
            description =
                    "In exchange for the token that comes as Bearer, the browser gets a cookie. With it each request"
                            + " that changes something must carry what csrf says here, as X-CSRF-Token.")
    @ApiResponse(
            responseCode = "201",
            description = "Logged in",
            content = @Content(schema = @Schema(ref = "#/components/schemas/Session")))
    public Response create(@Context HttpServletRequest request, @Context SecurityContext who) {
        var before = Authentication.session(request);
        var token = before != null
                ? before.token()
                : Credentials.token(request.getHeader(HttpHeaders.AUTHORIZATION))
                        .orElseThrow(() -> MusterException.invalid(
                                "a session begins with a token; make one by POST /api/v1/tokens, or by 'muster token"
                                        + " create'"));
        if (before != null) {
            sessions.close(before);
        }
        var session = sessions.open(token);
        return Response.status(Response.Status.CREATED)
                .header(HttpHeaders.SET_COOKIE, Sessions.cookie(session))
                .entity(view(Access.caller(who), session))
                .build();
    }

    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "getSession", summary = "Says who speaks, and what pages of a session need")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Session")))
    public SessionView get(@Context HttpServletRequest request, @Context SecurityContext who) {
        return view(Access.caller(who), Authentication.session(request));
    }

    @DELETE
    @Needs(Role.VIEWER)
    @Operation(operationId = "endSession", summary = "Logs a browser out")
    @ApiResponse(responseCode = "204", description = "Logged out")
    public Response end(@Context HttpServletRequest request) {
        var session = Authentication.session(request);
        if (session != null) {
            sessions.close(session);
        }
        return Response.noContent()
                .header(HttpHeaders.SET_COOKIE, Sessions.noCookie())
                .build();
    }

    private SessionView view(Caller caller, Sessions.@Nullable Session session) {
        return new SessionView(
                caller.name(),
                caller.role(),
                session == null ? null : session.csrf(),
                session == null ? null : sessions.left(session).toSeconds());
    }
}
