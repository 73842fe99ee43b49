package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.SecurityContext;
import muster.api.ClusterService;
import muster.api.Page;
import muster.api.Role;
import muster.api.WorkerView;
import org.jspecify.annotations.Nullable;

/** Workers: list, get, drain, resume, remove. */
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
