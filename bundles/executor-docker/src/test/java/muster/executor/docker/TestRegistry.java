package muster.executor.docker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** A registry that has one image, {@code test/busybox:1}, and gives it to whoever knows the password. */
final class TestRegistry implements AutoCloseable {
    static final String AUTH = Base64.getEncoder().encodeToString("me:secret".getBytes(StandardCharsets.UTF_8));
    private static final String MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

    private static final byte[] UNKNOWN =
            "{\"errors\": [{\"code\": \"MANIFEST_UNKNOWN\", \"message\": \"manifest unknown\"}]}"
                    .getBytes(StandardCharsets.UTF_8);

    static {
        // the engine tries TLS first, and waits for an end of the connection or ten seconds
        System.setProperty("sun.net.httpserver.maxReqTime", "1");
    }

    private final HttpServer server;
    private final Map<String, byte[]> content = new HashMap<>();

    TestRegistry(Path rootArchive) throws Exception {
        var tar = Files.readAllBytes(rootArchive);
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(tar);
        }
        var architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        var configuration = """
                {"architecture": "%s", "os": "linux", "config": {"Cmd": ["echo", "of the registry"]},
                 "rootfs": {"type": "layers", "diff_ids": ["%s"]}}
                """.formatted(architecture, digest(tar)).getBytes(StandardCharsets.UTF_8);
        var manifest = """
                {"schemaVersion": 2, "mediaType": "%s",
                 "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": %d, "digest": "%s"},
                 "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": %d, "digest": "%s"}]}
                """.formatted(
                        MANIFEST,
                        configuration.length,
                        digest(configuration),
                        packed.size(),
                        digest(packed.toByteArray()))
                .getBytes(StandardCharsets.UTF_8);
        content.put("/v2/", new byte[0]);
        content.put("/v2/test/busybox/manifests/1", manifest);
        content.put("/v2/test/busybox/manifests/" + digest(manifest), manifest);
        content.put("/v2/test/busybox/blobs/" + digest(configuration), configuration);
        content.put("/v2/test/busybox/blobs/" + digest(packed.toByteArray()), packed.toByteArray());
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    /** Such as {@code 127.0.0.1:40123}. */
    String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        var found = content.get(path);
        var known = ("Basic " + AUTH).equals(exchange.getRequestHeaders().getFirst("Authorization"));
        if (!known) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"test\"");
        }
        if (path.contains("/manifests/")) {
            exchange.getResponseHeaders().set("Content-Type", MANIFEST);
        }
        var body = found == null ? UNKNOWN : found;
        var status = !known ? 401 : found == null ? 404 : 200;
        var isShort = !known || body.length == 0 || exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, isShort ? -1 : body.length);
        if (!isShort) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    private static String digest(byte[] bytes) throws Exception {
        return "sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
