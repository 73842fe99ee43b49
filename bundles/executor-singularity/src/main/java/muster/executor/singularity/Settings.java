package muster.executor.singularity;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.executor.Folders;
import muster.api.executor.Pull;

/**
 * What the operator of a worker allows.
 *
 * @param networks that tasks may ask for, the first by default
 * @param binds folders that tasks may mount and take images from
 * @param cacheBytes how much the images may take that were fetched or converted
 * @param credentials file in the form of Docker's {@code config.json}; empty for none
 * @param data folder for those images
 */
record Settings(Pull pull, List<String> networks, Folders binds, long cacheBytes, String credentials, Path data) {
    /** Neither an interface nor a way out. */
    static final String NO_NETWORK = "none";

    /** That of the machine. */
    static final String HOST_NETWORK = "host";

    Settings {
        networks = List.copyOf(networks);
        if (networks.isEmpty()) {
            throw MusterException.invalid("networks is empty; name at least one, such as none");
        }
        data = data.toAbsolutePath();
    }

    static Settings of(SingularityExecutor.Configuration configuration) {
        return new Settings(
                Pull.parse(configuration.pull()),
                Arrays.stream(configuration.networks().split(","))
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .toList(),
                Folders.parse(configuration.binds(), "binds in muster.executor.singularity.cfg"),
                Quantity.parseBytes(configuration.cache()),
                configuration.credentials(),
                configuration.data().isEmpty()
                        ? Path.of(System.getProperty("karaf.data", "data"), "executor-singularity")
                        : Path.of(configuration.data()));
    }
}
