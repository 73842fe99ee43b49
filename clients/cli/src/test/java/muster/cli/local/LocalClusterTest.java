package muster.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.cli.client.Configuration;
import muster.cli.client.Failure;
import muster.cli.terminal.Terminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clusters whose nodes are real processes, though no Karaf. */
class LocalClusterTest {
    @TempDir
    private Path folder;

    private final Map<String, String> environment = new HashMap<>(System.getenv());
    private Installation installation;

    @BeforeEach
    void makeDistributions() throws IOException {
        folder = folder.toRealPath();
        environment.put("HOME", folder.resolve("home").toString());
        environment.put("MUSTER_WORKER_ID", "from-outside");
        environment.put("MUSTER_TOKEN", "secret");
        for (var role : Role.values()) {
            var home = folder.resolve("root/karaf-assembly/" + role.label() + "/target/assembly");
            Files.createDirectories(home.resolve("bin"));
            Files.createDirectories(home.resolve("etc"));
            Files.createDirectories(home.resolve("system/io/muster"));
            Files.writeString(home.resolve("etc/muster.rest.cfg"), "# the port\nport = 7070\n");
            var start =
                    Files.writeString(home.resolve("bin/karaf"), """
                    #!/bin/sh
                    echo "started $1"
                    exec "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -Dkaraf.base="$KARAF_BASE" -cp '%s' muster.cli.local.FakeNode
                    """.formatted(System.getProperty("java.class.path")));
            Files.setPosixFilePermissions(start, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        installation = new Installation(folder.resolve("root"));
    }

    @AfterEach
    void stopEverything() throws IOException {
        try (var dirs = Files.list(folder)) {
            dirs.forEach(
                    dir -> new Processes(Path.of("/proc")).nodes(dir).values().forEach(pid -> ProcessHandle.of(pid)
                            .ifPresent(ProcessHandle::destroyForcibly)));
        }
    }

    @Test
    void startsFindsAndStopsNodes() throws IOException {
        var up = up("a", 2);

        assertThat(up.found()).isFalse();
        assertThat(up.nodes()).containsOnlyKeys("manager", "w1", "w2");
        var client = up.dir().resolve("client.json");
        assertThat(Files.getPosixFilePermissions(client)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getPosixFilePermissions(up.dir())).isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(new Configuration(Map.of("HOME", environment.get("HOME")))
                        .connection(new Configuration.Flags(null, null, null, null)))
                .isEqualTo(up.connection());

        var again = up("a", null);
        assertThat(again.found()).isTrue();
        assertThat(again.nodes()).isEqualTo(up.nodes());

        assertThat(cluster("a").down()).containsExactlyInAnyOrder("manager", "w1", "w2");
        assertThat(cluster("a").running()).isEmpty();
        assertThat(new Configuration(environment).current()).isNull();
        assertThat(cluster("a").down()).isEmpty();
    }

    @Test
    void whatIsSetForANodeIsNotOverriddenFromOutside() throws IOException {
        var up = up("a", 1);

        assertThat(up.dir().resolve("w1/environment"))
                .content()
                .doesNotContain("MUSTER_WORKER_ID", "MUSTER_TOKEN")
                .contains("MUSTER_WARM=" + installation.warm(Role.WORKER));
        assertThat(up.dir().resolve("w1/etc/muster.worker.cfg"))
                .content()
                .contains("id = w1", "token.file = " + up.dir() + "/manager/security/join.token");
        assertThat(up.dir().resolve("manager/etc/muster.rest.cfg"))
                .content()
                .contains("# the port", "host = 127.0.0.1");
    }

    @Test
    void startsAWorkerThatJoinsElsewhere() throws IOException {
        var token = "muster-" + "a".repeat(43) + "." + "b".repeat(43);
        var joined =
                cluster("j").join(installation, new LocalCluster.Join("far", "https://10.0.0.1:7070", token + "\n", 3));

        assertThat(joined.enrolled()).isTrue();
        assertThat(joined.base().resolve("etc/muster.worker.cfg"))
                .content()
                .contains("id = far", "manager = https://10.0.0.1:7070", "slots = 3")
                .doesNotContain(token);
        assertThat(joined.base().resolve("security/joined-with")).content().isEqualTo(token + "\n");
        assertThat(joined.base().resolve("join.token")).doesNotExist();
        assertThat(cluster("j").down()).containsExactly("far");

        cluster("j").join(installation, new LocalCluster.Join("far", "https://10.0.0.1:7070", null, 3));
        assertThat(cluster("j").down()).containsExactly("far");
    }

    @Test
    void workerThatHasNotJoinedNeedsAToken() {
        assertThatThrownBy(() -> cluster("j")
                        .join(installation, new LocalCluster.Join("far", "https://10.0.0.1:7070", null, null)))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("muster token create --worker");
    }

    @Tag("proof")
    @Test
    void twoClustersLiveSideBySide() throws IOException {
        var first = up("a", 1);
        var second = up("b", 1);

        assertThat(second.connection().url()).isNotEqualTo(first.connection().url());
        assertThat(new Configuration(environment).current()).isEqualTo(second.dir());

        cluster("a").down();
        assertThat(new Configuration(environment).current()).isEqualTo(second.dir());
        assertThat(cluster("b").running()).containsOnlyKeys("manager", "w1");
    }

    @Test
    void takesAFreePortWhenItsOwnIsTaken() throws IOException {
        var own = up("a", 1).connection().urls().get(0).getPort();
        stopAndForgetKeys("a");
        try (var taken = new ServerSocket(own, 1, InetAddress.getLoopbackAddress())) {
            assertThat(up("a", 1).connection().urls().get(0).getPort()).isNotEqualTo(taken.getLocalPort());
        }
    }

    @Test
    void startsWhatIsMissingAfterACrash() throws IOException {
        var before = up("a", 2);
        var lost = ProcessHandle.of(before.nodes().get("w2")).orElseThrow();
        lost.destroyForcibly();
        lost.onExit().join();
        Files.delete(before.dir().resolve("online/w2"));

        var after = up("a", null);

        assertThat(after.found()).isFalse();
        assertThat(after.nodes()).containsEntry("w1", before.nodes().get("w1")).containsKey("w2");
    }

    @Test
    void aNodeThatFailsIsNamedAndNothingIsLeft() {
        assertThatThrownBy(() -> cluster("a").up(installation, new LocalCluster.Request(2, 13, true)))
                .isInstanceOf(Failure.class)
                .hasMessageMatching("w[12] ended with exit code 9 before it was ready")
                .satisfies(failure -> assertThat(((Failure) failure).details())
                        .anyMatch(line -> line.contains("thirteen is not offered here")));
        assertThat(cluster("a").running()).isEmpty();
    }

    @Test
    void downEndsTasksThatWorkersHaveLeft() throws Exception {
        var dir = Files.createDirectories(folder.resolve("a"));
        var builder = new ProcessBuilder("sleep", "600");
        builder.environment()
                .put("MUSTER_SCRATCH", dir.resolve("w1/data/work/1").toString());
        var task = builder.start();
        try {
            // until then it has the environment of this JVM
            while (!environment(task).contains("MUSTER_SCRATCH=")) {
                Thread.onSpinWait();
            }
            cluster("a").down();

            assertThat(task.waitFor(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            task.destroyForcibly();
        }
    }

    private static String environment(Process process) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(process.pid()), "environ"), StandardCharsets.ISO_8859_1);
    }

    @Tag("proof")
    @Test
    void aChangedDistributionIsTakenOverAndDataStay() throws IOException {
        var dir = up("a", 1).dir();
        stopAndForgetKeys("a");
        var data = Files.createDirectories(dir.resolve("manager/data/muster"));
        Files.writeString(data.resolve("jobs"), "kept");
        Files.createDirectories(dir.resolve("manager/data/cache/bundle1"));
        var home = installation.home(Role.MANAGER);
        Files.writeString(home.resolve("etc/new.cfg"), "k = v");
        Files.writeString(home.resolve("system/io/muster/muster-manager.jar"), "newer");

        up("a", 1);

        assertThat(data.resolve("jobs")).hasContent("kept");
        assertThat(dir.resolve("manager/data/cache")).doesNotExist();
        assertThat(dir.resolve("manager/etc/new.cfg")).exists();
    }

    @Test
    void inADistributionOfEveryRoleEachNodeBootsItsOwn() throws IOException {
        var home = folder.resolve("all");
        Files.createDirectories(home.resolve("etc"));
        Files.writeString(home.resolve("etc/org.apache.karaf.features.cfg"), """
                featuresBoot = \\
                    scr/4, \\
                    muster-broker/1, \\
                    muster-manager/1, \\
                    muster-rest/1, \\
                    muster-worker/1, \\
                    muster-executor-native/1
                autoRefresh = true
                """);
        for (var role : Role.values()) {
            new Node("n", role, folder.resolve("n-" + role.label())).prepare(home, Map.of());
        }

        assertThat(folder.resolve("n-manager/etc/org.apache.karaf.features.cfg"))
                .hasContent(
                        "featuresBoot = scr/4, muster-broker/1, muster-manager/1, muster-rest/1\nautoRefresh = true");
        assertThat(folder.resolve("n-worker/etc/org.apache.karaf.features.cfg"))
                .hasContent("featuresBoot = scr/4, muster-worker/1, muster-executor-native/1\nautoRefresh = true");
    }

    @Test
    void saysWhatIsNotBuilt() {
        assertThatThrownBy(() -> new Installation(folder.resolve("root/karaf-assembly")).home(Role.WORKER))
                .hasMessageContaining("has no worker");
        assertThatThrownBy(() -> installation.demo()).hasMessageContaining("./muster build");
    }

    /** The stand-in for the manager makes its keys anew at each start. */
    private void stopAndForgetKeys(String name) throws IOException {
        cluster(name).down();
        Node.delete(folder.resolve(name).resolve("manager/security"));
    }

    private LocalCluster.Up up(String name, Integer workers) {
        return cluster(name).up(installation, new LocalCluster.Request(workers, null, true));
    }

    private LocalCluster cluster(String name) {
        var nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        return new LocalCluster(
                folder.resolve(name), new Terminal(nowhere, nowhere, false, false, environment), environment);
    }
}
