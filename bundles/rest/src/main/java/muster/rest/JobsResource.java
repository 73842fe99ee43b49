package muster.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import javax.ws.rs.Consumes;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.HeaderParam;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.container.AsyncResponse;
import javax.ws.rs.container.Suspended;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.core.SecurityContext;
import muster.api.Caller;
import muster.api.CategoryView;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobService;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.Page;
import muster.api.Role;
import muster.rest.json.JobSpecReader;
import muster.rest.json.JobSpecWriter;
import muster.rest.json.Json;
import muster.rest.json.Words;
import muster.rest.report.Csv;
import muster.rest.report.ReportPage;
import muster.rest.report.Run;
import muster.rest.report.RunGraph;
import muster.rest.report.Trace;
import org.jspecify.annotations.Nullable;

/** Jobs: submit, list, get, wait, cancel, retry, delete. */
@Path("/api/v1/jobs")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "jobs")
public final class JobsResource {
    private static final Duration MAX_WAIT = Duration.ofMinutes(5);
    static final int MAX_KEY_LENGTH = 200;

    private static final String EVERYTHING = "select * from results";
    private static final int ROWS = 1_000;
    private static final int MOST_ROWS = 100_000;

    /** A report has a style of its own and nothing else; all that it shows of a job is escaped. */
    private static final String REPORT_POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final JobService jobs;
    private final long mostBytes;
    private final Waits waits;

    public JobsResource(JobService jobs, long mostBytes, ScheduledExecutorService executor) {
        this.jobs = jobs;
        this.mostBytes = mostBytes;
        this.waits = new Waits(jobs, executor);
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Role.USER)
    @Operation(
            operationId = "submitJob",
            summary = "Submits a job",
            description = "When it is answered, the job is durable. Every fault of the specification is told at once."
                    + " With 'wait', a short job takes one request from its submission to its end.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/JobSpec"))))
    @ApiResponse(
            responseCode = "201",
            description = "Accepted; or, for an Idempotency-Key that was there before, the job it gave first",
            headers = @Header(name = "Location", description = "Of the job", schema = @Schema(type = "string")),
            content = @Content(schema = @Schema(ref = "#/components/schemas/JobView")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    @ApiResponse(responseCode = "422", ref = "Impossible")
    @ApiResponse(responseCode = "429", ref = "TooMany")
    public void submit(
            @Parameter(hidden = true) InputStream body,
            @QueryParam("wait")
                    @Parameter(
                            description = "Answer at the end of the job, or after this time; at most 5m",
                            schema = @Schema(type = "string", example = "30s"))
                    @Nullable
                    String wait,
            @HeaderParam("Idempotency-Key")
                    @Parameter(
                            description = "Of the caller's choice: the same key again gives the job it gave first",
                            schema = @Schema(type = "string", minLength = 1, maxLength = MAX_KEY_LENGTH))
                    @Nullable
                    String key,
            @Context SecurityContext who,
            @Suspended AsyncResponse response)
            throws IOException {
        requireKey(key);
        var time = waiting(wait);
        var id = jobs.submit(
                JobSpecReader.read(Json.read(body, mostBytes)),
                Access.caller(who).name(),
                key);
        if (time.isZero()) {
            response.resume(created(jobs.job(id)));
        } else {
            waits.wait(id, time, response, JobsResource::created);
        }
    }

    private static Duration waiting(@Nullable String wait) {
        return wait == null ? Duration.ZERO : Query.duration("wait", wait, MAX_WAIT);
    }

    /** Refuses an Idempotency-Key that is none. */
    static void requireKey(@Nullable String key) {
        if (key != null
                && (key.isBlank()
                        || key.length() > MAX_KEY_LENGTH
                        || key.chars().anyMatch(Character::isISOControl))) {
            throw MusterException.invalid("the Idempotency-Key '" + Words.shown(key) + "' is not allowed; use 1 to "
                    + MAX_KEY_LENGTH + " printable characters");
        }
    }

    /** Tells of a job that was accepted. */
    static Response created(JobView job) {
        return Response.created(URI.create("/api/v1/jobs/" + job.id()))
                .entity(job)
                .build();
    }

    @GET
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "listJobs",
            summary = "Lists jobs, newest first",
            description = "For the role user, their own.")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/JobPage")))
    public Page<JobView> list(
            @QueryParam("state")
                    @Parameter(
                            description = "Only these states, separated by commas",
                            schema = @Schema(type = "string", example = "running,failed"))
                    @Nullable
                    List<String> states,
            @QueryParam("tag") @Parameter(description = "Only with this tag") @Nullable String tag,
            @QueryParam("owner") @Parameter(description = "Only of this owner") @Nullable String owner,
            @QueryParam("name") @Parameter(description = "Only with this in their names") @Nullable String name,
            @QueryParam("cursor") @Parameter(description = "The next of the page before") @Nullable String cursor,
            @QueryParam("limit")
                    @Parameter(
                            schema = @Schema(type = "integer", minimum = "1", maximum = "1000", defaultValue = "100"))
                    @Nullable
                    String limit,
            @Context SecurityContext who) {
        var caller = Access.caller(who);
        if (!caller.role().seesAll() && owner != null && !owner.equals(caller.name())) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "'" + caller.name() + "' sees no jobs of others; leave owner out, or ask an operator");
        }
        return jobs.jobs(new JobQuery(
                Query.words("state", JobState.class, states),
                tag,
                caller.role().seesAll() ? owner : caller.name(),
                name,
                cursor,
                Query.limit(limit)));
    }

    @GET
    @Path("{id}")
    @Needs(Role.VIEWER)
    @Operation(operationId = "getJob", summary = "Gets a job, now or at its end")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/JobView")))
    public void get(
            @PathParam("id") String id,
            @QueryParam("wait")
                    @Parameter(
                            description = "Answer at the end of the job, or after this time; at most 5m",
                            schema = @Schema(type = "string", example = "30s"))
                    @Nullable
                    String wait,
            @Context SecurityContext who,
            @Suspended AsyncResponse response) {
        var job = seen(id, who);
        var time = waiting(wait);
        if (time.isZero() || job.state().terminal()) {
            response.resume(job);
        } else {
            waits.wait(job.id(), time, response, view -> view);
        }
    }

    @GET
    @Path("{id}/spec")
    @Needs(Role.VIEWER)
    @Operation(operationId = "getJobSpec", summary = "Gets what was submitted")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/JobSpec")))
    public ObjectNode spec(@PathParam("id") String id, @Context SecurityContext who) {
        return JobSpecWriter.write(jobs.spec(seen(id, who).id()));
    }

    @GET
    @Path("{id}/categories")
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getJobCategories",
            summary = "Gets how far each category of a job's tasks is",
            description = "At most 1000, in the order of their first tasks.")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/CategoryPage")))
    public Page<CategoryView> categories(@PathParam("id") String id, @Context SecurityContext who) {
        return new Page<>(jobs.categories(seen(id, who).id()), null);
    }

    @GET
    @Path("{id}/report")
    @Produces("text/html; charset=utf-8")
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getJobReport",
            summary = "Gets a page about a job: what ran where and when, what it used, what failed",
            description = "The page needs nothing else, so that it can be kept and sent on.")
    @ApiResponse(
            responseCode = "200",
            description = "A page of HTML",
            content = @Content(mediaType = "text/html", schema = @Schema(type = "string")))
    public Response report(@PathParam("id") String id, @Context SecurityContext who) {
        return Response.ok(ReportPage.of(Run.of(jobs, seen(id, who).id())))
                .header("Content-Security-Policy", REPORT_POLICY)
                .build();
    }

    @GET
    @Path("{id}/trace")
    @Produces("text/csv; charset=utf-8")
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getJobTrace",
            summary = "Gets the tasks of a job as CSV, with the column names and raw values of Nextflow's trace")
    @ApiResponse(
            responseCode = "200",
            description = "A row for each task, of its last attempt",
            content = @Content(mediaType = "text/csv", schema = @Schema(type = "string")))
    public String trace(@PathParam("id") String id, @Context SecurityContext who) {
        return Trace.csv(Run.of(jobs, seen(id, who).id()));
    }

    @GET
    @Path("{id}/results")
    @Produces({MediaType.APPLICATION_JSON, "text/csv; charset=utf-8"})
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getJobResults",
            summary = "Asks about the results of a job by SQL",
            description =
                    "Results are the text files that its tasks have left at the manager, in the table `results`: a row for"
                            + " each file of up to 64 KiB, and for each cell of one in CSV. A query is one of SQLite; it sees the"
                            + " job's results alone and cannot change anything.")
    @ApiResponse(
            responseCode = "200",
            description = "What the query came to",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(ref = "#/components/schemas/ResultTable")),
                @Content(mediaType = "text/csv", schema = @Schema(type = "string"))
            })
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    public Response results(
            @PathParam("id") String id,
            @QueryParam("sql")
                    @Parameter(description = "One query", schema = @Schema(type = "string", defaultValue = EVERYTHING))
                    @Nullable
                    String sql,
            @QueryParam("rows")
                    @Parameter(
                            description = "How many at most",
                            schema =
                                    @Schema(
                                            type = "integer",
                                            minimum = "1",
                                            maximum = "" + MOST_ROWS,
                                            defaultValue = "" + ROWS))
                    @Nullable
                    String rows,
            @QueryParam("form")
                    @Parameter(
                            schema =
                                    @Schema(
                                            type = "string",
                                            allowableValues = {"json", "csv"},
                                            defaultValue = "json"))
                    @Nullable
                    String form,
            @Context SecurityContext who) {
        var job = seen(id, who).id();
        var asCsv = Query.choice("form", form, List.of("json", "csv")).equals("csv");
        var table = jobs.results(
                job,
                sql == null ? EVERYTHING : sql,
                rows == null ? ROWS : (int) Query.number("rows", rows, 1, MOST_ROWS));
        if (asCsv && table.more()) {
            throw new MusterException(
                    ErrorCode.TOO_LARGE,
                    "there are more rows than the " + table.rows().size()
                            + " that have room; ask for less, or set rows to at" + " most " + MOST_ROWS);
        }
        return asCsv
                ? Response.ok(Csv.of(table), "text/csv; charset=utf-8").build()
                : Response.ok(table, MediaType.APPLICATION_JSON).build();
    }

    @GET
    @Path("{id}/graph")
    @Produces("text/plain; charset=utf-8")
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getJobGraph",
            summary = "Gets what needs what, with the state of each task; of more than 60, by category")
    @ApiResponse(
            responseCode = "200",
            description = "The graph",
            content = @Content(mediaType = "text/plain", schema = @Schema(type = "string")))
    public String graph(
            @PathParam("id") String id,
            @QueryParam("form")
                    @Parameter(
                            description = "For Mermaid, or DOT for Graphviz",
                            schema =
                                    @Schema(
                                            type = "string",
                                            allowableValues = {"mermaid", "dot"},
                                            defaultValue = "mermaid"))
                    @Nullable
                    String form,
            @Context SecurityContext who) {
        var job = seen(id, who).id();
        var graph = RunGraph.Form.of(form == null ? "mermaid" : form);
        return RunGraph.of(Run.of(jobs, job)).write(graph);
    }

    @POST
    @Path("{id}/cancel")
    @Needs(Role.USER)
    @Operation(operationId = "cancelJob", summary = "Cancels every task that has not ended")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/JobView")))
    public JobView cancel(@PathParam("id") String id, @Context SecurityContext who) {
        var job = managed(id, who);
        jobs.cancel(job, Access.caller(who).name());
        return jobs.job(job);
    }

    @POST
    @Path("{id}/retry")
    @Needs(Role.USER)
    @Operation(
            operationId = "retryJob",
            summary = "Puts the tasks of an ended job that did not succeed back in the queue",
            description =
                    "With failed=true only those that failed, with those that were canceled since they need one of"
                            + " them. What was ignored, or canceled for another reason, stays as it is.")
    @ApiResponse(
            responseCode = "200",
            description = "How many",
            content = @Content(schema = @Schema(ref = "#/components/schemas/Retried")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "429", ref = "TooMany")
    public Map<String, Integer> retry(
            @PathParam("id") String id,
            @QueryParam("failed")
                    @Parameter(
                            description = "Only those that failed",
                            schema = @Schema(type = "boolean", defaultValue = "false"))
                    @Nullable
                    String failed,
            @Context SecurityContext who) {
        var failedOnly = Query.bool("failed", failed);
        return Map.of(
                "retried",
                jobs.retry(managed(id, who), failedOnly, Access.caller(who).name()));
    }

    @DELETE
    @Path("{id}")
    @Needs(Role.USER)
    @Operation(operationId = "deleteJob", summary = "Forgets an ended job and all it left")
    @ApiResponse(responseCode = "204", description = "Forgotten")
    @ApiResponse(responseCode = "409", ref = "Conflict")
    public void delete(@PathParam("id") String id, @Context SecurityContext who) {
        jobs.delete(managed(id, who), Access.caller(who).name());
    }

    private JobView seen(String id, SecurityContext who) {
        var job = jobs.job(JobId.parse(Query.id(id)));
        Access.requireSees(Access.caller(who), job);
        return job;
    }

    private JobId managed(String id, SecurityContext who) {
        var job = jobs.job(JobId.parse(Query.id(id)));
        Caller caller = Access.caller(who);
        Access.requireManages(caller, job);
        return job.id();
    }
}
