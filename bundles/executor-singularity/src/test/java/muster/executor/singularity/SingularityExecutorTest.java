package muster.executor.singularity;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.executor.CommandExecutorContract;
import muster.api.executor.Executor;
import muster.api.executor.Folders;
import muster.api.executor.ProgramRunner.Options;
import muster.api.executor.Pull;
import muster.api.executor.TestImage;
import muster.executor.process.ProcessRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The singularity executor with the Apptainer or Singularity of this machine. */
@Tag("root")
class SingularityExecutorTest extends CommandExecutorContract {
    private static final Duration GRACE = Duration.ofMillis(500);
    private static final String PATH = System.getenv("PATH");

    /** A root file system, a SIF of it, and an archive as docker save writes it. */
    @TempDir
    private static Path images;

    private final ProcessRunner runner = new ProcessRunner("auto");
    private SingularityExecutor executor;

    @BeforeAll
    static void make() throws Exception {
        TestImage.make(images.resolve("root"));
        makeArchive(images.resolve("root"), images.resolve("image.tar"));
    }

    @BeforeEach
    void open() {
        executor = open(settings(folder + ":rw," + images), PATH);
        eventually("it works here: " + executor.probe().reason(), () -> executor.probe()
                .available());
    }

    @AfterEach
    void close() {
        executor.close();
        runner.close();
    }

    private SingularityExecutor open(Settings settings, String search) {
        return new SingularityExecutor(
                runner, new Options(SingularityExecutor.KIND, GRACE, true, 1000), settings, search);
    }

    private Settings settings(String binds) {
        return settings(binds, 1 << 30);
    }

    private Settings settings(String binds, long cacheBytes) {
        return new Settings(
                Pull.MISSING,
                List.of("none", "host"),
                Folders.parse(binds, "binds in muster.executor.singularity.cfg"),
                cacheBytes,
                "",
                folder.resolve("executor"));
    }

    @Override
    protected Executor executor() {
        return executor;
    }

    @Override
    protected String kind() {
        return SingularityExecutor.KIND;
    }

    @Override
    protected Duration grace() {
        return GRACE;
    }

    @Override
    protected Parameters parameters() {
        return image(images.resolve("root").toString());
    }

    private static Parameters image(String image) {
        return with(Map.of("image", image));
    }

    private static Parameters with(Map<String, Object> more) {
        var values = new HashMap<String, Object>();
        values.put("image", images.resolve("root").toString());
        values.putAll(more);
        return new Parameters(values);
    }

    @Override
    protected Set<String> variablesOfRuntime() {
        return Set.of(
                "APPTAINER_APPNAME",
                "APPTAINER_BIND",
                "APPTAINER_COMMAND",
                "APPTAINER_CONTAINER",
                "APPTAINER_ENVIRONMENT",
                "APPTAINER_NAME",
                "APPTAINER_NO_EVAL",
                "HOME",
                "LD_LIBRARY_PATH",
                "PATH",
                "PROMPT_COMMAND",
                "PS1",
                "PWD",
                "SHLVL",
                "SINGULARITY_BIND",
                "SINGULARITY_CONTAINER",
                "SINGULARITY_ENVIRONMENT",
                "SINGULARITY_NAME",
                "SINGULARITY_NO_EVAL",
                "TERM");
    }

    @Override
    protected int many() {
        return 20;
    }

    // ---- what a task sees

    @Test
    void seesNothingOfThisMachineButItsOwnFolders() throws IOException {
        Files.writeString(images.resolve("secret"), "of another");
        var attempt = start(script("ls /; ls " + images + " " + Path.of("").toAbsolutePath()
                        + "; wc -l < /proc/net/dev; grep CapEff /proc/self/status; echo $HOME; ls /tmp")
                .build());

        outcomes.awaitEnd(attempt);

        assertThat(attempt.output().lines())
                .contains(
                        "bin",
                        "3",
                        "CapEff:\t0000000000000000",
                        attempt.workingDirectory().toString())
                .doesNotContain("secret", "pom.xml", "boot");
    }

    @Test
    void mountsWhatTheWorkerAllowsAndNothingElse() throws IOException {
        var source = Files.writeString(folder.resolve("a shared, odd:name"), "shared\n");

        var plain = Files.copy(source, folder.resolve("shared.txt"));
        var allowed = start(
                command("cat", "/mnt/s").parameters(binds(plain + ":/mnt/s")).build());
        var written = run(
                script("echo x > /mnt/s").parameters(binds(plain + ":/mnt/s")).build());
        var refused = run(command("true").parameters(binds("/etc:/mnt")).build());

        assertThat(outcomes.awaitEnd(allowed).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(allowed.output()).isEqualTo("shared\n");
        assertThat(written.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(refused.cause()).isEqualTo(Cause.INVALID);
        assertThat(refused.message()).contains("'/etc'").contains("binds in muster.executor.singularity.cfg");
    }

    @Test
    void letsTheTaskReadItsSecretsAndNotWriteThem() throws IOException {
        var secrets = Files.createDirectory(folder.resolve("secrets"));
        Files.writeString(secrets.resolve("key"), "s3cret");

        var attempt = start(script("cat $MUSTER_SECRETS/key; echo x > $MUSTER_SECRETS/key")
                .environment(Map.of("MUSTER_SECRETS", secrets.toString()))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(attempt.output()).isEqualTo("s3cret");
        assertThat(attempt.errors()).contains("Read-only");
    }

    @Test
    void refusesANetworkThatTheWorkerDoesNotAllow() {
        var outcome = run(
                command("true").parameters(with(Map.of("network", "bridge"))).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("'bridge'").contains("none, host");
    }

    @Test
    void readsAndWritesNothingOutsideTheWorkspaceForATask() {
        executor.close();
        executor = open(settings(images.toString()), PATH);
        eventually("it works here", () -> executor.probe().available());

        assertThat(run(command("cat").stdin("/etc/passwd").build()).message()).contains("may not be seen");
        assertThat(run(command("true").stdout("../x.txt").build()).message()).contains("may not be");
    }

    @Test
    void refusesVariablesThatTheRuntimeDoesNotTake() {
        assertThat(run(command("true").environment(Map.of("A-B", "x")).build()).message())
                .contains("'A-B'");
        assertThat(run(command("true").environment(Map.of("HOME", "/x")).build())
                        .message())
                .contains("'HOME'");
    }

    // ---- images

    @Test
    void runsAnImageOfItsOwnWorkspace() throws Exception {
        var attempt = attempt(
                command("echo", "of a file").parameters(image("mine.sif")).build());
        call(
                "apptainer",
                "--silent",
                "build",
                attempt.workingDirectory().resolve("mine.sif").toString(),
                images.resolve("root").toString());
        executor.start(List.of(attempt), outcomes);

        assertThat(outcomes.awaitEnd(attempt).message()).isEmpty();
        assertThat(attempt.output()).isEqualTo("of a file\n");
    }

    @Test
    void convertsAnArchiveOnceHoweverManyTasksTakeIt() throws IOException {
        var attempts = IntStream.range(0, 6)
                .mapToObj(i -> attempt(script("echo $FROM_IMAGE")
                        .parameters(image("docker-archive:image.tar"))
                        .build()))
                .toList();
        for (var attempt : attempts) {
            Files.copy(images.resolve("image.tar"), attempt.workingDirectory().resolve("image.tar"));
        }

        executor.start(List.copyOf(attempts), outcomes);

        assertThat(attempts).allSatisfy(attempt -> {
            assertThat(outcomes.awaitEnd(attempt).message()).isEmpty();
            assertThat(attempt.output()).isEqualTo("yes\n");
        });
        try (var files = Files.list(folder.resolve("executor/images"))) {
            assertThat(files)
                    .singleElement()
                    .satisfies(file -> assertThat(file.getFileName().toString()).startsWith("sha256-"));
        }
    }

    @Test
    void runsWhatTheImageStartsWhenAsked() {
        var attempt = start(command("and $more")
                .parameters(with(Map.of("image", images.resolve("image.tar").toString(), "entrypoint", true)))
                .build());

        assertThat(outcomes.awaitEnd(attempt).message()).isEmpty();
        assertThat(attempt.output()).isEqualTo("entry and $more\n");
    }

    @Test
    void removesTheImageThatWasNotUsedForLongestWhereThereAreTooMany() throws IOException {
        executor.close();
        executor = open(settings(images.toString(), 1), PATH);
        eventually("it works here", () -> executor.probe().available());
        var old = Files.createDirectories(folder.resolve("executor/images")).resolve("sha256-old.sif");
        Files.writeString(old, "an image");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(1))));

        var outcome = run(command("true")
                .parameters(image(images.resolve("image.tar").toString()))
                .build());

        assertThat(outcome.message()).isEmpty();
        assertThat(old).doesNotExist();
    }

    @Test
    void saysWhatIsWrongWithAnImage() throws IOException {
        Files.writeString(folder.resolve("broken.sif"), "none");
        Files.writeString(folder.resolve("broken.tar"), "none");

        assertThat(message(folder.resolve("broken.sif").toString())).contains("broken.sif' cannot be run");
        assertThat(message(folder.resolve("broken.tar").toString()))
                .contains("broken.tar' cannot be converted")
                .contains("docker save");
        assertThat(message("missing.sif")).contains("'missing.sif' is neither").contains("--input");
        assertThat(message("/etc")).contains("'/etc' may not be seen").contains("binds");
        assertThat(message("instance://other")).contains("'instance://other'").contains("docker://");
    }

    private String message(String image) {
        var outcome = run(command("true").parameters(image(image)).build());
        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.INVALID);
        return outcome.message();
    }

    @Test
    void refusesAnImageThatIsNotHereWhenItMayNotPull() {
        var outcome = run(command("true")
                .parameters(with(Map.of("image", "localhost/missing:1", "pull", "never")))
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("localhost/missing:1").contains("pull");
    }

    @Test
    void saysThatARegistryCannotBeReached() {
        var outcome = run(
                command("true").parameters(image("docker://localhost:1/none")).build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.EXECUTOR);
        assertThat(outcome.message()).contains("docker://localhost:1/none' cannot be pulled");
    }

    // ---- how it ends

    @Test
    void leavesAnExitCodeOfTheCommandsOwnAlone() {
        var outcome = run(script("echo 'FATAL: of mine' >&2; exit 255").build());

        assertThat(outcome.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(outcome.exitCode()).isEqualTo(255);
    }

    @Test
    void namesTheMemoryLimit() {
        var outcome = run(script("head -c 300000000 /dev/zero | tail -c 300000000 | { sleep 1000; cat; }")
                .resources(new Resources(1, 96 << 20, 0, 0, Map.of(), List.of()))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.MEMORY_LIMIT);
        assertThat(outcome.message()).isEqualTo("used more memory than its limit of 96MiB");
    }

    @Test
    void saysWhyItCannotRunAndTellsSo() {
        var lost = open(settings(""), "/nowhere");
        try {
            assertThat(lost.probe().available()).isFalse();
            assertThat(lost.probe().reason())
                    .contains("neither apptainer nor singularity")
                    .contains("/nowhere");
            var attempt = attempt(quick());
            lost.start(List.of(attempt), outcomes);
            assertThat(outcomes.awaitEnd(attempt).cause()).isIn(Cause.EXECUTOR, Cause.INVALID);
        } finally {
            lost.close();
        }
    }

    private static Parameters binds(String bind) {
        return with(Map.of("binds", List.of(bind)));
    }

    /** As {@code docker save} does. */
    private static void makeArchive(Path root, Path archive) throws Exception {
        var parts = Files.createDirectory(archive.resolveSibling("parts"));
        call("tar", "-C", root.toString(), "-cf", parts.resolve("layer.tar").toString(), ".");
        var layer = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(parts.resolve("layer.tar")));
        Files.writeString(
                parts.resolve("config.json"), """
                {"architecture": "amd64", "os": "linux",
                 "config": {"Env": ["PATH=/bin", "FROM_IMAGE=yes"], "Entrypoint": ["/bin/echo", "entry"]},
                 "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}
                """.formatted(HexFormat.of().formatHex(layer)));
        Files.writeString(parts.resolve("manifest.json"), """
                [{"Config": "config.json", "RepoTags": ["busybox:1"], "Layers": ["layer.tar"]}]
                """);
        call("tar", "-C", parts.toString(), "-cf", archive.toString(), "config.json", "layer.tar", "manifest.json");
    }

    private static void call(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }
}
