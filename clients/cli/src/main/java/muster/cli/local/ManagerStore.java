package muster.cli.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import muster.cli.client.Failure;

/** Where a manager of this machine keeps jobs and results: by its settings, the environment before the file. */
public final class ManagerStore {
    private final Path file;
    private final String url;

    private ManagerStore(Path file, String url) {
        this.file = file;
        this.url = url;
    }

    /**
     * @param dir the folder of a cluster of this machine, or a manager's own
     */
    public static ManagerStore of(Path dir, Map<String, String> environment) {
        var settings = Path.of("etc/muster.manager.cfg");
        var inCluster = dir.resolve("manager").toAbsolutePath().normalize();
        var base = Files.exists(inCluster.resolve(settings))
                ? inCluster
                : dir.toAbsolutePath().normalize();
        var config = new ConfigFile(base.resolve(settings));
        try {
            var url = setting(config, "store", environment);
            var data = setting(config, "data", environment)
                    .replace("${karaf.data}", environment.getOrDefault("KARAF_DATA", base + "/data"))
                    .replace("${karaf.base}", base.toString());
            var folder = data.isEmpty() ? base.resolve("data/muster") : base.resolve(data);
            return new ManagerStore(folder.resolve("muster.db"), url);
        } catch (IOException e) {
            throw Failure.user(
                    "there is no manager in " + dir + ": neither it nor its folder 'manager' has " + settings
                            + "; name the cluster's folder, or the manager's KARAF_BASE, by --dir",
                    e);
        }
    }

    private static String setting(ConfigFile config, String key, Map<String, String> environment) throws IOException {
        var value = config.get(key);
        return environment.getOrDefault("MUSTER_MANAGER_" + key.toUpperCase(Locale.ROOT), value);
    }

    /**
     * The SQLite file.
     *
     * @throws Failure if it is in PostgreSQL: says by which of its programs this is done there
     */
    public Path sqlite(String verb, String backup) {
        if (url.isEmpty()) {
            return file;
        }
        var database = url.replaceFirst("^jdbc:", "").replaceFirst("\\?.*", "");
        var instead =
                switch (verb) {
                    case "backup" -> "pg_dump --format=custom --file=" + backup + " --dbname=" + database;
                    case "restore" ->
                        "stop the managers and workers, remove the folder 'spool' from each worker's work folder, then"
                                + " pg_restore --clean --if-exists --single-transaction --dbname=" + database + " "
                                + backup;
                    default -> "pg_amcheck --heapallindexed " + database;
                };
        throw Failure.user("this manager's store is in PostgreSQL, whose own programs do this; use: " + instead);
    }
}
