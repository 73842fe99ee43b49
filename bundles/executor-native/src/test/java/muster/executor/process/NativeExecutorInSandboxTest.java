package muster.executor.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.Cause;
import muster.api.executor.CommandExecutorContract;
import muster.api.executor.Executor;
import muster.api.executor.Folders;
import muster.api.executor.ProgramRunner.Options;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native executor with {@code isolation = sandbox}: needs Bubblewrap, and the right to make namespaces. */
@Tag("root")
class NativeExecutorInSandboxTest extends CommandExecutorContract {
    private static final Duration GRACE = Duration.ofMillis(500);
    private static final String PATH = System.getenv("PATH");

    /** Of the worker, which no task sees, though the operator allows a folder that holds it. */
    private Path hidden;

    @TempDir
    private Path allowed;

    /** Of others. */
    @TempDir
    private Path other;

    private final ProcessRunner runner = new ProcessRunner("auto");
    private NativeExecutor executor;

    @BeforeEach
    void open() throws IOException {
        hidden = Files.createDirectory(allowed.resolve("hidden"));
        Files.writeString(hidden.resolve("secret"), "of the worker");
        executor = sandboxed(Folders.parse(folder + ":rw," + allowed, "binds"), PATH);
    }

    private NativeExecutor sandboxed(Folders folders, String search) {
        return new NativeExecutor(
                runner,
                new Options(NativeExecutor.KIND, GRACE, true, 1000),
                () -> new Sandbox(search, folders, List.of(hidden)));
    }

    @AfterEach
    void close() {
        executor.close();
        runner.close();
    }

    @Override
    protected Executor executor() {
        return executor;
    }

    @Override
    protected String kind() {
        return NativeExecutor.KIND;
    }

    @Override
    protected Duration grace() {
        return GRACE;
    }

    @Override
    protected Set<String> variablesOfRuntime() {
        return Set.of("PWD");
    }

    @Override
    protected int many() {
        return 100;
    }

    @Test
    void hidesWhatIsNeitherOfTheSystemNorAllowed() throws IOException {
        Files.writeString(other.resolve("secret"), "of others");
        var attempt =
                start(script("ls " + other + " " + hidden + "; ls /; ls /tmp").build());

        outcomes.awaitEnd(attempt);

        assertThat(attempt.errors()).contains(other.toString());
        assertThat(attempt.output().lines())
                .contains("bin", "etc", "usr")
                .doesNotContain(
                        "secret", "root", "home", "var", other.getFileName().toString());
    }

    @Test
    void letsATaskWriteToItsOwnFoldersAlone() throws IOException {
        executor.close();
        executor = sandboxed(Folders.parse(other.toString(), "binds"), PATH);
        Files.writeString(other.resolve("given"), "given\n");
        var attempt = start(script("cat " + other + "/given; echo x > own; echo x > " + other
                        + "/x; echo x > /usr/x; echo x > /etc/x; exit 0")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("given\n");
        assertThat(attempt.file("own")).isEqualTo("x\n");
        assertThat(other.resolve("x")).doesNotExist();
        assertThat(Path.of("/usr/x")).doesNotExist();
        assertThat(Path.of("/etc/x")).doesNotExist();
    }

    @Test
    void letsATaskReadItsSecretsAndNotWriteThem() throws IOException {
        Files.writeString(other.resolve("key"), "of the task\n");
        var attempt = start(script("cat $MUSTER_SECRETS/key; echo x > $MUSTER_SECRETS/x; exit 0")
                .environment(Map.of("MUSTER_SECRETS", other.toString()))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("of the task\n");
        assertThat(other.resolve("x")).doesNotExist();
    }

    @Test
    void showsNoProcessOfOthersAndGivesNoCapability() {
        var attempt = start(script("ls -d /proc/[0-9]* | wc -l; grep CapEff /proc/self/status")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        var lines = attempt.output().lines().toList();
        assertThat(Integer.parseInt(lines.get(0).strip())).isLessThan(8);
        assertThat(lines.get(1)).endsWith("0000000000000000");
    }

    @Test
    void refusesFilesThatTheTaskWouldNotSee() throws IOException {
        Files.writeString(other.resolve("secret"), "of others");
        makeTool(other.resolve("tool"));
        var link = Files.createSymbolicLink(folder.resolve("link"), other.resolve("secret"));

        for (var task : List.of(
                command("cat").stdin(other.resolve("secret").toString()),
                command("cat").stdin(link.toString()),
                command("true").stdout(other.resolve("out").toString()),
                command("true").stderr(link.toString()),
                command("true").workingDirectory(other.toString()),
                command(other.resolve("tool").toString()))) {
            var outcome = run(task.build());

            assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.INVALID);
            assertThat(outcome.message()).contains("may not be").contains("to binds");
        }
        assertThat(other.resolve("out")).doesNotExist();
    }

    @Test
    void saysWhatIsMissingWhereThereIsNoBubblewrap() {
        var without = sandboxed(Folders.parse("", "binds"), "/nowhere");
        try {
            var attempt = attempt(quick());
            without.start(List.of(attempt), outcomes);

            assertThat(without.probe().available()).isFalse();
            assertThat(without.probe().reason()).contains("bubblewrap").contains("isolation = limits");
            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.EXECUTOR);
        } finally {
            without.close();
        }
    }

    private static void makeTool(Path file) {
        try {
            Files.writeString(file, "#!/bin/sh\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(file.toFile().setExecutable(true, false)).isTrue();
    }
}
