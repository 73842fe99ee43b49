package muster.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cluster to talk to: flags, then {@code MUSTER_URL} and {@code MUSTER_TOKEN}, then {@code MUSTER_DIR}, then
 * the pointer to the newest cluster of this machine.
 */
public final class Configuration {
    private final Map<String, String> environment;

    public Configuration(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** The pointer file; its content is the folder of the newest cluster. */
    public Path pointer() {
        var home = environment.get("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home") : home)
                .resolve(".config/muster/current");
    }

    /** The folder of the cluster on this machine: {@code MUSTER_DIR}, else what the pointer names; null if there is none. */
    public @Nullable Path folder() {
        var dir = variable("MUSTER_DIR");
        return dir != null ? Path.of(dir) : current();
    }

    /** The folder that the pointer names; null if there is none. */
    public @Nullable Path current() {
        try {
            var text = Files.readString(pointer()).strip();
            return text.isEmpty() ? null : Path.of(text);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw Failure.user("cannot read " + pointer() + ": " + e.getMessage() + "; remove it", e);
        }
    }

    /**
     * @param url of the flag; null if not given
     * @param token likewise
     */
    public Connection connection(@Nullable String url, @Nullable String token) {
        var chosenUrl = url != null ? url : variable("MUSTER_URL");
        var chosenToken = token != null ? token : variable("MUSTER_TOKEN");
        if (chosenUrl != null && chosenToken != null) {
            return Connection.of(chosenUrl, chosenToken);
        }
        var looked = new ArrayList<String>();
        looked.add(chosenUrl == null ? "no --url or MUSTER_URL" : "no --token or MUSTER_TOKEN for " + chosenUrl);
        var written = written(looked);
        if (written == null) {
            throw Failure.user("no cluster is configured: " + String.join(", ", looked)
                    + "; start one with ./muster up, or set MUSTER_URL and MUSTER_TOKEN");
        }
        return Connection.of(
                chosenUrl != null ? chosenUrl : written.get(0), chosenToken != null ? chosenToken : written.get(1));
    }

    /** Address and token of {@code client.json} where there is one. */
    private @Nullable List<String> written(List<String> looked) {
        var dir = variable("MUSTER_DIR");
        if (dir != null) {
            var file = Path.of(dir).resolve("client.json");
            if (!Files.exists(file)) {
                throw Failure.user("MUSTER_DIR is " + dir + ", but " + file
                        + " is not there; start a cluster with ./muster up --dir " + dir + " or correct MUSTER_DIR");
            }
            return read(file);
        }
        looked.add("MUSTER_DIR is not set");
        var current = current();
        if (current == null) {
            looked.add(pointer() + " is not there");
            return null;
        }
        var file = current.resolve("client.json");
        if (!Files.exists(file)) {
            looked.add(file + ", which " + pointer() + " points to, is not there");
            return null;
        }
        return read(file);
    }

    private static List<String> read(Path file) {
        try {
            var content = Json.read(Files.readString(file));
            if (content.path("url").isTextual() && content.path("token").isTextual()) {
                return List.of(
                        content.path("url").textValue(), content.path("token").textValue());
            }
            throw Failure.user(file + " has no url and token; start the cluster again with ./muster up");
        } catch (JsonProcessingException e) {
            throw Failure.user(file + " is not JSON; start the cluster again with ./muster up", e);
        } catch (IOException e) {
            throw Failure.user("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private @Nullable String variable(String name) {
        var value = environment.get(name);
        return value == null || value.isBlank() ? null : value;
    }
}
