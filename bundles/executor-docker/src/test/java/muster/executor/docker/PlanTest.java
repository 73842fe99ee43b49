package muster.executor.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.executor.Folders;
import muster.api.executor.Pull;
import muster.api.executor.TestAttempt;
import muster.api.executor.TestSession;
import muster.executor.docker.Plan.Owner;
import muster.executor.docker.Settings.Mapping;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
    @TempDir
    Path folder;

    @Test
    void limitsWhatTheTaskReserved() {
        var task = task(Map.of()).resources(new Resources(1.5, 1 << 30, 0, 0, Map.of(), List.of()));

        var host = plan(task, settings("worker", Pull.MISSING)).container().path("HostConfig");

        assertThat(host.path("CpuQuota").asLong()).isEqualTo(150_000);
        assertThat(host.path("CpuPeriod").asLong()).isEqualTo(100_000);
        assertThat(host.path("Memory").asLong()).isEqualTo(1 << 30);
        assertThat(host.path("MemorySwap").asLong()).isEqualTo(1 << 30);
        assertThat(host.path("PidsLimit").asLong()).isEqualTo(64);
        assertThat(host.path("NetworkMode").asText()).isEqualTo("none");
        assertThat(host.path("SecurityOpt").toString()).isEqualTo("[\"no-new-privileges\"]");
    }

    @Test
    void runsAsTheWorkerUnlessItsOperatorSaysOtherwise() {
        assertThat(user(Map.of(), "worker")).isEqualTo("12:34");
        assertThat(user(Map.of(), "image")).isEmpty();
        assertThat(user(Map.of(), "1:2")).isEqualTo("1:2");
        assertThat(user(Map.of("user", "www"), "task")).isEqualTo("www");
        assertThatThrownBy(() -> user(Map.of("user", "0"), "worker")).hasMessageContaining("not allowed");
    }

    @Test
    void pullsNothingWhereTheWorkerPullsNothing() {
        assertThat(plan(task(Map.of("pull", "always")), settings("worker", Pull.NEVER))
                        .pull())
                .isEqualTo(Pull.NEVER);
        assertThat(plan(task(Map.of("pull", "always")), settings("worker", Pull.MISSING))
                        .pull())
                .isEqualTo(Pull.ALWAYS);
    }

    @Test
    void namesTheWorkspaceAsTheDaemonFindsIt() {
        var mounts = plan(task(Map.of()), settings("worker", Pull.MISSING))
                .container()
                .path("HostConfig")
                .path("Mounts");

        assertThat(mounts.get(0).path("Source").asText()).startsWith("/outside/");
        assertThat(mounts.get(0).path("Target").asText()).startsWith(folder.toString());
    }

    @Test
    void findsFoldersByTheInnermostMount() throws IOException {
        var mounts = Reply.JSON.readTree("""
                [{"Type":"volume","Name":"v","Source":"/var/lib/docker/volumes/v/_data","Destination":"/var/lib/muster"},
                 {"Type":"bind","Source":"/srv/tasks","Destination":"/var/lib/muster/data/tasks"},
                 {"Type":"tmpfs","Source":"","Destination":"/tmp"}]""");

        var settings = settings("worker", Pull.MISSING).withMappings(Mapping.ofMounts(mounts));

        assertThat(settings.there(Path.of("/var/lib/muster/data/tasks/7"))).hasToString("/srv/tasks/7");
        assertThat(settings.there(Path.of("/var/lib/muster/etc"))).hasToString("/var/lib/docker/volumes/v/_data/etc");
        assertThat(settings.there(Path.of("/tmp/x"))).hasToString("/tmp/x");
    }

    @Test
    void letsTheTaskReadItsSecretsAndNotWriteThem() {
        var task = task(Map.of())
                .environment(Map.of("MUSTER_SECRETS", folder.resolve("s").toString()));

        var mounts = plan(task, settings("worker", Pull.MISSING))
                .container()
                .path("HostConfig")
                .path("Mounts");

        assertThat(mounts).anySatisfy(mount -> {
            assertThat(mount.path("Source").asText()).isEqualTo("/outside/s");
            assertThat(mount.path("Target").asText())
                    .isEqualTo(folder.resolve("s").toString());
            assertThat(mount.path("ReadOnly").asBoolean()).isTrue();
        });
    }

    @Test
    void asksTheSameContainerForAllAttemptsOfASessionWithTheFolderOfThatAlone() throws IOException {
        var session = new TestSession("docker", folder.resolve("session"));
        var settings = settings("worker", Pull.MISSING);

        var first = plan(task(Map.of()).environment(Map.of("MUSTER_SECRETS", session.workspace() + "/s")), session);
        var second = plan(task(Map.of()).command(List.of("cat", "x")), session);

        assertThat(first.container()).isEqualTo(second.container());
        assertThat(first.container().at("/HostConfig/Mounts")).hasSize(1);
        assertThat(first.container().at("/HostConfig/Mounts/0/Source").asText()).isEqualTo("/outside/session");
        assertThat(second.exec().path("Cmd").toString()).isEqualTo("[\"cat\",\"x\"]");
        assertThat(second.exec().path("WorkingDir").asText()).startsWith(session.workspace() + "/");
        assertThat(plan(task(Map.of()), settings).exec()).isNull();
    }

    @Test
    void asksForAnImage() {
        assertThatThrownBy(() -> plan(
                        TaskSpec.builder().executor("docker").command(List.of("true")),
                        settings("worker", Pull.MISSING)))
                .hasMessageContaining("image");
    }

    @Test
    void readsAndWritesNothingOutsideTheWorkspaceForATask() throws IOException {
        Files.writeString(folder.resolve("secret"), "x");
        var settings = settings("worker", Pull.MISSING);

        assertThatThrownBy(() -> plan(task(Map.of()).stdin("../secret"), settings))
                .hasMessageContaining("may not");
        assertThatThrownBy(() -> plan(task(Map.of()).stdout("../secret"), settings))
                .hasMessageContaining("may not");
    }

    @Test
    void followsLinksBeforeItAllowsAMount() throws IOException {
        var allowed = Files.createDirectory(folder.resolve("allowed"));
        Files.createSymbolicLink(allowed.resolve("link"), Path.of("/etc"));
        var binds = Folders.parse(allowed.toString(), "binds");

        assertThatThrownBy(() -> binds.mount(allowed + "/link:/mnt")).hasMessageContaining("may not be seen");
        assertThatThrownBy(() -> binds.mount(allowed + ":/mnt:rw")).hasMessageContaining("may not be written");
        assertThat(binds.mount(allowed + ":/mnt").source()).isEqualTo(allowed.toRealPath());
    }

    @ParameterizedTest
    @CsvSource({
        "debian, debian, latest, https://index.docker.io/v1/",
        "debian:12, debian, 12, https://index.docker.io/v1/",
        "me/tool:1, me/tool, 1, https://index.docker.io/v1/",
        "host:5000/me/tool, host:5000/me/tool, latest, host:5000",
        "host:5000/tool:2, host:5000/tool, 2, host:5000",
        "ghcr.io/a/b:1@sha256:ab, ghcr.io/a/b, sha256:ab, ghcr.io",
        "localhost/x, localhost/x, latest, localhost"
    })
    void takesNamesOfImagesApart(String image, String name, String tag, String registry) {
        assertThat(Images.name(image)).isEqualTo(name);
        assertThat(Images.tag(image)).isEqualTo(tag);
        assertThat(Images.registry(name)).isEqualTo(registry);
    }

    private static TaskSpec.Builder task(Map<String, Object> more) {
        var values = new HashMap<>(more);
        values.put("image", "busybox");
        return TaskSpec.builder().executor("docker").command(List.of("true")).parameters(new Parameters(values));
    }

    private Settings settings(String user, Pull pull) {
        return new Settings(
                Duration.ofSeconds(5),
                pull,
                user,
                List.of("none"),
                Folders.parse("", "binds"),
                List.of(new Mapping(folder, Path.of("/outside"))),
                64,
                "");
    }

    private String user(Map<String, Object> parameters, String setting) {
        return plan(task(parameters), settings(setting, Pull.MISSING))
                .container()
                .path("User")
                .asText();
    }

    private Plan plan(TaskSpec.Builder task, Settings settings) {
        return Plan.of(new TestAttempt(task.build(), folder), settings, new Owner("mark", "instance", "12:34"));
    }

    private Plan plan(TaskSpec.Builder task, TestSession session) throws IOException {
        Files.createDirectories(session.workspace());
        return Plan.of(
                new TestAttempt(task.build(), folder, session),
                settings("worker", Pull.MISSING),
                new Owner("mark", "instance", "12:34"));
    }
}
