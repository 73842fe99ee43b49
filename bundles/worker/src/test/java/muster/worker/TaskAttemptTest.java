package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.TaskSpec;
import muster.api.Usage;
import muster.api.executor.Outcome;
import muster.transport.ToManager.Result;
import muster.transport.ToWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskAttemptTest {
    private static final Outcome FAILURE = new Outcome(Cause.EXIT_CODE, 1, 0, "exited with code 1", Usage.NONE);

    @TempDir
    Path root;

    private WorkFolder folder;
    private Logs logs;

    @BeforeEach
    void open() {
        folder = WorkFolder.open(root.resolve("work"));
        logs = new Logs(folder.logs(), folder.spares(), 1 << 20);
    }

    @AfterEach
    void close() {
        folder.close();
    }

    @Test
    void touchesNoFileUntilItIsAsked() throws IOException {
        var before = files();

        var attempt = attempt(task(Map.of(), null, null, null), null);
        attempt.id();
        attempt.task();
        attempt.gpus();

        assertThat(attempt.touchedDisk()).isFalse();
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void sharesTheTemplateWhereNothingIsToFill() {
        var spec = task(Map.of(), null, null, null);

        assertThat(attempt(spec, null).task()).isSameAs(spec);
        assertThat(attempt(spec, "item").task()).isSameAs(spec);
    }

    @Test
    void givesTheTaskItsEnvironmentAndNothingElse() {
        var attempt = attempt(task(Map.of("A", "b", "PATH", "/mine", "MUSTER_JOB", "forged"), null, null, null), "x");

        var environment = attempt.environment();

        assertThat(environment)
                .containsOnlyKeys(
                        "A",
                        "PATH",
                        "TMPDIR",
                        "MUSTER_JOB",
                        "MUSTER_TASK",
                        "MUSTER_INDEX",
                        "MUSTER_ATTEMPT",
                        "MUSTER_WORKER",
                        "MUSTER_CORES",
                        "MUSTER_MEMORY",
                        "MUSTER_SCRATCH",
                        "MUSTER_WORKSPACE_ROOT",
                        "MUSTER_ITEM",
                        "MUSTER_NAME")
                .containsEntry("A", "b")
                .containsEntry("PATH", "/mine")
                .containsEntry("MUSTER_JOB", "17")
                .containsEntry("MUSTER_TASK", "17.3")
                .containsEntry("MUSTER_INDEX", "3")
                .containsEntry("MUSTER_ATTEMPT", "2")
                .containsEntry("MUSTER_WORKER", "w1")
                .containsEntry("MUSTER_CORES", "0.5")
                .containsEntry("MUSTER_MEMORY", "1024")
                .containsEntry("MUSTER_ITEM", "x")
                .containsEntry("MUSTER_NAME", "day")
                .containsEntry("MUSTER_WORKSPACE_ROOT", folder.root().toString());
        assertThat(environment.get("TMPDIR")).isEqualTo(environment.get("MUSTER_SCRATCH"));
        assertThat(Path.of(environment.get("MUSTER_SCRATCH"))).isEmptyDirectory();
        assertThat(attempt.environment()).isSameAs(environment);
    }

    @Test
    void hasAFreshWorkspaceForItsOwnerAlone() throws IOException {
        var attempt = attempt(task(Map.of(), null, null, null), null);

        var workspace = attempt.workingDirectory();

        assertThat(workspace).isEmptyDirectory().startsWith(folder.root());
        assertThat(attempt.workingDirectory()).isEqualTo(workspace);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(workspace)))
                .isEqualTo("rwx------");
        attempt.clear();
        assertThat(workspace).doesNotExist();
    }

    @Test
    void findsNothingOfTheAttemptsBefore() throws IOException {
        var spec = task(Map.of(), null, null, null);
        for (var round = 0; round < 3; round++) {
            var attempt = attempt(spec, null);
            assertThat(attempt.workingDirectory()).isEmptyDirectory();
            assertThat(Path.of(attempt.environment().get("TMPDIR"))).isEmptyDirectory();
            assertThat(Files.exists(attempt.stdout()) ? Files.readString(attempt.stdout()) : "")
                    .isEmpty();
            Files.writeString(attempt.stdout(), "from round " + round);
            if (round == 1) {
                Files.createFile(attempt.workingDirectory().resolve("left"));
            }

            var result = finish(attempt, Outcome.success(Usage.NONE));

            assertThat(result.stdout()).asString(StandardCharsets.UTF_8).isEqualTo("from round " + round);
            assertThat(attempt.workingDirectory()).doesNotExist();
            assertThat(attempt.stdout()).doesNotExist();
        }
    }

    @Test
    void runsWhereItAskedFor() throws IOException {
        var asked = Files.createDirectory(root.resolve("here"));
        var attempt = attempt(task(Map.of(), asked.toString(), null, null), null);

        assertThat(attempt.workingDirectory()).isEqualTo(asked);
        attempt.clear();
        assertThat(asked).isDirectory();
    }

    @Test
    void namesAWorkingDirectoryThatIsNotThere() {
        var attempt = attempt(task(Map.of(), "/no/such/folder", null, null), null);

        assertThatThrownBy(attempt::workingDirectory)
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("/no/such/folder")
                .hasMessageContaining("'w1'");
    }

    @Test
    void removesWhatATaskMadeUnreadableAndNoLinksTarget() throws IOException {
        var outside = Files.writeString(root.resolve("outside"), "stays");
        var attempt = attempt(task(Map.of(), null, null, null), null);
        var workspace = attempt.workingDirectory();
        var locked = Files.createDirectories(workspace.resolve("a/b"));
        Files.writeString(locked.resolve("c"), "d");
        Files.createSymbolicLink(workspace.resolve("link"), outside);
        Files.createSymbolicLink(workspace.resolve("up"), root);
        Files.setPosixFilePermissions(workspace.resolve("a"), PosixFilePermissions.fromString("---------"));

        attempt.clear();

        assertThat(workspace).doesNotExist();
        assertThat(outside).exists();
    }

    @Test
    void givesTheTaskItsSecretsUntilItHasEnded() throws IOException {
        var spec = task(Map.of("PASSWORD", "old", "MUSTER_SECRETS", "/etc"), null, null, null);
        var batch = new ToWorker.Batch(
                new JobId(17),
                "ada",
                spec,
                new int[] {3},
                new int[] {2},
                List.of("i"),
                List.of(
                        new Secret("PASSWORD", Secret.Place.ENVIRONMENT, "{item} %i".getBytes(StandardCharsets.UTF_8)),
                        new Secret("KEY", Secret.Place.FILE, new byte[] {0, -1}),
                        new Secret("OTHER", Secret.Place.FILE, new byte[0])));
        var attempt = attempt(batch);

        var environment = attempt.environment();

        assertThat(environment).containsEntry("PASSWORD", "{item} %i").doesNotContainKeys("KEY", "OTHER");
        var secrets = Path.of(environment.get("MUSTER_SECRETS"));
        assertThat(secrets.startsWith(attempt.workingDirectory())).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secrets)))
                .isEqualTo("rwx------");
        assertThat(secrets.resolve("KEY")).hasBinaryContent(new byte[] {0, -1});
        assertThat(secrets.resolve("OTHER")).isEmptyFile();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secrets.resolve("KEY"))))
                .isEqualTo("rw-------");
        assertThat(attempt.environment()).isSameAs(environment);

        attempt.clear();
        assertThat(secrets).doesNotExist();
    }

    @Test
    void namesNoFolderOfSecretsThatIsNotItsOwn() {
        assertThat(attempt(task(Map.of("MUSTER_SECRETS", "/etc"), null, null, null), null)
                        .environment())
                .doesNotContainKey("MUSTER_SECRETS");
    }

    @Test
    void makesTheFolderOfAFileThatTheUserNamed() {
        var attempt = attempt(task(Map.of(), null, "out/%i.txt", "../%i.err"), null);

        assertThat(attempt.stdout()).isEqualTo(attempt.workingDirectory().resolve("out/3.txt"));
        assertThat(attempt.stdout().getParent()).isDirectory();
        assertThat(attempt.stderr()).isEqualTo(attempt.workingDirectory().resolveSibling("3.err"));
    }

    @Test
    void sendsTheLastLinesOfAFailure() throws IOException {
        var lines = IntStream.range(0, 30).mapToObj(i -> "line " + i).toList();

        assertThat(finish(String.join("\n", lines) + "\n", FAILURE).stderrTail())
                .isEqualTo(lines.subList(10, 30).stream().collect(Collectors.joining("\n", "", "\n")));
        assertThat(finish("one\n\u001b[31mtwo", FAILURE).stderrTail()).isEqualTo("one\n\u001b[31mtwo");
        assertThat(finish("", FAILURE).stderrTail()).isEmpty();
        assertThat(finish("fine", Outcome.success(Usage.NONE)).stderrTail()).isEmpty();
    }

    @Test
    void cutsTheTailBetweenCharacters() throws IOException {
        for (var shift = 0; shift < 4; shift++) {
            var tail = finish("x".repeat(shift) + "€".repeat(2000), FAILURE).stderrTail();

            assertThat(tail).matches("€+");
            assertThat(tail.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(4090, 4096);
        }
    }

    @Test
    void replacesWhatIsNoUtf8InTheTail() throws IOException {
        var attempt = attempt(task(Map.of(), null, null, null), null);
        Files.write(attempt.stderr(), new byte[] {'a', (byte) 0xFF, 'b'});

        assertThat(finish(attempt, FAILURE).stderrTail()).isEqualTo("a\uFFFDb");
    }

    @Test
    void doesNotReadFromDevices() {
        var attempt = attempt(task(Map.of(), null, "/dev/zero", "/dev/null"), null);
        assertThat(attempt.stdout()).isEqualTo(Path.of("/dev/zero"));
        assertThat(attempt.stderr()).isEqualTo(Path.of("/dev/null"));

        var result = finish(attempt, FAILURE);

        assertThat(result.stdout()).isNull();
        assertThat(result.stdoutBytes()).isZero();
        assertThat(Path.of("/dev/null")).exists();
    }

    private Result finish(String errors, Outcome outcome) throws IOException {
        var attempt = attempt(task(Map.of(), null, null, null), null);
        Files.writeString(attempt.stderr(), errors);
        return finish(attempt, outcome);
    }

    private Result finish(TaskAttempt attempt, Outcome outcome) {
        return new Finisher(logs).finish(attempt, null, outcome, Instant.EPOCH);
    }

    private TaskAttempt attempt(TaskSpec task, String item) {
        return attempt(new ToWorker.Batch(
                new JobId(17), "ada", task, new int[] {3}, new int[] {2}, item == null ? null : List.of(item)));
    }

    private TaskAttempt attempt(ToWorker.Batch batch) {
        return new TaskAttempt(
                new TaskAttempt.Template(batch),
                0,
                new TaskAttempt.Host("w1", Map.of("PATH", "/bin"), false, folder, logs, TaskUsers.NONE));
    }

    private static TaskSpec task(
            Map<String, String> environment, String workingDirectory, String stdout, String stderr) {
        return TaskSpec.builder()
                .name("day")
                .executor(Tasks.KIND)
                .command(List.of("true"))
                .environment(environment)
                .workingDirectory(workingDirectory)
                .stdout(stdout)
                .stderr(stderr)
                .resources(new Resources(0.5, 1024, 0, 0, Map.of(), List.of()))
                .build();
    }

    private List<Path> files() throws IOException {
        try (var all = Files.walk(root)) {
            return all.sorted().toList();
        }
    }
}
