package muster.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import muster.rest.json.Json;

/** The OpenAPI document and the page that shows it; both are files of this bundle. */
final class Documents {
    private static final byte[] OPEN_API = load("openapi.json");
    private static final byte[] PAGE = load("docs.html");
    private static final String PAGE_POLICY = "default-src 'none'; connect-src 'self'; img-src data:; style-src '"
            + hash("style") + "'; script-src '" + hash("script")
            + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private Documents() {}

    static Response openApi() {
        return Response.ok(OPEN_API, MediaType.APPLICATION_JSON).build();
    }

    /** Path by path. */
    static JsonNode operations() {
        try {
            return Json.read(new ByteArrayInputStream(OPEN_API), OPEN_API.length)
                    .path("paths");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A page whose own style and script are all that it may use. */
    static Response page() {
        return Response.ok(PAGE, "text/html; charset=utf-8")
                .header("Content-Security-Policy", PAGE_POLICY)
                .build();
    }

    private static byte[] load(String name) {
        try (var in = Documents.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing in the bundle");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String element) {
        var page = new String(PAGE, StandardCharsets.UTF_8);
        var open = "<" + element + ">";
        var content = page.substring(page.indexOf(open) + open.length(), page.indexOf("</" + element + ">"));
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
