package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.executor.Folders;
import muster.api.executor.Pull;

/**
 * What the operator of a worker allows.
 *
 * @param user {@code worker} for the worker's own ids, {@code image} for what the image says, {@code task} to let tasks
 *     choose, or ids such as {@code 1000:1000}
 * @param networks modes that tasks may ask for, the first by default
 * @param binds folders that tasks may mount
 * @param mappings where folders of the worker are for the daemon
 * @param processes the most in a container; 0 for no limit
 * @param credentials file in the form of Docker's {@code config.json}; empty for none
 */
record Settings(
        Duration grace,
        Pull pull,
        String user,
        List<String> networks,
        Folders binds,
        List<Mapping> mappings,
        long processes,
        String credentials) {
    Settings {
        networks = List.copyOf(networks);
        mappings = List.copyOf(mappings);
        if (networks.isEmpty()) {
            throw MusterException.invalid("networks is empty; name at least one mode, such as none");
        }
        if (processes < 0) {
            throw MusterException.invalid("processes is " + processes + "; write 0 or more");
        }
    }

    /** Where a folder of the worker is for the daemon, when the worker itself runs in a container. */
    record Mapping(Path here, Path there) {
        static Mapping parse(String text) {
            var parts = text.split("=", -1);
            if (parts.length != 2 || !parts[0].startsWith("/") || !parts[1].startsWith("/")) {
                throw MusterException.invalid(
                        "paths has '" + text + "'; write /path/of/the/worker=/path/of/the/daemon");
            }
            return new Mapping(Path.of(parts[0]), Path.of(parts[1]));
        }

        /** Those of a container, of its mounts as the daemon tells them: a mount within another comes first. */
        static List<Mapping> ofMounts(JsonNode mounts) {
            return StreamSupport.stream(mounts.spliterator(), false)
                    .map(mount -> new Mapping(
                            Path.of(mount.path("Destination").asText()),
                            Path.of(mount.path("Source").asText())))
                    .filter(mapping -> mapping.here.isAbsolute() && mapping.there.isAbsolute())
                    .sorted(Comparator.comparingInt((Mapping mapping) -> mapping.here.getNameCount())
                            .reversed())
                    .toList();
        }
    }

    static Settings of(DockerExecutor.Configuration configuration) {
        return new Settings(
                Quantity.parseDuration(configuration.grace()),
                Pull.parse(configuration.pull()),
                configuration.user(),
                list(configuration.networks()),
                Folders.parse(configuration.binds(), "binds in muster.executor.docker.cfg")
                        .withSocket(Path.of(configuration.socket())),
                list(configuration.paths()).stream().map(Mapping::parse).toList(),
                configuration.processes(),
                configuration.credentials());
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    Settings withMappings(List<Mapping> found) {
        return new Settings(grace, pull, user, networks, binds, found, processes, credentials);
    }

    /** The path at which the daemon finds what is at this path here. */
    Path there(Path here) {
        return mappings.stream()
                .filter(mapping -> here.startsWith(mapping.here))
                .findFirst()
                .map(mapping -> mapping.there.resolve(mapping.here.relativize(here)))
                .orElse(here);
    }
}
