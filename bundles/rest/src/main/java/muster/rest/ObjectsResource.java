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
import java.nio.file.Files;
import javax.ws.rs.Consumes;
import javax.ws.rs.GET;
import javax.ws.rs.POST;
import javax.ws.rs.PUT;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.core.SecurityContext;
import javax.ws.rs.core.StreamingOutput;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.OutputView;
import muster.api.Page;
import muster.api.Role;
import org.jspecify.annotations.Nullable;

/**
 * Files that tasks take and make: list, upload, download. Who knows the digest of an object may have it: nobody guesses
 * one, and what a job made is told to those alone who may see the job.
 */
@Path("/api/v1/objects")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "objects")
public final class ObjectsResource {
    private static final long MOST_BYTES = Long.MAX_VALUE;
    private static final long MOST_MEASURED_BYTES = 16L << 30;

    private final JobService jobs;
    private final ObjectService objects;

    public ObjectsResource(JobService jobs, ObjectService objects) {
        this.jobs = jobs;
        this.objects = objects;
    }

    /**
     * What the manager has of an object, as JSON.
     *
     * @param bytes how long it is; null if it is not there as a whole
     * @param uploaded how much of an upload has come
     */
    record ObjectStatus(String object, @Nullable Long bytes, long uploaded) {}

    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "listObjects", summary = "Lists what the tasks of a job made, by rising index")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/OutputPage")))
    public Page<OutputView> list(
            @QueryParam("job") @Parameter(required = true, schema = @Schema(type = "string", example = "17")) @Nullable
                    String job,
            @Context SecurityContext who) {
        if (job == null) {
            throw MusterException.invalid("the query parameter job is missing; write such as ?job=17");
        }
        var id = JobId.parse(Query.id(job));
        Access.requireSees(Access.caller(who), jobs.job(id));
        return new Page<>(objects.outputs(id), null);
    }

    @GET
    @Path("{object}/status")
    @Needs(Role.VIEWER)
    @Operation(operationId = "getObjectStatus", summary = "Says whether the manager has an object, or how much of it")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/ObjectStatus")))
    public ObjectStatus status(@PathParam("object") @Parameter(description = "sha256: and 64 digits") String object) {
        return statusOf(Query.id(object));
    }

    private ObjectStatus statusOf(String object) {
        var bytes = objects.size(object);
        return bytes.isPresent()
                ? new ObjectStatus(object, bytes.getAsLong(), bytes.getAsLong())
                : new ObjectStatus(object, null, objects.uploaded(object));
    }

    @PUT
    @Path("{object}")
    @Consumes(MediaType.APPLICATION_OCTET_STREAM)
    @Needs(Role.USER)
    @Operation(
            operationId = "putObject",
            summary = "Uploads an object",
            description = "What came before a connection broke off is kept: ask for the status, and send the rest with"
                    + " its offset. The content must be the one that the object is named for.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_OCTET_STREAM,
                                            schema = @Schema(type = "string", format = "binary"))))
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/ObjectStatus")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    public ObjectStatus put(
            @PathParam("object") @Parameter(description = "sha256: and 64 digits") String object,
            @QueryParam("bytes")
                    @Parameter(
                            required = true,
                            description = "Of the whole object",
                            schema = @Schema(type = "integer", format = "int64", minimum = "0"))
                    @Nullable
                    String bytes,
            @QueryParam("offset")
                    @Parameter(
                            description = "Of the first byte that is sent",
                            schema = @Schema(type = "integer", format = "int64", minimum = "0", defaultValue = "0"))
                    @Nullable
                    String offset,
            @Parameter(hidden = true) InputStream body)
            throws IOException {
        if (bytes == null) {
            throw MusterException.invalid("the query parameter bytes is missing; write such as ?bytes=1048576");
        }
        var from = offset == null ? 0 : Query.number("offset", offset, 0, MOST_BYTES);
        objects.upload(Query.id(object), from, Query.number("bytes", bytes, 0, MOST_BYTES), body);
        return statusOf(object);
    }

    @GET
    @Path("{object}")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    @Needs(Role.VIEWER)
    @Operation(operationId = "getObject", summary = "Downloads an object, from a worker if the manager has it not")
    @ApiResponse(
            responseCode = "200",
            description = "The bytes",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM,
                            schema = @Schema(type = "string", format = "binary")))
    public Response get(@PathParam("object") @Parameter(description = "sha256: and 64 digits") String object)
            throws IOException {
        var file = objects.file(Query.id(object));
        return Response.ok((StreamingOutput) out -> Files.copy(file, out), MediaType.APPLICATION_OCTET_STREAM)
                .header(HttpHeaders.CONTENT_LENGTH, Files.size(file))
                .build();
    }

    @POST
    @Path("transfers")
    @Needs(Role.OPERATOR)
    @Operation(
            operationId = "measureTransfer",
            summary = "Measures how fast files move",
            description = "A fresh random file goes from the manager's disk to a worker's and back, hashed at both.")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/Transfer")))
    public ObjectService.Transfer measure(
            @QueryParam("bytes")
                    @Parameter(
                            schema =
                                    @Schema(
                                            type = "integer",
                                            format = "int64",
                                            minimum = "1",
                                            maximum = "17179869184",
                                            defaultValue = "100000000"))
                    @Nullable
                    String bytes,
            @QueryParam("worker")
                    @Parameter(description = "Any by default", schema = @Schema(type = "string"))
                    @Nullable
                    String worker) {
        return objects.measure(
                worker == null ? "" : Query.id(worker),
                bytes == null ? 100_000_000 : Query.number("bytes", bytes, 1, MOST_MEASURED_BYTES));
    }
}
