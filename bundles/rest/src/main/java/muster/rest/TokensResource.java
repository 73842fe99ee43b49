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
import java.net.URI;
import javax.ws.rs.Consumes;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import javax.ws.rs.Produces;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import javax.ws.rs.core.SecurityContext;
import muster.api.AccessService;
import muster.api.Page;
import muster.api.Role;
import muster.api.TokenView;
import muster.rest.json.Json;
import muster.rest.json.TokenRequestReader;

/** Tokens: create, list, revoke. */
@Path("/api/v1/tokens")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "tokens")
public final class TokensResource {
    private final AccessService access;

    public TokensResource(AccessService access) {
        this.access = access;
    }

    /** A new token, as JSON. */
    record IssuedToken(String token, TokenView details) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "createToken",
            summary = "Makes a token",
            description = "What it reads is told here and never again.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(ref = "#/components/schemas/TokenRequest"))))
    @ApiResponse(
            responseCode = "201",
            description = "Made",
            content = @Content(schema = @Schema(ref = "#/components/schemas/IssuedToken")))
    @ApiResponse(responseCode = "409", ref = "Conflict")
    @ApiResponse(responseCode = "413", ref = "TooLarge")
    @ApiResponse(responseCode = "415", ref = "UnsupportedMediaType")
    public Response create(@Parameter(hidden = true) InputStream body, @Context SecurityContext who)
            throws IOException {
        var request =
                TokenRequestReader.read(Json.readSmall(body), Access.caller(who).name());
        var issued = access.create(request);
        return Response.created(URI.create("/api/v1/tokens/" + issued.view().id()))
                .entity(new IssuedToken(issued.text(), issued.view()))
                .build();
    }

    @GET
    @Needs(Role.ADMIN)
    @Operation(operationId = "listTokens", summary = "Lists tokens, oldest first, without their secrets")
    @ApiResponse(responseCode = "200", content = @Content(schema = @Schema(ref = "#/components/schemas/TokenPage")))
    public Page<TokenView> list() {
        return new Page<>(access.tokens(), null);
    }

    @DELETE
    @Path("{id}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "revokeToken",
            summary = "Revokes a token, at once",
            description = "One that lies in a file of the manager is replaced there by a new one.")
    @ApiResponse(responseCode = "204", description = "Revoked")
    public void revoke(@PathParam("id") String id) {
        access.revoke(Query.id(id));
    }
}
