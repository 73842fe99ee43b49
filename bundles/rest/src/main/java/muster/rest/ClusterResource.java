package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.core.MediaType;
import muster.api.ClusterService;
import muster.api.ClusterStatus;
import muster.api.Role;

/** The cluster in a glance. */
@Path("/api/v1/cluster")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "cluster")
public final class ClusterResource {
    private final ClusterService cluster;

    public ClusterResource(ClusterService cluster) {
        this.cluster = cluster;
    }

    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "getCluster", summary = "Gets the cluster in a glance")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/ClusterStatus")))
    public ClusterStatus get() {
        return cluster.status();
    }
}
