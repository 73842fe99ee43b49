package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.container.AsyncResponse;
import javax.ws.rs.container.Suspended;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.SecurityContext;
import muster.api.Explanation;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Page;
import muster.api.Role;
import muster.api.TaskId;
import muster.api.TaskQuery;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.rest.stream.Streams;
import org.jspecify.annotations.Nullable;

/** Tasks: list, get, explain, logs. */
@Path("/api/v1/tasks")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "tasks")
public final class TasksResource {
    private final JobService jobs;
    private final Streams streams;

    public TasksResource(JobService jobs, Streams streams) {
        this.jobs = jobs;
        this.streams = streams;
    }

    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "listTasks", summary = "Lists the tasks of a job, by rising index")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/TaskPage")))
    public Page<TaskView> list(
            @QueryParam("job") @Parameter(required = true, schema = @Schema(type = "string", example = "17")) @Nullable
                    String job,
            @QueryParam("state")
                    @Parameter(
                            description = "Only these states, separated by commas",
                            schema = @Schema(type = "string", example = "failed"))
                    @Nullable
                    List<String> states,
            @QueryParam("cursor") @Parameter(description = "The next of the page before") @Nullable String cursor,
            @QueryParam("limit")
                    @Parameter(
                            schema = @Schema(type = "integer", minimum = "1", maximum = "1000", defaultValue = "100"))
                    @Nullable
                    String limit,
            @Context SecurityContext who) {
        if (job == null) {
            throw MusterException.invalid("the query parameter job is missing; write such as ?job=17");
        }
        return jobs.tasks(new TaskQuery(
                seen(JobId.parse(Query.id(job)), who),
                Query.words("state", TaskState.class, states),
                cursor,
                Query.limit(limit)));
    }

    @GET
    @Path("{id}")
    @Needs(Role.VIEWER)
    @Operation(operationId = "getTask", summary = "Gets a task with all its attempts")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/TaskView")))
    public TaskView get(
            @PathParam("id") @Parameter(description = "Job and index, or job and name: 17.3, 17.yearly") String id,
            @Context SecurityContext who) {
        return jobs.task(task(id, who));
    }

    @GET
    @Path("{id}/explain")
    @Needs(Role.VIEWER)
    @Operation(operationId = "explainTask", summary = "Says why a task is where it is")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Explanation")))
    public Explanation explain(
            @PathParam("id") @Parameter(description = "Job and index, or job and name: 17.3, 17.yearly") String id,
            @Context SecurityContext who) {
        return jobs.explain(task(id, who));
    }

    @GET
    @Path("{id}/logs")
    @Produces(MediaType.TEXT_PLAIN)
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getTaskLog",
            summary = "Gets what the last attempt of a task wrote",
            description = "Raw bytes from the offset to the present end, or, followed, until the task has ended."
                    + " A connection that breaks off before the end of the answer can be taken up at offset + bytes"
                    + " received.")
    @ApiResponse(
            responseCode = "200",
            description = "The bytes",
            headers =
                    @Header(
                            name = "Muster-Next-Offset",
                            description = "Where the next read begins; there when the answer is short and not followed",
                            schema = @Schema(type = "integer")),
            content = @Content(mediaType = MediaType.TEXT_PLAIN, schema = @Schema(type = "string", format = "binary")))
    public void log(
            @PathParam("id") @Parameter(description = "Job and index, or job and name: 17.3, 17.yearly") String id,
            @QueryParam("stream")
                    @Parameter(
                            schema =
                                    @Schema(
                                            type = "string",
                                            allowableValues = {"stdout", "stderr"},
                                            defaultValue = "stdout"))
                    @Nullable
                    String stream,
            @QueryParam("offset")
                    @Parameter(
                            description = "Of the first byte",
                            schema = @Schema(type = "integer", format = "int64", minimum = "0", defaultValue = "0"))
                    @Nullable
                    String offset,
            @QueryParam("follow")
                    @Parameter(
                            description = "Go on until the task has ended",
                            schema = @Schema(type = "boolean", defaultValue = "false"))
                    @Nullable
                    String follow,
            @Context HttpServletRequest request,
            @Context SecurityContext who,
            @Suspended AsyncResponse response) {
        var task = task(id, who);
        var which = stream == null ? LogStream.STDOUT : Query.word("stream", LogStream.class, stream);
        var from = offset == null ? 0 : Query.number("offset", offset, 0, Long.MAX_VALUE);
        var on = Query.bool("follow", follow);
        streams.log(request, response, task, which, from, on);
    }

    /** {@code 17.3}, or {@code 17.yearly} for the task of that name. */
    private TaskId task(String text, SecurityContext who) {
        var id = Query.id(text);
        var dot = id.indexOf('.');
        if (dot < 0 || dot == id.length() - 1) {
            throw MusterException.invalid(
                    "'" + id + "' is not a task id; expected job and index, or job and name, such as 17.3");
        }
        var rest = id.substring(dot + 1);
        if (rest.chars().allMatch(c -> c >= '0' && c <= '9')) {
            var task = TaskId.parse(id);
            seen(task.job(), who);
            return task;
        }
        return jobs.find(seen(JobId.parse(id.substring(0, dot)), who), rest);
    }

    private JobId seen(JobId id, SecurityContext who) {
        var caller = Access.caller(who);
        if (!caller.role().seesAll()) {
            Access.requireSees(caller, jobs.job(id));
        }
        return id;
    }
}
