package muster.cli.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import muster.cli.client.Failure;

/**
 * The distributions that nodes of this machine are started from: those that the build of a checkout has unpacked, or
 * the one that the launcher lies in.
 *
 * @param root folder of the checkout or the distribution
 */
public record Installation(Path root) {
    /** The one that the launcher named. */
    public static Installation ofProcess() {
        var root = System.getProperty("muster.root", "");
        if (root.isEmpty()) {
            throw Failure.user(
                    "clusters are started by the launcher: ./muster in a checkout, bin/muster in a distribution");
        }
        return new Installation(Path.of(root));
    }

    private boolean checkout() {
        return Files.isDirectory(root.resolve("karaf-assembly"));
    }

    /** Where clusters are kept unless the user says otherwise. */
    public Path defaultDir(Map<String, String> environment) {
        var home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return (checkout() ? root : Path.of(home)).resolve(".muster");
    }

    /** The distribution of a role. */
    public Path home(Role role) {
        if (checkout()) {
            var home = root.resolve("karaf-assembly").resolve(role.label()).resolve("target/assembly");
            if (!Files.isExecutable(home.resolve("bin/karaf"))) {
                throw Failure.user(
                        "the " + role.label() + " is not built: " + home + " has no bin/karaf; run ./muster build");
            }
            return home;
        }
        var bundle = root.resolve("system/io/muster/muster-" + role.label());
        if (!Files.isDirectory(bundle)) {
            throw Failure.user("the distribution in " + root + " has no " + role.label()
                    + "; a cluster on one machine needs the distribution named 'all'");
        }
        return root;
    }

    /** What the build prepared for fast starts of a role; may not be there. */
    public Path warm(Role role) {
        return checkout()
                ? root.resolve("karaf-assembly/target/warm").resolve(role.label())
                : root.resolve("warm").resolve(role.label());
    }

    /** The bundle of the broker, which runs alone too. */
    public Path broker() {
        return bundle("broker");
    }

    /** A bundle of the manager's distribution, by its name without {@code muster-}. */
    public Path bundle(String name) {
        return jar("io/muster/muster-" + name);
    }

    /** What the program that looks after a store needs on its class path. */
    public List<Path> storeTool() {
        return List.of(
                bundle("manager"),
                bundle("api"),
                bundle("transport"),
                jar("org/xerial/sqlite-jdbc"),
                jar("com/fasterxml/jackson/core/jackson-core"),
                jar("com/fasterxml/jackson/dataformat/jackson-dataformat-cbor"));
    }

    private Path jar(String artifact) {
        var bundles = home(Role.MANAGER).resolve("system").resolve(artifact);
        try (var found = Files.walk(bundles)) {
            return found.filter(file -> file.toString().endsWith(".jar"))
                    .findFirst()
                    .orElseThrow(() -> Failure.user("the manager's distribution has no bundle in " + bundles));
        } catch (IOException e) {
            throw Failure.external("cannot look for a bundle in " + bundles + ": " + e, e);
        }
    }

    /** The program of the demo. */
    Path demo() {
        var jar =
                checkout() ? root.resolve("clients/demo/target/muster-demo.jar") : root.resolve("lib/muster-demo.jar");
        if (!Files.exists(jar)) {
            throw Failure.user("the demo's program " + jar + " is not there; "
                    + (checkout() ? "run ./muster build" : "run the demo from a checkout"));
        }
        return jar;
    }
}
