package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import muster.api.Cause;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.TaskSpec;
import muster.api.executor.Outcome;
import muster.api.executor.RecordingOutcomes;
import muster.data.DataPlane;
import muster.data.FakePlane;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.executor.process.NativeExecutor;
import muster.executor.process.ProcessRunner;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tasks of another user can do to a worker that is root, and what not: with real processes. */
@Tag("root")
class TasksOfAnotherUserTest {
    private static final AtomicInteger INDICES = new AtomicInteger();
    private static final int NOBODY = 65534;

    /** Readable by root alone. */
    private static final Path SHADOW = Path.of("/etc/shadow");

    @TempDir
    private Path root;

    private TaskUsers users;
    private WorkFolder folder;
    private Logs logs;
    private ProcessRunner runner;
    private NativeExecutor executor;
    private RecordingOutcomes outcomes;

    @BeforeEach
    void begin() throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
        users = TaskUsers.of(List.of("nobody"));
        folder = WorkFolder.open(root.resolve("work"));
        folder.admit(users);
        logs = new Logs(folder.logs(), folder.spares(), 1 << 20);
        runner = new ProcessRunner("auto");
        executor =
                new NativeExecutor(runner, Configuration.of(NativeExecutor.Configuration.class, Map.of("grace", "1s")));
        outcomes = new RecordingOutcomes();
    }

    @AfterEach
    void end() throws Exception {
        executor.close();
        runner.close();
        folder.close();
    }

    // ---- who they are

    @Test
    void areProcessesOfThatUserAndItsGroupsWithNoCapability() {
        var ran = run(task("id -u; id -g; id -G; echo $HOME; grep -E 'Cap(Inh|Prm|Eff)|Uid' /proc/self/status"));

        assertThat(ran.output())
                .isEqualTo("65534\n65534\n65534\n/nonexistent\nUid:\t65534\t65534\t65534\t65534\n"
                        + Stream.of("Inh", "Prm", "Eff")
                                .map(set -> "Cap" + set + ":\t0000000000000000\n")
                                .reduce("", String::concat));
    }

    @Test
    void haveAWorkspaceOfTheirOwnThatIsCleared() throws IOException {
        var attempt =
                attempt(task("mkdir -p a/b && touch a/b/c && chmod 0 a/b && ls -ld . $TMPDIR && touch $TMPDIR/x"));

        var ran = run(attempt);

        assertThat(ran.output().lines()).hasSize(2).allSatisfy(line -> assertThat(line)
                .matches("drwx------ .* nobody nogroup .*"));
        try (var left = Files.list(folder.root().resolve("attempts"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void haveAWorkspaceInThatOfTheirSessionOfWhichTheySeeNoMore() throws IOException {
        var session = session();
        Files.writeString(session.workspace().resolve("file"), "secret");
        var attempt = attempt(task("pwd; touch x; ls ../..; touch ../../x"));
        attempt.session = session;

        var ran = run(attempt);

        assertThat(ran.output()).startsWith(session.workspace() + "/");
        assertThat(ran.output().lines()).hasSize(1);
        assertThat(ran.errors().lines()).hasSize(2).allMatch(line -> line.endsWith("Permission denied"));
        try (var left = Files.list(session.workspace())) {
            assertThat(left).containsExactly(session.workspace().resolve("file"));
        }
        session.remove();
        assertThat(session.workspace()).doesNotExist();
    }

    @Test
    void writeToTheirStreamsByName() {
        var ran = run(task("echo one > /dev/stdout; echo two >> /dev/stderr; false"));

        assertThat(ran.output()).isEqualTo("one\n");
        assertThat(ran.result().stderrTail()).isEqualTo("two\n");
    }

    @Test
    void readTheirSecrets() {
        var spec = task("cat $MUSTER_SECRETS/KEY; echo $PASSWORD");
        var batch = new ToWorker.Batch(
                new JobId(17),
                "ada",
                spec,
                new int[] {INDICES.incrementAndGet()},
                new int[] {1},
                null,
                List.of(
                        new Secret("KEY", Secret.Place.FILE, "one".getBytes()),
                        new Secret("PASSWORD", Secret.Place.ENVIRONMENT, "two".getBytes())));

        assertThat(run(attempt(batch)).output()).isEqualTo("onetwo\n");
    }

    /** Else a library of the task's would be loaded with root's rights. */
    @Test
    void haveTheLinkersVariablesOnlyOnceTheyAreThatUser() {
        var spec = task("echo done", Map.of("LD_DEBUG", "files", "TZDIR", "/nowhere"), null, null, null);

        var ran = run(spec);

        assertThat(ran.output()).isEqualTo("done\n");
        assertThat(ran.errors()).contains("/bin/sh").doesNotContain("setpriv");
        assertThat(run(task("echo $TZDIR", Map.of("TZDIR", "/nowhere"), null, null, null))
                        .output())
                .isEqualTo("/nowhere\n");
    }

    @Test
    void eachHaveAUserOfTheirOwnWhereThereAreEnough() {
        users = TaskUsers.of(List.of("nobody", "daemon"));
        var first = attempt(task("true"));
        var second = attempt(task("true"));

        assertThat(List.of(first, second))
                .extracting(attempt -> attempt.user().orElseThrow().name())
                .containsExactly("nobody", "daemon");
        var seen = run(task("ls " + second.workingDirectory() + "; cat "
                + first.environment().get("TMPDIR") + "/x"));

        assertThat(seen.output()).isEmpty();
        assertThat(seen.errors()).contains(second.workingDirectory() + "': Permission denied");
        second.clear();
        assertThat(attempt(task("true")).user().orElseThrow().name()).isEqualTo("daemon");
        first.clear();
    }

    // ---- what they cannot do

    @Test
    void cannotLookIntoTheWorkersFolders() throws IOException {
        Files.writeString(folder.objects().resolve("mine"), "secret");

        var ran = run(task("cd " + folder.root() + "; ls . attempts; cat objects/mine; ls spool logs; touch x"));

        assertThat(ran.output()).isEmpty();
        assertThat(ran.errors().lines()).hasSize(6).allMatch(line -> line.endsWith("Permission denied"));
    }

    @Test
    void areRefusedAWorkingDirectoryThatTheyMayNotEnter() throws IOException {
        var hidden = Files.createDirectories(root.resolve("hidden/open"));
        Files.setPosixFilePermissions(root.resolve("hidden"), PosixFilePermissions.fromString("rwx------"));

        var ran = run(task("pwd", Map.of(), hidden.toString(), null, null));

        assertThat(ran.result().cause()).isEqualTo(Cause.INVALID);
        assertThat(ran.result().message()).contains("working directory '" + hidden + "'");
    }

    @Test
    void cannotHaveOutputWrittenWhereTheyMayNot() throws IOException {
        var victim = victim();
        var shared = shared();
        Files.createSymbolicLink(shared.resolve("out"), victim.resolve("made"));
        Files.createSymbolicLink(shared.resolve("folder"), victim);

        var through = run(task("echo x", Map.of(), shared.toString(), "out", null));
        var into = run(task("echo x", Map.of(), shared.toString(), "folder/made", null));

        assertThat(through.result().cause()).isEqualTo(Cause.INVALID);
        assertThat(into.result().cause()).isEqualTo(Cause.INVALID);
        assertIntact(victim);
    }

    @Test
    void cannotHaveAnInputOfTheirsBeWhatTheyMayNotRead() throws IOException {
        var shared = shared();
        Files.createSymbolicLink(shared.resolve("in"), SHADOW);

        var ran = run(task("cat", Map.of(), shared.toString(), null, "in"));

        assertThat(ran.result().cause()).isEqualTo(Cause.INVALID);
        assertThat(ran.result().message()).contains("stdin 'in' cannot be read");
    }

    @Test
    void cannotHaveAForeignFileTakenForTheirOutput() {
        var ran = run(task("rm out; ln -s " + SHADOW + " out", Map.of(), null, "out", null));

        assertThat(ran.result().cause()).isEqualTo(Cause.SUCCESS);
        assertThat(ran.result().stdout()).isNull();
    }

    @Test
    void cannotHaveInputsPutElsewhere() throws IOException {
        var victim = victim();
        var attempt = attempt(task("true"));
        var workspace = attempt.workingDirectory();
        attempt.identity().run(() -> Files.createSymbolicLink(workspace.resolve("d"), victim));
        try (var files = files()) {
            var object = store().adopt(Files.writeString(root.resolve("input"), "text"));

            assertThatThrownBy(() -> files.stage(
                            attempt.id(),
                            TaskSpec.builder()
                                    .command(List.of("true"))
                                    .inputs(List.of(new Input("d/in", object, false)))
                                    .build(),
                            workspace,
                            attempt.identity(),
                            () -> false))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("d/in");
        }
        attempt.clear();
        assertIntact(victim);
    }

    @Test
    void haveInputsAndOutputsAsOtherTasksHave() throws IOException {
        var store = store();
        var object = store.adopt(Files.writeString(root.resolve("input"), "#!/bin/sh\necho text\n"));
        var spec = task("./in > out && chmod 700 out").toBuilder()
                .inputs(List.of(new Input("in", object, true)))
                .outputs(List.of(Output.of("out")))
                .build();
        var attempt = attempt(spec);
        try (var files = files()) {
            files.stage(attempt.id(), spec, attempt.workingDirectory(), attempt.identity(), () -> false);
            assertThat(end(attempt).cause()).isEqualTo(Cause.SUCCESS);

            files.collect(attempt.id(), spec, attempt.workingDirectory(), attempt.identity());
        }
        attempt.clear();

        var text = store.adopt(Files.writeString(root.resolve("expected"), "text\n"));
        assertThat(received).contains("/" + text);
    }

    // ---- while another task of the same user swaps folders for links

    @Test
    void cannotHaveForeignFilesRemovedBySwappingFolders() throws Exception {
        var victim = victim();
        for (var i = 0; i < 30; i++) {
            var attempt = attempt(task("true"));
            var workspace = attempt.workingDirectory();
            makeFolder(attempt, workspace.resolve("d"));
            var swapping = swap(attempt, workspace, victim);
            try {
                attempt.clear();
            } finally {
                swapping.destroyForcibly().waitFor();
            }
        }
        assertIntact(victim);
    }

    @Test
    void cannotHaveForeignFilesTakenForOutputsBySwappingFolders() throws Exception {
        var victim = victim();
        var attempt = attempt(task("true"));
        var workspace = attempt.workingDirectory();
        makeFolder(attempt, workspace.resolve("d"));
        var spec = TaskSpec.builder()
                .command(List.of("true"))
                .outputs(List.of(new Output("d/*", true, null)))
                .build();
        var refused = 0;
        var swapping = swap(attempt, workspace, victim);
        try (var files = files()) {
            for (var i = 0; i < 200; i++) {
                try {
                    files.collect(attempt.id(), spec, workspace, attempt.identity());
                } catch (IOException e) {
                    refused++; // it was the link just then
                }
            }
        } finally {
            swapping.destroyForcibly().waitFor();
        }
        attempt.clear();
        assertThat(refused).isPositive();
        var secret = ObjectStore.digest();
        secret.update("secret".getBytes());
        assertThat(received).doesNotContain("/" + ObjectStore.name(secret));
    }

    @Test
    void cannotHaveForeignFilesRemovedWithTheirSessionBySwappingFolders() throws Exception {
        var victim = victim();
        for (var i = 0; i < 30; i++) {
            var session = session();
            var attempt = attempt(task("true"));
            attempt.session = session;
            var workspace = attempt.workingDirectory();
            makeFolder(attempt, workspace.resolve("d"));
            var swapping = swap(attempt, workspace, victim);
            try {
                session.remove();
            } finally {
                swapping.destroyForcibly().waitFor();
            }
        }
        assertIntact(victim);
    }

    private HeldSession session() {
        return new HeldSession(new SessionId(new JobId(17), "native", ""), 0, host(), INDICES.incrementAndGet());
    }

    private static void makeFolder(TaskAttempt attempt, Path folder) throws IOException {
        attempt.identity().run(() -> {
            Files.createDirectory(folder);
            for (var i = 0; i < 50; i++) {
                Files.writeString(folder.resolve("f" + i), "mine");
            }
            return null;
        });
    }

    /** Swaps {@code d} for a link to the victim and back, as fast as it can. */
    private static Process swap(TaskAttempt attempt, Path workspace, Path victim) throws IOException {
        var script = "$|=1; print qq(.); while (1) { rename('d','e'); symlink($ARGV[0],'d'); unlink('d');"
                + " rename('e','d') }";
        var process = new ProcessBuilder(
                        "setpriv",
                        "--reuid=" + NOBODY,
                        "--regid=" + NOBODY,
                        "--clear-groups",
                        "--",
                        "perl",
                        "-e",
                        script)
                .directory(workspace.toFile());
        process.command().add(victim.toString());
        var started = process.start();
        assertThat(started.getInputStream().read()).isEqualTo('.');
        return started;
    }

    // ---- how it is set

    @Test
    void wantUsersThatAreThereAndAreNotRoot() {
        assertThatThrownBy(() -> TaskUsers.of(List.of("no-such-user")))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("'no-such-user' is not a user of this machine");
        assertThatThrownBy(() -> TaskUsers.of(List.of("root"))).hasMessageContaining("'root' is root");
        assertThatThrownBy(() -> TaskUsers.of(List.of("-s"))).hasMessageContaining("'-s' is not the name of a user");
    }

    @Test
    void wantAFolderThatTheyCanReach() throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));

        assertThatThrownBy(() -> folder.admit(users))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("user 'nobody'")
                .hasMessageContaining("chmod o+x");
    }

    @Test
    void leaveNothingBehindWhenTheWorkerCrashes() throws IOException {
        var attempt = attempt(task("true"));
        makeFolder(attempt, attempt.workingDirectory().resolve("d"));
        var inSession = attempt(task("true"));
        inSession.session = session();
        makeFolder(inSession, inSession.workingDirectory().resolve("d"));

        assertThat(folder.clear()).isEqualTo(2);

        try (var left = Files.list(folder.root().resolve("attempts"))) {
            assertThat(left).isEmpty();
        }
    }

    // ---- means

    private final List<String> received = new CopyOnWriteArrayList<>();
    private final FakePlane plane = new FakePlane();

    /** Of root, with something in it. */
    private Path victim() throws IOException {
        var victim = Files.createDirectory(root.resolve("victim"));
        Files.writeString(victim.resolve("f1"), "secret");
        Files.setPosixFilePermissions(victim.resolve("f1"), PosixFilePermissions.fromString("rw-------"));
        return victim;
    }

    private static void assertIntact(Path victim) throws IOException {
        try (var files = Files.list(victim)) {
            assertThat(files).containsExactly(victim.resolve("f1"));
        }
        assertThat(victim.resolve("f1")).hasContent("secret");
    }

    /** Where anybody may write. */
    private Path shared() throws IOException {
        var shared = Files.createDirectory(root.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
        return shared;
    }

    private static TaskSpec task(String script) {
        return task(script, Map.of(), null, null, null);
    }

    private static TaskSpec task(
            String script, Map<String, String> environment, String directory, String stdout, String stdin) {
        return TaskSpec.builder()
                .command(List.of("sh", "-c", script))
                .environment(environment)
                .workingDirectory(directory)
                .stdin(stdin)
                .stdout(stdout)
                .resources(new Resources(1, 0, 0, 0, Map.of(), List.of()))
                .build();
    }

    private TaskAttempt attempt(TaskSpec spec) {
        return attempt(new ToWorker.Batch(
                new JobId(17), "ada", spec, new int[] {INDICES.incrementAndGet()}, new int[] {1}, null));
    }

    private TaskAttempt attempt(ToWorker.Batch batch) {
        return new TaskAttempt(new TaskAttempt.Template(batch), 0, host());
    }

    private TaskAttempt.Host host() {
        return new TaskAttempt.Host("w1", Map.of("PATH", "/usr/bin:/bin", "HOME", "/root"), false, folder, logs, users);
    }

    private record Ran(ToManager.Result result) {
        String output() {
            return text(result.stdout());
        }

        String errors() {
            return text(result.stderr());
        }

        private static String text(byte[] bytes) {
            return bytes == null ? "" : new String(bytes);
        }
    }

    private Ran run(TaskSpec spec) {
        return run(attempt(spec));
    }

    private Ran run(TaskAttempt attempt) {
        var outcome = end(attempt);
        return new Ran(new Finisher(logs).finish(attempt, null, outcome, Instant.EPOCH));
    }

    private Outcome end(TaskAttempt attempt) {
        executor.start(List.of(attempt), outcomes);
        return outcomes.awaitEnd(attempt);
    }

    private ObjectStore store() throws IOException {
        return new ObjectStore(root.resolve("manager"), Long.MAX_VALUE, false);
    }

    /** With a manager that has what is in the store, and notes what it gets. */
    private WorkerFiles files() throws IOException {
        var store = store();
        var server = plane.of(new NodeName(NodeName.Role.MANAGER, "manager"))
                .serve(new NodeIdentity("manager", root, root, ""), "", 0, new DataPlane.Service() {
                    @Override
                    public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
                        return new DataPlane.Answer.File(store.find(path.substring(1))
                                .orElseThrow(() -> new TransferException(Failure.SOURCE_GONE, "nobody has it")));
                    }

                    @Override
                    public Sink put(NodeName peer, String path, long bytes) {
                        received.add(path);
                        return new Sink() {
                            @Override
                            public void write(ByteBuffer more) {
                                more.position(more.limit());
                            }

                            @Override
                            public void complete() {}

                            @Override
                            public void abort() {}
                        };
                    }
                });
        var files = new WorkerFiles(
                plane.of(new NodeName(NodeName.Role.WORKER, "w1")),
                new NodeIdentity("w1", root, root, ""),
                "127.0.0.1",
                0,
                "127.0.0.1",
                folder.objects(),
                1 << 20);
        files.manager("", server.port());
        return files;
    }
}
