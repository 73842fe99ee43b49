package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import javax.ws.rs.Consumes;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.container.AsyncResponse;
import javax.ws.rs.container.Suspended;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.SecurityContext;
import muster.api.ClusterService;
import muster.api.Page;
import muster.api.Role;
import muster.api.WorkerView;
import muster.rest.json.DeploymentReader;
import muster.rest.json.Json;
import org.jspecify.annotations.Nullable;

/** Workers: list, get, drain, resume, remove, and the bundles that are deployed on them. */
@Path("/api/v1/workers")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "workers")
public final class WorkersResource {
    private final ClusterService cluster;

    public WorkersResource(ClusterService cluster) {
        this.cluster = cluster;
    }

    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "listWorkers", summary = "Lists workers, by id")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/WorkerPage")))
    public Page<WorkerView> list() {
        return new Page<>(cluster.workers(), null);
    }

    @GET
    @Path("{id}")
    @Needs(Role.VIEWER)
    @Operation(operationId = "getWorker", summary = "Gets a worker")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/WorkerView")))
    public WorkerView get(@PathParam("id") String id) {
        return cluster.worker(Query.id(id));
    }

    @POST
    @Path("{id}/drain")
    @Needs(Role.OPERATOR)
    @Operation(operationId = "drainWorker", summary = "Lets a worker finish what it runs and gives it nothing more")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/WorkerView")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    public WorkerView drain(@PathParam("id") String id, @Context SecurityContext who) {
        cluster.drain(Query.id(id), Access.caller(who).name());
        return cluster.worker(id);
    }

    @POST
    @Path("{id}/resume")
    @Needs(Role.OPERATOR)
    @Operation(operationId = "resumeWorker", summary = "Undoes drain")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/WorkerView")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    public WorkerView resume(@PathParam("id") String id, @Context SecurityContext who) {
        cluster.resume(Query.id(id), Access.caller(who).name());
        return cluster.worker(id);
    }

    /** What became of a bundle, as JSON. */
    record Deployed(String worker, String message) {}

    @POST
    @Path("{id}/bundles")
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "deployBundle",
            summary = "Installs a bundle on a worker, such as an executor, or a feature",
            description =
                    "In place of one of the same file name, whose executors end what they run before. The bundle is"
                            + " an object that was uploaded; of a feature it is each that the worker lacks, from the"
                            + " manager's own distribution.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/Deployment"))))
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Deployed")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    public void deploy(
            @PathParam("id") String id,
            @Parameter(hidden = true) InputStream body,
            @Context SecurityContext who,
            @Suspended AsyncResponse response)
            throws IOException {
        var asked = DeploymentReader.read(Json.readSmall(body));
        var by = Access.caller(who).name();
        answer(
                id,
                asked.feature().isEmpty()
                        ? cluster.deploy(Query.id(id), asked.file(), asked.object(), by)
                        : cluster.deployFeature(Query.id(id), asked.feature(), by),
                response);
    }

    @DELETE
    @Path("{id}/bundles/{name}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "undeployBundle",
            summary = "Removes a bundle or a feature from a worker, once what its executors run has ended")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Deployed")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    public void undeploy(
            @PathParam("id") String id,
            @PathParam("name") @Parameter(description = "Of the bundle's file, which ends in .jar, or of the feature")
                    String name,
            @Context SecurityContext who,
            @Suspended AsyncResponse response) {
        answer(
                id,
                cluster.undeploy(
                        Query.id(id), Query.id(name), Access.caller(who).name()),
                response);
    }

    private static void answer(String id, CompletionStage<String> stage, AsyncResponse response) {
        stage.whenComplete((message, error) -> {
            if (error == null) {
                response.resume(new Deployed(id, message));
            } else {
                response.resume(error instanceof CompletionException wrapper ? wrapper.getCause() : error);
            }
        });
    }

    @DELETE
    @Path("{id}")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "removeWorker",
            summary = "Forgets a worker and revokes its certificates",
            description = "At once: its connection is dropped, and it must join anew.")
    @ApiResponse(responseCode = "204", description = "Forgotten")
    @ApiResponse(responseCode = "409", ref = "Conflict")
    public void remove(
            @PathParam("id") String id,
            @QueryParam("force")
                    @Parameter(
                            description = "Even while it is online; its tasks go back to the queue",
                            schema = @Schema(type = "boolean", defaultValue = "false"))
                    @Nullable
                    String force,
            @Context SecurityContext who) {
        cluster.remove(
                Query.id(id), Query.bool("force", force), Access.caller(who).name());
    }
}
