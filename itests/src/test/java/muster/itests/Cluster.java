package muster.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A manager and workers as processes of their own, started from the distributions as operators would. */
final class Cluster implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration STOP = Duration.ofSeconds(30);
    private static final Duration CLIENT = Duration.ofSeconds(60);
    private static final String MANAGER = "manager";

    private final Path dir;
    private final int restPort;
    private final int brokerPort;
    private final Map<String, Process> nodes = new LinkedHashMap<>();
    private final Map<String, String> ofManager = new HashMap<>();

    /** What a client printed, and its exit code. */
    record Printed(int exitCode, String stdout, String stderr) {}

    /** With no node yet. */
    Cluster(Path dir) {
        this.dir = dir;
        try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var two = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.restPort = one.getLocalPort();
            this.brokerPort = two.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a manager and the workers in a folder, and waits until they can work. */
    static Cluster start(Path dir, String... workers) {
        return start(dir, Map.of(), workers);
    }

    /** Starts likewise a manager with further settings. */
    static Cluster start(Path dir, Map<String, String> ofManager, String... workers) {
        var cluster = new Cluster(dir);
        cluster.ofManager.putAll(ofManager);
        try {
            cluster.startManager();
            for (var worker : workers) {
                cluster.startWorker(worker);
            }
            for (var worker : workers) {
                cluster.awaitState(worker, "online");
            }
            return cluster;
        } catch (RuntimeException | Error e) {
            e.addSuppressed(new AssertionError(cluster.lastWords()));
            cluster.close();
            throw e;
        }
    }

    /** Starts the manager and waits until it accepts jobs. */
    void startManager() {
        var settings = new HashMap<>(ofManager);
        settings.putAll(Map.of(
                "MUSTER_REST_HOST",
                "127.0.0.1",
                "MUSTER_REST_PORT",
                Integer.toString(restPort),
                "MUSTER_BROKER_HOST",
                "127.0.0.1",
                "MUSTER_BROKER_PORT",
                Integer.toString(brokerPort),
                "MUSTER_MANAGER_HEARTBEAT",
                "500ms",
                "MUSTER_MANAGER_LEASE",
                "3s"));
        start(MANAGER, "muster.manager", settings);
        Eventually.until("the manager's token", START, () -> alive(MANAGER) && !token().isEmpty(), ready -> ready);
        Eventually.until("the manager is ready", START, this::readiness, "200"::equals);
    }

    /** Leaves a feature out of what a worker is to start with for the first time. */
    static void leaveOut(Path dir, String worker, String feature) throws IOException {
        var shipped = Path.of(System.getProperty("muster.worker"), "etc");
        var base = Files.createDirectories(dir.resolve(worker));
        try (var files = Files.walk(shipped)) {
            for (var file : (Iterable<Path>) files::iterator) {
                Files.copy(file, base.resolve("etc").resolve(shipped.relativize(file)));
            }
        }
        var features = base.resolve("etc/org.apache.karaf.features.cfg");
        // another that is there anyway takes its place in the list
        Files.writeString(features, Files.readString(features).replace(feature + "/", "muster-worker/"));
    }

    /** Starts a worker of two cores. */
    void startWorker(String id) {
        start(
                id,
                "muster.worker",
                Map.of(
                        "MUSTER_WORKER_ID",
                        id,
                        "MUSTER_WORKER_ADDRESS",
                        "127.0.0.1",
                        "MUSTER_WORKER_MANAGER",
                        "https://127.0.0.1:" + restPort,
                        "MUSTER_WORKER_TOKEN_FILE",
                        dir.resolve("manager/security/join.token").toString(),
                        "MUSTER_WORKER_SLOTS",
                        "2"));
    }

    /** Starts a node in a folder of its name. */
    void start(String name, String home, Map<String, String> settings) {
        var builder = new ProcessBuilder(System.getProperty(home) + "/bin/karaf", "daemon");
        builder.environment().keySet().removeIf(variable -> variable.startsWith("MUSTER_"));
        builder.environment().putAll(settings);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("KARAF_BASE", dir.resolve(name).toString());
        start(name, builder);
    }

    /** Starts a process; what it prints lies in a folder of its name. */
    void start(String name, ProcessBuilder builder) {
        try {
            var base = Files.createDirectories(dir.resolve(name));
            builder.redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            base.resolve("console.log").toFile()));
            nodes.put(name, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readiness() {
        alive(MANAGER);
        try {
            var answer = rest().get("/readyz");
            return answer.status() == 200 ? "200" : answer.toString();
        } catch (UncheckedIOException e) {
            return e.toString();
        }
    }

    /** Fails if a node has ended. */
    boolean alive(String name) {
        var node = nodes.get(name);
        if (node == null || !node.isAlive()) {
            throw new AssertionError(name + " has ended; " + lastWords());
        }
        return true;
    }

    /** Waits until the manager says that a worker is in a state. */
    void awaitState(String worker, String state) {
        var rest = rest();
        Eventually.until(
                "worker " + worker + " is " + state,
                START,
                () -> rest.get("/api/v1/workers/" + worker).json().path("state").asText(),
                state::equals);
    }

    private String token() {
        try {
            var file = dir.resolve("manager/security/admin.token");
            return Files.exists(file) ? Files.readString(file).strip() : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the certificate of the cluster's authority into a file, as PEM. */
    Path authority(Path file) throws IOException, GeneralSecurityException {
        var security = dir.resolve("manager/security");
        var password = Files.readString(security.resolve("keystore.password")).strip();
        var trusted = KeyStore.getInstance(security.resolve("trust.p12").toFile(), password.toCharArray());
        var certificate = trusted.getCertificate(trusted.aliases().nextElement());
        return Files.writeString(
                file,
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
    }

    Rest rest() {
        return new Rest(restPort, token());
    }

    /** Runs the command line client. */
    Printed client(String... arguments) {
        return client(CLIENT, arguments);
    }

    /** Runs the command line client, and fails if it has not ended by then. */
    Printed client(Duration limit, String... arguments) {
        return client(limit, process -> {}, arguments);
    }

    /** Runs the command line client, and kills it once that was waited for. */
    void killedClient(Runnable awaited, String... arguments) {
        client(
                CLIENT,
                process -> {
                    try {
                        awaited.run();
                    } finally {
                        process.destroyForcibly();
                    }
                },
                arguments);
    }

    private Printed client(Duration limit, Consumer<Process> during, String... arguments) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                // as the launcher says
                "-Dmuster.root="
                        + Path.of(System.getProperty("muster.cli"))
                                .resolve("../../../..")
                                .normalize(),
                "-jar",
                System.getProperty("muster.cli")));
        command.addAll(List.of(arguments));
        try {
            var stdout = Files.createTempFile(dir, "client", ".out");
            var stderr = Files.createTempFile(dir, "client", ".err");
            var builder =
                    new ProcessBuilder(command).redirectOutput(stdout.toFile()).redirectError(stderr.toFile());
            builder.environment().keySet().removeIf(variable -> variable.startsWith("MUSTER_"));
            builder.environment().put("MUSTER_URL", "https://127.0.0.1:" + restPort);
            builder.environment().put("MUSTER_TOKEN", token());
            var process = builder.start();
            process.getOutputStream().close();
            during.accept(process);
            if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(
                        command + " did not end; it printed " + Files.readString(stdout) + Files.readString(stderr));
            }
            return new Printed(process.exitValue(), Files.readString(stdout), Files.readString(stderr));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Ends a node as a crash does. */
    void kill(String name) {
        var node = nodes.remove(name);
        if (node == null) {
            throw new IllegalArgumentException("no node " + name);
        }
        node.destroyForcibly();
        await(node);
    }

    /** Sends a node a signal, such as {@code STOP}. */
    void signal(String name, String signal) throws IOException {
        var node = nodes.get(name);
        if (node == null) {
            throw new IllegalArgumentException("no node " + name);
        }
        await(new ProcessBuilder("kill", "-" + signal, Long.toString(node.pid())).start());
    }

    /** Asks a node to end, and fails if it does not. */
    void stop(String name) {
        var node = nodes.get(name);
        if (node != null) {
            node.destroy();
            if (!await(node)) {
                throw new AssertionError(name + " did not stop within " + STOP.toSeconds() + " s");
            }
            nodes.remove(name);
        }
    }

    private static boolean await(Process node) {
        try {
            return node.waitFor(STOP.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Processes that name the cluster's folder in their arguments. */
    List<String> processes() {
        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(dir.toString()))
                .toList();
    }

    /** The ends of the nodes' logs. */
    String lastWords() {
        var words = new StringBuilder();
        for (var name : nodes.keySet()) {
            for (var file : List.of("console.log", "data/log/karaf.log")) {
                var path = dir.resolve(name).resolve(file);
                if (Files.exists(path)) {
                    words.append("\n--- ").append(path).append('\n').append(tail(path));
                }
            }
        }
        return words.toString();
    }

    private static String tail(Path path) {
        try {
            var lines = new String(Files.readAllBytes(path), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Stops every node, the manager last; by force what does not end. */
    @Override
    public void close() {
        var manager = nodes.remove(MANAGER);
        var ending = new ArrayList<>(nodes.values());
        ending.forEach(Process::destroy);
        ending.forEach(Cluster::await);
        if (manager != null) {
            manager.destroy();
            await(manager);
            ending.add(manager);
        }
        ending.forEach(Process::destroyForcibly);
        nodes.clear();
    }
}
