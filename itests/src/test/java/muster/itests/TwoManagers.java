package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.manager.store.PostgresqlServer;

/** Managers {@code m1} and {@code m2} that have a database, a broker and a key in common, as processes of their own. */
final class TwoManagers implements AutoCloseable {
    static final Duration LIMIT = Duration.ofMinutes(3);

    final Cluster nodes;
    private final Path dir;
    private final Path shared;
    private final PostgresqlServer server;
    private final Map<String, String> settings = new HashMap<>();
    private final int brokerPort = freePort();
    private final Map<String, Integer> restPorts = Map.of("m1", freePort(), "m2", freePort());
    private String token = "";

    /**
     * @param dir of the nodes
     * @param shared for the key, and what clients print
     * @param further settings of both managers
     */
    TwoManagers(Path dir, Path shared, Map<String, String> further) throws Exception {
        this.dir = dir;
        this.shared = shared;
        server = new PostgresqlServer();
        nodes = new Cluster(dir);
        settings.putAll(further);
        settings.put("MUSTER_MANAGER_STORE", server.database());
        settings.put("MUSTER_MANAGER_SECURITY_KEY", key().toString());
        settings.put("MUSTER_BROKER_URL", "tcp://127.0.0.1:" + brokerPort);
        settings.put("MUSTER_REST_HOST", "127.0.0.1");
    }

    /** Starts all: the first leads, the second stands by. */
    void start() throws IOException {
        startManager("m1");
        startBroker();
        awaitReady("m1");
        startManager("m2");
        awaitStandsBy("m2", "m1");
        startWorker();
    }

    private Path key() throws IOException {
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        var file = Files.createFile(
                shared.resolve("security.key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, Base64.getEncoder().encodeToString(bytes) + "\n");
    }

    String url(String manager) {
        return "https://127.0.0.1:" + restPorts.get(manager);
    }

    int restPort(String manager) {
        return restPorts.get(manager);
    }

    void startManager(String id) {
        var own = new HashMap<>(settings);
        own.put("MUSTER_MANAGER_ID", id);
        own.put("MUSTER_MANAGER_URL", url(id));
        own.put("MUSTER_REST_PORT", restPorts.get(id).toString());
        nodes.start(id, "muster.manager", own);
    }

    /** With the certificate that the first manager made for it. */
    private void startBroker() throws IOException {
        var made = dir.resolve("m1/security/broker");
        Eventually.until("the broker's certificate", LIMIT, () -> Files.exists(made.resolve("trust.p12")), is -> is);
        var folder = Files.createDirectories(dir.resolve("broker"));
        for (var name : List.of("keystore.password", "broker.p12", "trust.p12")) {
            Files.copy(made.resolve(name), folder.resolve(name));
        }
        Path jar;
        try (var files = Files.walk(Path.of(System.getProperty("muster.manager"), "system/io/muster/muster-broker"))) {
            jar = files.filter(file -> file.toString().endsWith(".jar"))
                    .findFirst()
                    .orElseThrow();
        }
        nodes.start(
                "broker",
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Dmuster.broker.host=127.0.0.1",
                        "-Dmuster.broker.port=" + brokerPort,
                        "-jar",
                        jar.toString(),
                        folder.toString()));
    }

    /** It asks the manager that stands by first. */
    private void startWorker() {
        nodes.start(
                "w1",
                "muster.worker",
                Map.of(
                        "MUSTER_WORKER_ID",
                        "w1",
                        "MUSTER_WORKER_ADDRESS",
                        "127.0.0.1",
                        "MUSTER_WORKER_MANAGER",
                        url("m2") + "," + url("m1"),
                        "MUSTER_WORKER_TOKEN_FILE",
                        dir.resolve("m1/security/join.token").toString(),
                        "MUSTER_WORKER_SLOTS",
                        "4"));
    }

    /** By the first token. */
    Rest rest(String manager) {
        return new Rest(restPorts.get(manager), token);
    }

    void awaitReady(String manager) {
        var file = dir.resolve("m1/security/admin.token");
        Eventually.until("the first token", LIMIT, () -> nodes.alive(manager) && Files.exists(file), is -> is);
        try {
            token = Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Eventually.until(manager + " leads", LIMIT, () -> readiness(manager), answer -> answer.startsWith("200"));
    }

    void awaitStandsBy(String manager, String leader) {
        Eventually.until(
                manager + " stands by",
                LIMIT,
                () -> readiness(manager),
                answer -> answer.startsWith("503") && answer.contains("'" + leader + "' leads"));
        var answer = rest(manager).get("/api/v1/jobs");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.mediaType()).isEqualTo("application/problem+json");
        assertThat(answer.json().path("detail").asText()).contains("stands by").contains(url(leader));
        assertThat(rest(manager).getAsStranger("/healthz").status()).isEqualTo(200);
    }

    private String readiness(String manager) {
        try {
            return rest(manager).get("/readyz").toString();
        } catch (UncheckedIOException e) {
            return e.toString();
        }
    }

    /** A client that knows both managers, and prints to a file of this name. */
    Process client(String name, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-jar",
                System.getProperty("muster.cli")));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(shared.resolve(name).toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("MUSTER_"));
        builder.environment().put("MUSTER_URL", url("m1") + "," + url("m2"));
        builder.environment().put("MUSTER_TOKEN", token);
        return builder.start();
    }

    /** A job of one task that takes a file as {@code in} and keeps one. */
    String submit(String output, Path input, String script) throws Exception {
        return run("submit", "submit", "--input", input + "=in", "--output", output, "--", "sh", "-c", script)
                .strip();
    }

    /** What a client printed that ended well. */
    String run(String name, String... arguments) throws Exception {
        var client = client(name, arguments);
        assertThat(client.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        var printed = Files.readString(shared.resolve(name));
        assertThat(client.exitValue()).as(printed).isZero();
        return printed;
    }

    /** Waits for its end. */
    void assertSucceeds(String manager, String job) {
        var ended = rest(manager).ended(job, LIMIT);
        assertThat(ended.path("state").asText()).as(ended.toString()).isEqualTo("succeeded");
    }

    /** Where an output of a job of one task is now. */
    Path download(String job, String output) throws Exception {
        var folder = Files.createTempDirectory(shared, "job");
        run("download", "job", "download", job, "--to", folder.toString());
        return folder.resolve(output);
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws Exception {
        nodes.close();
        server.close();
    }
}
