package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Map;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import muster.api.ClusterService;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;

/** What watches over a manager asks for; the same at the root and under the API. */
@Tag(name = "system")
public abstract class SystemResource {
    private final ClusterService cluster;

    SystemResource(ClusterService cluster) {
        this.cluster = cluster;
    }

    /** At the root. */
    @Path("/")
    public static final class AtRoot extends SystemResource {
        public AtRoot(ClusterService cluster) {
            super(cluster);
        }
    }

    /** Under the API. */
    @Path("/api/v1")
    public static final class UnderApi extends SystemResource {
        public UnderApi(ClusterService cluster) {
            super(cluster);
        }
    }

    @GET
    @Path("healthz")
    @Produces(MediaType.APPLICATION_JSON)
    @Open
    @Operation(
            operationId = "health",
            summary = "Says that the manager is up",
            description = "Takes no token. Answers at /healthz too.")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Status")))
    public Map<String, String> health() {
        return Map.of("status", "up");
    }

    @GET
    @Path("login")
    @Produces(MediaType.TEXT_HTML)
    @Open
    @Operation(
            operationId = "login",
            summary = "Gets a page to log in with",
            description = "Takes no token, and tells nothing of the cluster. Answers at /login too.")
    @ApiResponse(
            responseCode = "200",
            description = "The page",
            content = @Content(mediaType = MediaType.TEXT_HTML, schema = @Schema(type = "string")))
    public Response login() {
        return Documents.LOGIN.answer(Response.Status.OK);
    }

    @GET
    @Path("readyz")
    @Produces(MediaType.APPLICATION_JSON)
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "readiness",
            summary = "Says whether jobs can be accepted and workers heard",
            description = "503 and why, if not. Answers at /readyz too.")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Status")))
    public Map<String, String> readiness() {
        var why = cluster.notReady();
        if (!why.isEmpty()) {
            throw new MusterException(ErrorCode.UNAVAILABLE, why);
        }
        return Map.of("status", "ready");
    }

    @GET
    @Path("metrics")
    @Produces(MediaType.TEXT_PLAIN)
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "metrics",
            summary = "Gets measurements for Prometheus",
            description = "Answers at /metrics too.")
    @ApiResponse(
            responseCode = "200",
            description = "Prometheus's text format, version 0.0.4",
            content = @Content(mediaType = MediaType.TEXT_PLAIN, schema = @Schema(type = "string")))
    public Response metrics() {
        return Response.ok(cluster.metrics(), "text/plain; version=0.0.4; charset=utf-8")
                .build();
    }

    @GET
    @Path("openapi.json")
    @Produces(MediaType.APPLICATION_JSON)
    @Needs(Role.VIEWER)
    @Operation(operationId = "openApi", summary = "Gets this document", description = "Answers at /openapi.json too.")
    @ApiResponse(
            responseCode = "200",
            description = "OpenAPI 3.1",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(type = "object")))
    public Response openApi() {
        return Documents.openApi();
    }

    @GET
    @Path("docs")
    @Produces(MediaType.TEXT_HTML)
    @Needs(Role.VIEWER)
    @Operation(
            operationId = "docs",
            summary = "Gets a page to read this document with",
            description = "A browser that is not logged in gets the page to log in with. Answers at /docs too.")
    @ApiResponse(
            responseCode = "200",
            description = "The page",
            content = @Content(mediaType = MediaType.TEXT_HTML, schema = @Schema(type = "string")))
    public Response docs() {
        return Documents.REFERENCE.answer(Response.Status.OK);
    }
}
