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
 * Finds the cluster to talk to: flags, then {@code MUSTER_URL} and {@code MUSTER_TOKEN} or {@code MUSTER_PASSWORD_FILE},
 * then {@code MUSTER_DIR}, then the pointer to the newest cluster of this machine.
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

    /** What the command line says; null for what it does not. */
    public record Flags(
            @Nullable String url,
            @Nullable String token,
            @Nullable Path passwordFile,
            @Nullable Path authority) {}

    /** The cluster that is meant, and who asks it. */
    public Connection connection(Flags flags) {
        var url = flags.url != null ? flags.url : variable("MUSTER_URL");
        var ofFlags = flags.token != null || flags.passwordFile != null;
        var token = ofFlags ? flags.token : variable("MUSTER_TOKEN");
        var passwordFile = ofFlags ? flags.passwordFile : file("MUSTER_PASSWORD_FILE");
        if (token != null && passwordFile != null) {
            throw Failure.user(
                    ofFlags
                            ? "--token and --password-file are both given; leave one out"
                            : "MUSTER_TOKEN and MUSTER_PASSWORD_FILE are both set; unset one");
        }
        var authority = flags.authority != null ? flags.authority : file("MUSTER_CA");
        var credentials = credentials(token, passwordFile, authority);
        if (url != null && credentials != null) {
            return Connection.of(url, credentials);
        }
        var looked = new ArrayList<String>();
        if (url == null) {
            looked.add("no --url or MUSTER_URL");
        } else if (passwordFile == null) {
            looked.add("no --token or MUSTER_TOKEN for " + url);
        } else {
            looked.add("no --ca or MUSTER_CA with the certificate of the authority of " + url);
        }
        var written = written(looked);
        if (written == null) {
            throw Failure.user("no cluster is configured: " + String.join(", ", looked)
                    + "; start one with ./muster up, or set MUSTER_URL and "
                    + (passwordFile == null ? "MUSTER_TOKEN" : "MUSTER_CA"));
        }
        if (credentials == null) {
            var ofCluster = new Token(written.token.strip());
            credentials = passwordFile == null ? ofCluster : Password.of(passwordFile, ofCluster.authority());
        }
        return Connection.of(url != null ? url : written.url, credentials);
    }

    private static @Nullable Credentials credentials(
            @Nullable String token, @Nullable Path passwordFile, @Nullable Path authority) {
        if (token != null) {
            return new Token(token.strip());
        }
        return passwordFile == null || authority == null ? null : Password.of(passwordFile, Authority.of(authority));
    }

    /** What {@code client.json} says. */
    private record Written(String url, String token) {}

    /** Address and token of {@code client.json} where there is one. */
    private @Nullable Written written(List<String> looked) {
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

    private static Written read(Path file) {
        try {
            var content = Json.read(Files.readString(file));
            if (content.path("url").isTextual() && content.path("token").isTextual()) {
                return new Written(
                        content.path("url").textValue(), content.path("token").textValue());
            }
            throw Failure.user(file + " has no url and token; start the cluster again with ./muster up");
        } catch (JsonProcessingException e) {
            throw Failure.user(file + " is not JSON; start the cluster again with ./muster up", e);
        } catch (IOException e) {
            throw Failure.user("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private @Nullable Path file(String variable) {
        var value = variable(variable);
        return value == null ? null : Path.of(value);
    }

    private @Nullable String variable(String name) {
        var value = environment.get(name);
        return value == null || value.isBlank() ? null : value;
    }
}
