package muster.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
import muster.rest.json.Json;

/** The OpenAPI document and pages for browsers: files of this bundle. */
final class Documents {
    private static final byte[] OPEN_API = load("openapi.json");

    /** Shows the document. */
    static final Page REFERENCE = new Page("docs.html");

    static final Page LOGIN = new Page("login.html");

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
    static final class Page {
        private final byte[] content;
        private final String policy;

        private Page(String name) {
            content = load(name);
            policy = "default-src 'none'; connect-src 'self'; img-src data:; style-src '" + hash("style")
                    + "'; script-src '" + hash("script")
                    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        }

        Response answer(Response.StatusType status) {
            return Response.status(status)
                    .type("text/html; charset=utf-8")
                    .entity(content)
                    .header("Content-Security-Policy", policy)
                    .header(HttpHeaders.CACHE_CONTROL, "no-store")
                    .build();
        }

        private String hash(String element) {
            var page = new String(content, StandardCharsets.UTF_8);
            var open = "<" + element + ">";
            var inside = page.substring(page.indexOf(open) + open.length(), page.indexOf("</" + element + ">"));
            try {
                var digest = MessageDigest.getInstance("SHA-256").digest(inside.getBytes(StandardCharsets.UTF_8));
                return "sha256-" + Base64.getEncoder().encodeToString(digest);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }
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
}
