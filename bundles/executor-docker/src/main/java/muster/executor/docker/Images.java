package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import muster.api.Names;
import muster.api.Quantity;
import muster.executor.docker.Exchange.Receiver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches images, each once however many wait for it. On the daemon's thread, but for {@link #progress}. */
final class Images {
    private static final Logger LOG = LoggerFactory.getLogger(Images.class);
    private static final String DOCKER_HUB = "https://index.docker.io/v1/";

    private final Daemon daemon;
    private final String credentials;
    private final Map<String, Pulling> pulling = new TreeMap<>();
    private volatile String progress = "";

    Images(Daemon daemon, String credentials) {
        this.daemon = daemon;
        this.credentials = credentials;
    }

    /** What is being fetched, and how far it is; empty if nothing. From any thread. */
    String progress() {
        return progress;
    }

    /** Fetches an image; an answer that is not {@link Reply#ok} says why that failed. */
    void pull(String image, Consumer<Reply> then) {
        var current = pulling.get(image);
        if (current != null) {
            current.waiting.add(then);
            return;
        }
        var begun = new Pulling(image);
        begun.waiting.add(then);
        pulling.put(image, begun);
        var name = name(image);
        LOG.info("Pulling image {}", Names.escape(image));
        try {
            var path = "/images/create?fromImage=" + encode(name) + "&tag=" + encode(tag(image));
            daemon.open("POST", path, authorization(registry(name)), null, begun);
        } catch (IOException e) {
            begun.ended("the registry's credentials cannot be read from '" + credentials + "': " + e.getMessage());
        }
        tellProgress();
    }

    /** The part before tag and digest. */
    static String name(String image) {
        var at = image.indexOf('@');
        var name = at < 0 ? image : image.substring(0, at);
        var colon = name.lastIndexOf(':');
        return colon > name.lastIndexOf('/') ? name.substring(0, colon) : name;
    }

    /** Digest, else tag, else {@code latest}. */
    static String tag(String image) {
        var at = image.indexOf('@');
        if (at >= 0) {
            return image.substring(at + 1);
        }
        var name = name(image);
        return name.length() < image.length() ? image.substring(name.length() + 1) : "latest";
    }

    /** The key of an image's registry in a file of credentials. */
    static String registry(String name) {
        var slash = name.indexOf('/');
        var first = slash < 0 ? "" : name.substring(0, slash);
        return first.contains(".") || first.contains(":") || first.equals("localhost") ? first : DOCKER_HUB;
    }

    private Map<String, String> authorization(String registry) throws IOException {
        if (credentials.isEmpty()) {
            return Map.of();
        }
        var auth = Reply.JSON
                .readTree(Files.readAllBytes(Path.of(credentials)))
                .path("auths")
                .path(registry)
                .path("auth")
                .asText("");
        if (auth.isEmpty()) {
            return Map.of();
        }
        var parts = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8).split(":", 2);
        if (parts.length < 2) {
            throw new IOException("auth of registry '" + registry + "' is not the Base64 of user:password");
        }
        var header = Reply.JSON
                .createObjectNode()
                .put("username", parts[0])
                .put("password", parts[1])
                .put("serveraddress", registry);
        return Map.of("X-Registry-Auth", Base64.getUrlEncoder().encodeToString(Reply.JSON.writeValueAsBytes(header)));
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private void tellProgress() {
        progress = pulling.values().stream().map(Pulling::progress).collect(Collectors.joining(", "));
    }

    /** One that is being fetched: a stream of JSON objects, one a line. */
    private final class Pulling implements Receiver {
        private final String image;
        private final List<Consumer<Reply>> waiting = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private final Map<String, Long> current = new HashMap<>();
        private final Map<String, Long> total = new HashMap<>();
        private int status;
        private @Nullable String error;

        Pulling(String image) {
            this.image = image;
        }

        String progress() {
            var all = total.values().stream().mapToLong(Long::longValue).sum();
            var done = current.values().stream().mapToLong(Long::longValue).sum();
            return "pulling image " + Names.escape(image)
                    + (all == 0 ? "" : " (" + Quantity.formatBytes(done) + " of " + Quantity.formatBytes(all) + ")");
        }

        @Override
        public void opened(int newStatus) {
            status = newStatus;
        }

        @Override
        public void received(ByteBuffer bytes) {
            // ISO 8859-1 keeps bytes apart that belong to one character until the line is whole
            text.append(StandardCharsets.ISO_8859_1.decode(bytes));
            for (var end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
                heard(text.substring(0, end));
                text.delete(0, end + 1);
            }
        }

        private void heard(String line) {
            JsonNode message = new Reply(
                            status, new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .json();
            var layer = message.path("id").asText("");
            var detail = message.path("progressDetail");
            if (detail.path("total").asLong() > 0
                    && message.path("status").asText("").equals("Downloading")) {
                current.put(layer, detail.path("current").asLong());
                total.put(layer, detail.path("total").asLong());
                tellProgress();
            }
            if (message.hasNonNull("error")) {
                error = message.path("error").asText();
            } else if (message.hasNonNull("message") && status >= 300) {
                error = message.path("message").asText();
            }
        }

        @Override
        public void ended(@Nullable String failure) {
            heard(text.toString());
            pulling.remove(image, this);
            tellProgress();
            var reply = new Reply(status, "");
            if (failure != null) {
                reply = new Reply(0, failure);
            } else if (error != null) {
                reply = new Reply(status >= 300 ? status : 500, error);
            }
            if (reply.ok()) {
                LOG.info("Pulled image {}", Names.escape(image));
            }
            var answer = reply;
            waiting.forEach(then -> then.accept(answer));
        }
    }
}
