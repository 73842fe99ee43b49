package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The images, built from the distributions on a base made of Debian's packages, and the Compose file. The Docker Engine is
 * the test's own and lives in a network of its own, so that nothing on this machine meets it. Needs root.
 */
@Tag("proof")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ImagesProof {
    private static final Duration UP = Duration.ofMinutes(3);
    private static final Path PROJECT =
            Path.of(System.getProperty("muster.cli")).resolve("../../../..").normalize();

    /** Kept between runs: it takes Debian's mirror and a minute or two. */
    private static final Path BASE = PROJECT.resolve("itests/target/base.tar");

    @TempDir
    static Path folder;

    private static Process engine;
    private static String token;

    @BeforeAll
    static void build() throws Exception {
        startEngine();
        if (!Files.exists(BASE)) {
            var root = folder.resolve("base");
            var packages = run("sed", "-n", "s/^ARG PACKAGES=\"\\(.*\\)\"$/\\1/p", "docker/Dockerfile")
                    .strip();
            run(
                    "debootstrap",
                    "--variant=minbase",
                    "--include=" + packages.replace(' ', ','),
                    "bookworm",
                    root.toString());
            var part = BASE.resolveSibling("base.part");
            run("tar", "-C", root.toString(), "--exclude=./var/cache/apt/archives/*.deb", "-cf", part.toString(), ".");
            Files.move(part, BASE);
        }
        run("docker", "import", BASE.toString(), "local/debian:12");
        run("docker/build.sh", "local/debian:12");
        compose("up", "-d");
        token = awaited(
                        "the administrator's token",
                        () -> compose("exec", "-T", "manager", "cat", "/var/lib/muster/security/admin.token"),
                        text -> true)
                .strip();
        awaited("two workers", () -> muster("worker", "list"), list -> online(list) == 2);
    }

    /** A network of its own has no address but its own loopback: Docker adds its bridge. */
    private static void startEngine() throws Exception {
        var log = folder.resolve("dockerd.log").toFile();
        engine = new ProcessBuilder(
                        "unshare",
                        "--net",
                        "sh",
                        "-c",
                        "ip link set lo up && exec dockerd --data-root=\"$0/data\" --exec-root=\"$0/exec\""
                                + " --pidfile=\"$0/pid\" --host=\"unix://$0/socket\"",
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(log))
                .start();
        awaited(
                "the Docker Engine, see " + log,
                () -> {
                    assertThat(engine.isAlive()).as("dockerd runs; see " + log).isTrue();
                    return run("docker", "info");
                },
                text -> true);
    }

    @AfterAll
    static void stop() throws Exception {
        if (engine != null) {
            if (Files.exists(folder.resolve("socket"))) {
                compose("down", "-v", "--timeout", "20");
            }
            engine.destroy();
            if (!engine.waitFor(60, TimeUnit.SECONDS)) {
                engine.destroyForcibly().waitFor();
            }
            run(
                    "rm",
                    "-rf",
                    folder.resolve("data").toString(),
                    folder.resolve("base").toString());
        }
    }

    @Test
    @Order(1)
    void runsAJobOnContainersThatRunWithoutRights() throws Exception {
        var printed = muster(
                "submit", "--wait", "--", "sh", "-c", "echo $MUSTER_WORKER; id -u; grep CapEff /proc/self/status");
        var lines = printed.lines().toList();
        assertThat(muster("worker", "list")).contains(lines.get(0));
        assertThat(lines.get(1)).isEqualTo("10001");
        assertThat(lines.get(2)).endsWith("0000000000000000");
    }

    @Test
    @Order(2)
    void growsAndShrinks() throws Exception {
        compose("up", "-d", "--scale", "worker=3");
        awaited("three workers", () -> muster("worker", "list"), list -> online(list) == 3);
        var job = muster("submit", "--array", "0-29", "--retries", "0", "--", "sleep", "0.5")
                .strip();
        compose("up", "-d", "--scale", "worker=1", "--timeout", "20");
        awaited("one worker", () -> muster("worker", "list"), list -> online(list) == 1);
        assertThat(muster("job", "wait", job)).contains("succeeded");
    }

    @Test
    @Order(3)
    void comesBackWithItsJobsAfterARestart() throws Exception {
        var before = muster("job", "list");
        compose("restart", "--timeout", "20", "manager");
        assertThat(awaited("the manager", () -> muster("job", "list"), text -> true))
                .isEqualTo(before);
        awaited("its worker", () -> muster("worker", "list"), list -> online(list) == 1);
        assertThat(muster("submit", "--wait", "--", "echo", "again")).isEqualTo("again\n");
    }

    @Test
    @Order(4)
    void runsTasksInContainersBesideItsWorkers() throws Exception {
        compose("up", "-d", "--scale", "worker=2");
        awaited(
                "two workers that run containers",
                () -> muster("worker", "list"),
                list -> list.lines()
                                .filter(line -> line.contains("online"))
                                .filter(line -> line.contains("docker"))
                                .count()
                        == 2);
        var printed = muster(
                "submit",
                "--wait",
                "--executor",
                "docker",
                "--param",
                "image=local/debian:12",
                "--output",
                "made",
                "--",
                "sh",
                "-c",
                "id -u; ls /run/docker.sock 2>&1; hostname; echo from the container >made");
        assertThat(printed.lines().toList()).element(0).isEqualTo("10001");
        assertThat(printed).contains("No such file");
        assertThat(muster("worker", "list"))
                .doesNotContain(printed.lines().toList().get(2));
    }

    @Test
    @Order(5)
    void holdsTheWholeInOneImage() throws Exception {
        run("docker", "run", "-d", "--name", "all", "--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", "muster/all");
        awaited(
                "the node's health",
                () -> run("docker", "inspect", "-f", "{{.State.Health.Status}}", "all"),
                "healthy\n"::equals);
        run("docker", "rm", "-f", "-v", "all");
    }

    private static long online(String list) {
        return list.lines().filter(line -> line.contains("online")).count();
    }

    private static String compose(String... arguments) throws Exception {
        return run(with(
                List.of(
                        "docker-compose",
                        "-p",
                        "muster",
                        "-f",
                        "docker/docker-compose.yml",
                        "-f",
                        "docker/docker-compose.containers.yml"),
                arguments));
    }

    /** Runs the client in the network of the containers, as on the machine that runs them. */
    private static String muster(String... arguments) throws Exception {
        return run(with(
                List.of(
                        "nsenter",
                        "--net=/proc/" + engine.pid() + "/ns/net",
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-jar",
                        System.getProperty("muster.cli")),
                arguments));
    }

    private static String[] with(List<String> command, String... arguments) {
        var all = new ArrayList<>(command);
        all.addAll(Arrays.asList(arguments));
        return all.toArray(String[]::new);
    }

    /** Runs a program in the project's folder and returns what it printed; fails with all of it if the program fails. */
    private static String run(String... command) throws Exception {
        var errors = Files.createTempFile(folder, "run", ".err");
        var builder = new ProcessBuilder(command).directory(PROJECT.toFile()).redirectError(errors.toFile());
        var environment = new TreeMap<>(Map.of(
                "DOCKER_HOST",
                "unix://" + folder.resolve("socket"),
                "DOCKER_API_VERSION",
                "1.41",
                "DOCKER_SOCKET",
                folder.resolve("socket").toString(),
                "DOCKER_GROUP",
                group(folder.resolve("socket")),
                "MUSTER_URL",
                "https://127.0.0.1:7070"));
        if (token != null) {
            environment.put("MUSTER_TOKEN", token);
        }
        builder.environment().putAll(environment);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException(command[0] + " is not installed; see itests/debian-packages.txt", e);
        }
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var code = process.waitFor();
        if (code != 0) {
            throw new IOException(
                    String.join(" ", command) + " ended with " + code + ": " + output + Files.readString(errors));
        }
        return output;
    }

    private static String group(Path file) throws IOException {
        return Files.exists(file) ? Files.getAttribute(file, "unix:gid").toString() : "";
    }

    private interface Command {
        String run() throws Exception;
    }

    /** The first answer that is good; a command that fails is tried again. */
    private static String awaited(String what, Command command, Predicate<String> good) {
        var answer = new String[1];
        Eventually.until(
                what,
                UP,
                () -> {
                    try {
                        answer[0] = command.run();
                        return good.test(answer[0]) ? "" : answer[0];
                    } catch (Exception e) {
                        return e.toString();
                    }
                },
                String::isEmpty);
        return answer[0];
    }
}
