package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.itests.hot.HotBundle;
import muster.manager.store.PostgresqlServer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two managers that have a database, a broker and a key in common and nothing else, as processes of their own. */
@Tag("proof")
class TwoManagersProof {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    private Path dir;

    @TempDir
    private Path shared;

    private final int brokerPort = freePort();
    private final Map<String, Integer> restPorts = Map.of("m1", freePort(), "m2", freePort());
    private String token = "";

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theOtherTakesOverFromOneThatIsKilledAndFromOneThatIsPaused() throws Exception {
        var began = Files.createFile(shared.resolve("began"));
        var gate = shared.resolve("gate");
        try (var server = new PostgresqlServer();
                var nodes = new Cluster(dir)) {
            var store = server.database();
            var key = key();
            startManager(nodes, "m1", store, key);
            startBroker(nodes);
            awaitReady(nodes, "m1");
            startManager(nodes, "m2", store, key);
            awaitStandsBy("m2", "m1");
            startWorker(nodes);
            deployLanguage("m1", "1.0.0");
            deployLanguage("m2", "2.0.0");
            awaitLanguage("m1");
            var revoked = token(rest("m1"), "operator");
            var made = token(rest("m1"), "operator");
            assertThat(rest("m1")
                            .delete("/api/v1/tokens/"
                                    + revoked.at("/details/id").asText())
                            .status())
                    .isLessThan(300);

            var longer = rest("m1").submit(job("until [ -e GATE ]; do sleep 0.1; done", "0", began, gate));
            var shorter = rest("m1").submit(job("sleep 0.1", "0-149", began, gate));
            var waiting = client("wait", "job", "wait", shorter);
            var following = client("events", "job", "events", longer);
            await(rest("m1"), shorter, 20);
            // 41 is found by 50, 25, 37, 43, 40, 41
            var search = rest("m1").submitWorkflow("search.bisect", search("37", "40", 41));
            awaitProbes("50", "25", "37");

            var killed = System.nanoTime();
            nodes.kill("m1");
            awaitReady(nodes, "m2");
            System.out.println("after SIGKILL the other was ready in " + secondsSince(killed) + " s");
            await(rest("m2"), shorter, 60);
            awaitMessage(
                    rest("m2"),
                    search,
                    "waits for language 'bisect' of version 1.0.0, by which it was begun; deploy that");
            Files.createFile(shared.resolve("37"));
            await(rest("m2"), search, 3);
            deployLanguage("m2", "1.0.0");
            awaitProbes("50", "25", "37", "43", "40");
            assertThat(new Rest(restPorts.get("m2"), made.path("token").asText())
                            .get("/api/v1/cluster")
                            .status())
                    .isEqualTo(200);
            assertThat(new Rest(restPorts.get("m2"), revoked.path("token").asText())
                            .get("/api/v1/cluster")
                            .status())
                    .isEqualTo(401);

            startManager(nodes, "m1", store, key);
            awaitStandsBy("m1", "m2");
            var paused = System.nanoTime();
            nodes.signal("m2", "STOP");
            awaitReady(nodes, "m1");
            System.out.println("after SIGSTOP the other was ready in " + secondsSince(paused) + " s");
            await(rest("m1"), shorter, 90);
            Files.createFile(shared.resolve("40"));
            assertThat(rest("m1").ended(search, LIMIT).path("state").asText()).isEqualTo("succeeded");
            nodes.signal("m2", "CONT");
            var late = rest("m2").post("/api/v1/jobs", job("true", "0", began, gate));
            assertThat(late.status()).as(late.toString()).isEqualTo(503);
            awaitStandsBy("m2", "m1");

            await(rest("m1"), shorter, 150);
            Files.createFile(gate);
            assertThat(rest("m1").ended(longer, LIMIT).path("state").asText()).isEqualTo("succeeded");
            assertThat(Files.readAllLines(began)).hasSize(151).doesNotHaveDuplicates();
            awaitProbes("50", "25", "37", "43", "40", "41");
            assertThat(rest("m1").get("/api/v1/tasks/" + search + ".6/logs").text())
                    .isEqualTo("41\n");
            assertThat(rest("m1").get("/api/v1/jobs").json().path("items")).hasSize(3);
            assertEndsWell(waiting);
            assertEndsWell(following);
            assertThat(output("events")).contains("job.succeeded");

            var removed = rest("m1").delete("/api/v1/workers/w1?force=true");
            assertThat(removed.status()).as(removed.toString()).isLessThan(300);
            Eventually.until("the broker knows it", LIMIT, this::toldBroker, told -> told.contains(" w1 "));
        }
    }

    /** What the broker keeps of revoked certificates. */
    private String toldBroker() {
        try {
            return Files.readString(dir.resolve("broker/revoked"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path key() throws IOException {
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        var file = Files.createFile(
                shared.resolve("security.key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, Base64.getEncoder().encodeToString(bytes) + "\n");
    }

    private String url(String manager) {
        return "https://127.0.0.1:" + restPorts.get(manager);
    }

    private void startManager(Cluster nodes, String id, String store, Path key) {
        nodes.start(
                id,
                "muster.manager",
                Map.of(
                        "MUSTER_MANAGER_ID",
                        id,
                        "MUSTER_MANAGER_URL",
                        url(id),
                        "MUSTER_MANAGER_STORE",
                        store,
                        "MUSTER_MANAGER_SECURITY_KEY",
                        key.toString(),
                        "MUSTER_BROKER_URL",
                        "tcp://127.0.0.1:" + brokerPort,
                        "MUSTER_REST_HOST",
                        "127.0.0.1",
                        "MUSTER_REST_PORT",
                        restPorts.get(id).toString()));
    }

    /** With the certificate that the first manager made for it. */
    private void startBroker(Cluster nodes) throws IOException {
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
    private void startWorker(Cluster nodes) {
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

    private void deployLanguage(String manager, String version) throws IOException {
        HotBundle.deployLanguage(Files.createDirectories(dir.resolve(manager).resolve("deploy")), version);
    }

    private void awaitLanguage(String manager) {
        Eventually.until(
                "the language is there",
                LIMIT,
                () -> rest(manager).get("/api/v1/workflows/schemas/bisect").text(),
                text -> text.contains("has no schema"));
    }

    /** A search whose probes tell that they began; those of two numbers end once a file of that name is there. */
    private String search(String one, String two, int answer) {
        return "0 100\ncd " + shared + "; echo $1 >> probes; case $1 in " + one + "|" + two
                + ") until [ -e $1 ]; do sleep 0.1; done;; esac; if [ $1 -ge " + answer
                + " ]; then echo yes; else echo no; fi\n";
    }

    private void awaitProbes(String... numbers) {
        Eventually.until("probes of " + List.of(numbers), LIMIT, this::probes, List.of(numbers)::equals);
    }

    private List<String> probes() {
        var file = shared.resolve("probes");
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitMessage(Rest rest, String job, String beginning) {
        Eventually.until(
                "job " + job + " says so",
                LIMIT,
                () -> rest.get("/api/v1/jobs/" + job).json().path("message").asText(),
                message -> message.startsWith(beginning));
    }

    private Rest rest(String manager) {
        return new Rest(restPorts.get(manager), token);
    }

    private void awaitReady(Cluster nodes, String manager) {
        var file = dir.resolve("m1/security/admin.token");
        Eventually.until("the first token", LIMIT, () -> nodes.alive(manager) && Files.exists(file), is -> is);
        try {
            token = Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Eventually.until(manager + " leads", LIMIT, () -> readiness(manager), answer -> answer.startsWith("200"));
    }

    private void awaitStandsBy(String manager, String leader) {
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

    private static JsonNode token(Rest rest, String role) {
        var answer = rest.post("/api/v1/tokens", "{\"role\":\"" + role + "\",\"owner\":\"anna\"}");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(201);
        return answer.json();
    }

    /** A client that knows both managers, and prints to a file of this name. */
    private Process client(String name, String... arguments) throws IOException {
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

    private String output(String client) throws IOException {
        return Files.readString(shared.resolve(client));
    }

    private void assertEndsWell(Process client) throws Exception {
        var ended = client.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
        client.destroyForcibly();
        assertThat(ended).as(output("wait") + output("events")).isTrue();
        assertThat(client.exitValue()).as(output("wait") + output("events")).isZero();
    }

    private static String job(String script, String indices, Path began, Path gate) {
        var command = ("echo $MUSTER_TASK >>" + began + "; " + script).replace("GATE", gate.toString());
        return "{\"array\":{\"task\":{\"command\":[\"sh\",\"-c\",\"" + command + "\"]},\"indices\":\"" + indices
                + "\"}}";
    }

    private static void await(Rest rest, String job, int succeeded) {
        Eventually.until(
                succeeded + " tasks have succeeded",
                LIMIT,
                () -> rest.get("/api/v1/jobs/" + job)
                        .json()
                        .at("/tasks/succeeded")
                        .asInt(),
                now -> now >= succeeded);
    }

    private static String secondsSince(long nanos) {
        return String.format(Locale.ROOT, "%.1f", (System.nanoTime() - nanos) / 1e9);
    }
}
