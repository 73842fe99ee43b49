package muster.executor.docker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.executor.CommandExecutorContract;
import muster.api.executor.Executor;
import muster.api.executor.Folders;
import muster.api.executor.Pull;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the docker executor owes with every daemon; with a real one of the test's own. */
@Tag("root")
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class DockerExecutorContract extends CommandExecutorContract {
    private static final Duration GRACE = Duration.ofSeconds(1);

    private DockerExecutor executor;

    abstract TestDaemon daemon();

    @BeforeEach
    void open() {
        executor = open(settings(folder + ":rw"));
        eventually("it answers", () -> executor.probe().available());
    }

    @AfterEach
    void close() {
        executor.close();
    }

    private DockerExecutor open(Settings settings) {
        return open(settings, daemon().socket);
    }

    private DockerExecutor open(Settings settings, Path socket) {
        var opened = new DockerExecutor(settings, socket, folder.resolve("executor"));
        if (session() != null) {
            opened.open(session());
        }
        return opened;
    }

    final Settings settings(String binds) {
        return new Settings(GRACE, Pull.MISSING, "worker", List.of("none", "host"), folders(binds), List.of(), 64, "");
    }

    private Folders folders(String binds) {
        return Folders.parse(binds, "binds in muster.executor.docker.cfg").withSocket(daemon().socket);
    }

    @Override
    protected Executor executor() {
        return executor;
    }

    @Override
    protected String kind() {
        return DockerExecutor.KIND;
    }

    @Override
    protected Duration grace() {
        return GRACE;
    }

    @Override
    protected Parameters parameters() {
        return with(Map.of());
    }

    static Parameters with(Map<String, Object> more) {
        var values = new HashMap<String, Object>(more);
        values.put("image", TestDaemon.IMAGE);
        return new Parameters(values);
    }

    @Override
    protected Set<String> variablesOfRuntime() {
        return Set.of("PATH", "HOME", "HOSTNAME", "TERM", "container");
    }

    @Override
    protected int many() {
        return 100;
    }

    @Test
    void leavesNoContainer() throws Exception {
        run(script("exit 3").build());
        run(command("sleep", "100").timeLimit(Duration.ofMillis(100)).build());

        assertThat(daemon().containers()).isZero();
    }

    @Test
    void seesNothingOfThisMachineButItsOwnFolders() throws IOException {
        Files.writeString(folder.resolve("secret"), "of another");
        var attempt = attempt(
                script("ls /; ls " + Path.of("").toAbsolutePath() + " 2> /dev/null; hostname; wc -l < /proc/net/dev")
                        .build());
        executor.start(List.of(attempt), outcomes);
        outcomes.awaitEnd(attempt);

        assertThat(attempt.output().lines()).contains("bin", "3").doesNotContain("home", "pom.xml");
    }

    @Test
    void mountsWhatTheWorkerAllowsAndNothingElse() throws IOException {
        Files.writeString(folder.resolve("shared.txt"), "shared\n");
        var source = folder.resolve("shared.txt");

        var allowed =
                start(command("cat", "/mnt").parameters(binds(source + ":/mnt")).build());
        var written =
                run(script("echo x > /mnt").parameters(binds(source + ":/mnt")).build());
        var refused = run(command("true").parameters(binds("/etc:/mnt")).build());

        assertThat(outcomes.awaitEnd(allowed).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(allowed.output()).isEqualTo("shared\n");
        assertThat(written.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(refused.cause()).isEqualTo(Cause.INVALID);
        assertThat(refused.message()).contains("'/etc'").contains("binds");
    }

    @Test
    void givesNobodyTheSocketOfTheDaemon() {
        try (var everything = closing(open(settings("/:rw")))) {
            for (var path : List.of(daemon().socket, daemon().folder, Path.of("/"))) {
                var attempt = attempt(
                        command("true").parameters(binds(path + ":/mnt")).build());
                everything.executor.start(List.of(attempt), outcomes);

                assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.INVALID);
                assertThat(outcomes.awaitEnd(attempt).message()).contains("socket");
            }
        }
    }

    @Test
    void refusesANetworkThatTheWorkerDoesNotAllow() {
        var outcome = run(
                command("true").parameters(with(Map.of("network", "bridge"))).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("'bridge'").contains("none, host");
    }

    @Test
    void refusesAnImageThatIsNotHereWhenItMayNotPull() {
        var parameters = new Parameters(Map.of("image", "localhost/missing:1", "pull", "never"));
        var outcome = run(command("true").parameters(parameters).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("localhost/missing:1").contains("pull");
    }

    @Test
    void namesTheMemoryLimit() {
        var limited = new Resources(1, 32 << 20, 0, 0, Map.of(), List.of());
        var outcome = run(script("head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null; exit $?")
                .resources(limited)
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.MEMORY_LIMIT);
        assertThat(outcome.message()).isEqualTo("used more memory than its limit of 32MiB");
    }

    @Test
    void limitsTheNumberOfProcesses() {
        var attempt = start(script("i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done; kill $(jobs -p)")
                .build());

        outcomes.awaitEnd(attempt);
        assertThat(attempt.errors()).containsIgnoringCase("can't fork");
    }

    @Test
    void runsWhatTheImageStartsWhenAsked() {
        var attempt = start(command("sh", "-c", "echo own")
                .parameters(with(Map.of("entrypoint", true)))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("own\n");
    }

    @Test
    void removesContainersThatAFormerWorkerLeft() throws Exception {
        var left = attempt(command("sleep", "1000").build());
        executor.start(List.of(left), outcomes);
        outcomes.awaitStart(left);
        assertThat(daemon().containers()).isEqualTo(1);

        try (var successor = closing(open(settings("")))) {
            // Podman may take longer to say what it is than one probe waits; workers probe again and again
            eventually("the daemon is known", () -> successor.executor.probe().available());
            eventually("the container is removed", () -> containers() == 0);
        }
        assertThat(outcomes.awaitEnd(left).cause()).isNotEqualTo(Cause.SUCCESS);
    }

    @Test
    void saysWhyItCannotRunAndTellsSo() {
        try (var lost = closing(open(settings(""), folder.resolve("no-socket")))) {
            var attempt = attempt(quick());
            lost.executor.start(List.of(attempt), outcomes);

            assertThat(lost.executor.probe().available()).isFalse();
            assertThat(lost.executor.probe().reason()).contains("no-socket").contains("muster.executor.docker.cfg");
            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.EXECUTOR);
        }
    }

    @Test
    void isAvailableWhileTheDaemonIsBusyForAMoment() throws Exception {
        daemon().signal("STOP");
        try {
            assertThat(executor.probe().available()).isTrue();
            assertThat(executor.probe().available()).isTrue();

            eventually("it is taken for gone", () -> executor.probe().reason().contains("no Docker or Podman answers"));
        } finally {
            daemon().signal("CONT");
        }
        eventually("it answers again", () -> executor.probe().available());
    }

    final long containers() {
        try {
            return daemon().containers();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Parameters binds(String bind) {
        return with(Map.of("binds", List.of(bind)));
    }

    private static Closing closing(DockerExecutor executor) {
        return new Closing(executor);
    }

    private record Closing(DockerExecutor executor) implements AutoCloseable {
        @Override
        public void close() {
            executor.close();
        }
    }
}
