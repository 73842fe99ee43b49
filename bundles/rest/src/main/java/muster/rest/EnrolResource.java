package muster.rest;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.Consumes;
import javax.ws.rs.HeaderParam;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.MediaType;
import muster.api.AccessService;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.rest.json.EnrolmentRequest;
import muster.rest.json.Json;
import muster.rest.json.RenewalRequest;
import org.jspecify.annotations.Nullable;

/** Takes workers into the cluster. */
@Path("/api/v1/enrol")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "workers")
public final class EnrolResource {
    private final AccessService access;

    public EnrolResource(AccessService access) {
        this.access = access;
    }

    /** What a worker gets, as JSON: bytes in base64. */
    record Enrolment(String certificate, String authority, String brokerUrl) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Open
    @SecurityRequirement(name = "bearer")
    @Operation(
            operationId = "enrolWorker",
            summary = "Takes a worker into the cluster",
            description = "With a join token as bearer, where all else takes a token of use.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/EnrolmentRequest"))))
    @ApiResponse(
            responseCode = "200",
            description = "Its certificate",
            content = @Content(schema = @Schema(ref = "#/components/schemas/Enrolment")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    public Enrolment enrol(
            @Parameter(hidden = true) InputStream body,
            @HeaderParam(HttpHeaders.AUTHORIZATION) @Parameter(hidden = true) @Nullable String authorization,
            @Context HttpServletRequest asked)
            throws IOException {
        var secret = Credentials.token(authorization)
                .orElseThrow(() -> new MusterException(
                        ErrorCode.UNAUTHENTICATED,
                        "no join token came with the request; send the cluster's join token as Authorization: Bearer"
                                + " <token>"));
        var request = EnrolmentRequest.read(Json.readSmall(body));
        AuditTrail.about(asked, request.worker());
        return json(access.enrol(secret, request.worker(), request.publicKey()));
    }

    @POST
    @Path("renew")
    @Consumes(MediaType.APPLICATION_JSON)
    @Open
    @Operation(
            operationId = "renewWorker",
            summary = "Gives a worker a new certificate before its old one ends",
            description = "Takes no token: the old certificate's key has signed the request.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/RenewalRequest"))))
    @ApiResponse(
            responseCode = "200",
            description = "Its certificate",
            content = @Content(schema = @Schema(ref = "#/components/schemas/Enrolment")))
    @ApiResponse(responseCode = "401", ref = "Unauthenticated")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    public Enrolment renew(@Parameter(hidden = true) InputStream body, @Context HttpServletRequest asked)
            throws IOException {
        var request = RenewalRequest.read(Json.readSmall(body));
        var renewed = access.renew(request.certificate(), request.publicKey(), request.signature());
        AuditTrail.about(asked, renewed.worker());
        return json(renewed);
    }

    private static Enrolment json(AccessService.Enrolment enrolment) {
        var base64 = Base64.getEncoder();
        return new Enrolment(
                base64.encodeToString(enrolment.certificate()),
                base64.encodeToString(enrolment.authority()),
                enrolment.brokerUrl());
    }
}
