package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The switch that turns TLS off, on a cluster that the client starts. */
@Tag("proof")
class PlaintextProof {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Map<String, String> CHOSEN = Map.of("MUSTER_DEVELOPMENT_PLAINTEXT", "no-security");
    private static final String WARNING = "THERE IS NO SECURITY";

    @TempDir
    private Path dir;

    @Test
    void worksOnThisMachineAloneAndWarns() throws Exception {
        try {
            var up = muster(
                    CHOSEN,
                    "up",
                    "--workers",
                    "1",
                    "--slots",
                    "1",
                    "--dir",
                    dir.resolve("c").toString());
            assertThat(up.exitCode()).as(up.toString()).isZero();
            assertThat(up.stderr()).contains(WARNING);
            assertThat(up.stdout()).contains(" at http://127.0.0.1:");
            for (var node : List.of("manager", "w1")) {
                assertThat(dir.resolve("c").resolve(node).resolve("data/log/karaf.log"))
                        .content()
                        .contains(WARNING);
            }

            var run = muster(CHOSEN, "submit", "--wait", "--", "true");
            assertThat(run.exitCode()).as(run.toString()).isZero();

            var cautious = muster(Map.of(), "job", "list");
            assertThat(cautious.exitCode()).as(cautious.toString()).isEqualTo(2);
            assertThat(cautious.stderr()).contains("write such as https://");
        } finally {
            muster(Map.of(), "down", "--dir", dir.resolve("c").toString());
        }
    }

    @Test
    void doesNotStartWhereOthersWouldReachIt() {
        var settings = Map.of(
                "MUSTER_DEVELOPMENT_PLAINTEXT",
                "no-security",
                "MUSTER_REST_HOST",
                "0.0.0.0",
                "MUSTER_REST_PORT",
                "0",
                "MUSTER_BROKER_HOST",
                "0.0.0.0",
                "MUSTER_BROKER_PORT",
                "0");
        try (var nodes = new Cluster(dir)) {
            nodes.start("m", "muster.manager", settings);
            var log = Eventually.until(
                    "the broker refuses to start", LIMIT, () -> log("m"), text -> text.contains("the broker failed"));
            assertThat(log)
                    .contains(WARNING)
                    .contains("'0.0.0.0' is no loopback address")
                    .doesNotContain("listens on");
        }
    }

    private String log(String node) {
        var file = dir.resolve(node).resolve("data/log/karaf.log");
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs the client as a user would who has no other cluster. */
    private Cluster.Printed muster(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        var cli = Path.of(System.getProperty("muster.cli"));
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Dmuster.root=" + cli.resolve("../../../..").normalize(),
                "-jar",
                cli.toString()));
        command.addAll(List.of(arguments));
        var stdout = Files.createTempFile(dir, "client", ".out");
        var stderr = Files.createTempFile(dir, "client", ".err");
        var builder =
                new ProcessBuilder(command).redirectOutput(stdout.toFile()).redirectError(stderr.toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("MUSTER_"));
        builder.environment().putAll(environment);
        builder.environment().put("HOME", dir.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        var process = builder.start();
        process.getOutputStream().close();
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .as("%s ends", command)
                .isTrue();
        return new Cluster.Printed(process.exitValue(), Files.readString(stdout), Files.readString(stderr));
    }
}
