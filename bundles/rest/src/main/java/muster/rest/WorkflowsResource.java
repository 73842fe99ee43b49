package muster.rest;

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
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.ws.rs.Consumes;
import javax.ws.rs.GET;
import javax.ws.rs.HeaderParam;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.core.SecurityContext;
import muster.api.JobService;
import muster.api.Names;
import muster.api.Role;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.WorkflowService;
import muster.rest.json.Json;
import muster.rest.json.WorkflowReader;
import org.jspecify.annotations.Nullable;

/** Workflows: scripts that become jobs. */
@Path("/api/v1/workflows")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "workflows")
public final class WorkflowsResource {
    private final WorkflowService workflows;
    private final long mostBytes;
    private final JobService jobs;

    WorkflowsResource(WorkflowService workflows, long mostBytes, JobService jobs) {
        this.workflows = workflows;
        this.mostBytes = mostBytes;
        this.jobs = jobs;
    }

    /** What a script asks of its user, as JSON. */
    record Missing(Set<String> files, Set<String> variables, Set<String> contents) {}

    /** A workflow that was not run, as JSON: either what is missing, or what it comes to. */
    record Compiled(@Nullable Missing missing, @Nullable Outline plan) {}

    /** What a workflow comes to, as JSON. */
    record Outline(
            int size,
            Map<String, Integer> categories,
            List<String> inputs,
            List<Plan.Delivery> outputs,
            List<Named> secrets,
            List<Node> tasks) {
        static Outline of(Plan plan) {
            var tasks = plan.work() instanceof Work.Graph graph ? graph.tasks() : List.<TaskSpec>of();
            return new Outline(
                    plan.work().size(),
                    plan.categories(),
                    plan.inputs(),
                    plan.outputs(),
                    plan.secrets().stream()
                            .map(secret -> new Named(secret.name(), Names.word(secret.place())))
                            .toList(),
                    tasks.stream()
                            .map(task -> new Node(task.name(), task.command(), task.needs()))
                            .toList());
        }
    }

    /** A secret that a script relies on, as JSON. */
    record Named(String name, String as) {}

    /** A task of a workflow and what it needs, as JSON. */
    record Node(String name, List<String> command, List<String> needs) {}

    @GET
    @Path("/schemas/{language}")
    @Produces("application/schema+json")
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "getWorkflowSchema",
            summary = "The JSON Schema of a language's scripts, for editors and checks")
    @ApiResponse(
            responseCode = "200",
            description = "The schema",
            content =
                    @Content(
                            mediaType = "application/schema+json",
                            schema = @Schema(ref = "#/components/schemas/JsonSchema")))
    @ApiResponse(responseCode = "404", ref = "NotFound")
    public String schema(@PathParam("language") @Parameter(description = "Such as yaml") String language) {
        return workflows.schema(language);
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Role.USER)
    @Operation(
            operationId = "runWorkflow",
            summary = "Runs a script of a language that is deployed, as a job",
            description =
                    "A script may ask for further files and for variables of its user, and its tasks for contents that"
                            + " are to be uploaded as objects; they are told as missing, and the same is sent again with them.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/WorkflowRequest"))))
    @ApiResponse(
            responseCode = "200",
            description = "Not run: something is missing, or it was a dry run",
            content = @Content(schema = @Schema(ref = "#/components/schemas/Compiled")))
    @ApiResponse(
            responseCode = "201",
            description = "Accepted as this job",
            headers = @Header(name = "Location", description = "Of the job", schema = @Schema(type = "string")),
            content = @Content(schema = @Schema(ref = "#/components/schemas/JobView")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    @ApiResponse(responseCode = "422", ref = "Impossible")
    @ApiResponse(responseCode = "429", ref = "TooMany")
    public Response run(
            @Parameter(hidden = true) InputStream body,
            @QueryParam("dryRun")
                    @Parameter(
                            description = "Only tell what it comes to",
                            schema = @Schema(type = "boolean", defaultValue = "false"))
                    @Nullable
                    String dryRun,
            @HeaderParam("Idempotency-Key")
                    @Parameter(
                            description = "Of the caller's choice: the same key again gives the job it gave first",
                            schema = @Schema(type = "string", minLength = 1, maxLength = JobsResource.MAX_KEY_LENGTH))
                    @Nullable
                    String key,
            @Context SecurityContext who)
            throws IOException {
        JobsResource.requireKey(key);
        var request = WorkflowReader.read(Json.read(body, mostBytes));
        try {
            if (Query.bool("dryRun", dryRun)) {
                return Response.ok(new Compiled(
                                null,
                                Outline.of(workflows.compile(
                                        request, Access.caller(who).name()))))
                        .build();
            }
            return JobsResource.created(
                    jobs.job(workflows.run(request, Access.caller(who).name(), key)));
        } catch (MissingSources e) {
            return Response.ok(new Compiled(new Missing(e.files(), e.variables(), e.contents()), null))
                    .build();
        }
    }
}
