package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.GET;
import javax.ws.rs.HeaderParam;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.container.AsyncResponse;
import javax.ws.rs.container.Suspended;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.SecurityContext;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.Role;
import muster.rest.stream.Streams;
import org.jspecify.annotations.Nullable;

/** What happens, as it happens. */
@Path("/api/v1/events")
@Tag(name = "events")
public final class EventsResource {
    private final JobService jobs;
    private final Streams streams;

    public EventsResource(JobService jobs, Streams streams) {
        this.jobs = jobs;
        this.streams = streams;
    }

    @GET
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "followEvents",
            summary = "Follows events",
            description = "Server-sent events: id, the type as event, and an Event as data. A comment follows the last"
                    + " one that was there, and further ones every 15 seconds keep the connection alive."
                    + " Without a place to begin, what comes next."
                    + " For the role user, of their own jobs and of workers.")
    @ApiResponse(
            responseCode = "200",
            description = "A stream without end",
            content = @Content(mediaType = MediaType.SERVER_SENT_EVENTS, schema = @Schema(type = "string")))
    public void follow(
            @QueryParam("job")
                    @Parameter(description = "Only of this job", schema = @Schema(type = "string", example = "17"))
                    @Nullable
                    String job,
            @QueryParam("after")
                    @Parameter(
                            description = "The id of the last event that was seen",
                            schema = @Schema(type = "integer", format = "int64", minimum = "0"))
                    @Nullable
                    String after,
            @HeaderParam("Last-Event-ID")
                    @Parameter(
                            description = "Likewise; what browsers send when they come back",
                            schema = @Schema(type = "integer", format = "int64", minimum = "0"))
                    @Nullable
                    String lastEventId,
            @Context HttpServletRequest request,
            @Context SecurityContext who,
            @Suspended AsyncResponse response) {
        var caller = Access.caller(who);
        JobId of = null;
        if (job != null) {
            var followed = jobs.job(JobId.parse(Query.id(job)));
            Access.requireSees(caller, followed);
            of = followed.id();
        }
        long place;
        if (lastEventId != null) {
            place = Query.number("Last-Event-ID", lastEventId, 0, Long.MAX_VALUE);
        } else if (after != null) {
            place = Query.number("after", after, 0, Long.MAX_VALUE);
        } else {
            place = jobs.newestEvent();
        }
        streams.events(request, response, place, of, caller.role().seesAll() ? null : caller.name());
    }
}
