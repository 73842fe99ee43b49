package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Resources;
import muster.api.Role;
import muster.data.DataPlane;
import muster.transport.BrokerAddress;
import muster.transport.NodeIdentity;
import muster.transport.ToWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The worker holds an attempt of ada's. */
class WindowTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final AttemptId ATTEMPT = Tasks.attempt(17, 0, 1);
    private static final String OF = "/v1/attempts/" + ATTEMPT;

    @TempDir
    Path root;

    private final FakeExecutor executor = new FakeExecutor();
    private final FakeLinks links = new FakeLinks();
    private WorkFolder folder;
    private Spool spool;
    private ExecutorRegistry registry;
    private Agent agent;
    private Window window;
    private Path workspace;

    @BeforeEach
    void begin() throws IOException {
        folder = WorkFolder.open(root.resolve("work"));
        spool = Spool.open(folder.spool(), 1 << 20);
        registry = new ExecutorRegistry(NEVER, "");
        agent = new Agent(
                new Agent.Node(
                        "w1",
                        "session-1",
                        "1.2.3",
                        "10.0.0.1",
                        new Capacity(2, 1 << 20, 1 << 20, List.of(), Map.of(), List.of())),
                links,
                new BrokerAddress(URI.create("tcp://127.0.0.1:1")),
                new NodeIdentity("w1", root, root, "secret"),
                registry,
                folder,
                new Logs(folder.logs(), folder.spares(), 1 << 30),
                TaskUsers.NONE,
                spool,
                new FakeTaskFiles(),
                new Agent.Timing(NEVER, NEVER, NEVER, NEVER, NEVER, Duration.ofSeconds(5)),
                () -> false);
        registry.add(Tasks.KIND, executor);
        eventually("the executor is probed", () -> registry.available(Tasks.KIND) != null);
        agent.start();
        window = new Window(agent);
        links.join(1);
        links.receive(1, grants(), Tasks.run(17, Tasks.task(), 0));
        var attempt = executor.awaitStart(ATTEMPT);
        workspace = attempt.workingDirectory();
        Files.writeString(attempt.stdout(), "hello");
        Files.writeString(attempt.stderr(), "oh");
        Files.writeString(Files.createDirectories(workspace.resolve("out")).resolve("a b.txt"), "content");
    }

    @AfterEach
    void end() {
        executor.obeys = true;
        agent.close();
        registry.close();
        spool.close();
        folder.close();
    }

    private static ToWorker.Grants grants() {
        return new ToWorker.Grants(List.of(
                new ToWorker.Grant("viewer", "vera", Role.VIEWER, null),
                new ToWorker.Grant("owner", "ada", Role.USER, Instant.now().plusSeconds(3600)),
                new ToWorker.Grant("foreign", "fritz", Role.USER, null),
                new ToWorker.Grant("operator", "otto", Role.OPERATOR, null),
                new ToWorker.Grant("admin", "admin", Role.ADMIN, null),
                new ToWorker.Grant("expired", "ada", Role.ADMIN, Instant.now().minusSeconds(1))));
    }

    private String ask(String key, String path) throws IOException {
        var answer = window.answer(key, path);
        if (answer instanceof DataPlane.Answer.Opened opened) {
            try (var channel = opened.channel()) {
                var bytes = ByteBuffer.allocate((int) channel.size());
                channel.read(bytes);
                return new String(bytes.array(), StandardCharsets.UTF_8);
            }
        }
        return answer instanceof DataPlane.Answer.Bytes bytes
                ? new String(bytes.bytes(), StandardCharsets.UTF_8)
                : ((DataPlane.Answer.Text) answer).text();
    }

    private ErrorCode refusal(String key, String path) {
        try {
            ask(key, path);
            return null;
        } catch (MusterException e) {
            return e.code();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> ofTheJob() {
        return Stream.of(OF + "/log", OF + "/log?stream=stderr&offset=1", OF + "/files", OF + "/files/out/a%20b.txt");
    }

    @ParameterizedTest
    @MethodSource("ofTheJob")
    void showsAJobToWhoMaySeeIt(String path) {
        for (var key : List.of("owner", "viewer", "operator", "admin")) {
            assertThat(refusal(key, path)).as(key).isNull();
        }
        assertThat(refusal("foreign", path)).isEqualTo(ErrorCode.FORBIDDEN);
        for (var key : List.of("", "wrong", "expired")) {
            assertThat(refusal(key, path)).as(key).isEqualTo(ErrorCode.UNAUTHENTICATED);
        }
    }

    @Test
    void showsTheWorkerToAllAndOnItWhatEachMaySee() throws IOException {
        assertThat(ask("owner", "/v1/worker"))
                .startsWith("{\"id\":\"w1\",\"version\":\"1.2.3\",\"executors\":[\"fake\"],\"attempts\":[{"
                        + "\"attempt\":\"17.0@1\",\"owner\":\"ada\",\"executor\":\"fake\",\"state\":\"running\",");
        assertThat(ask("viewer", "/v1/worker")).contains("17.0@1");
        assertThat(ask("foreign", "/v1/worker")).contains("\"attempts\":[]");
        for (var key : List.of("", "wrong", "expired")) {
            assertThat(refusal(key, "/v1/worker")).as(key).isEqualTo(ErrorCode.UNAUTHENTICATED);
        }
    }

    @Test
    void aTokenThatWasRevokedIsGoodForNothingAtOnce() {
        links.receive(1, new ToWorker.Grants(List.of(new ToWorker.Grant("admin", "admin", Role.ADMIN, null))));
        eventually("it was heard", () -> refusal("owner", "/v1/worker") == ErrorCode.UNAUTHENTICATED);
        assertThat(refusal("admin", "/v1/worker")).isNull();
    }

    @Test
    void answersAlsoWithoutItsManager() throws IOException {
        links.worker.disconnected("it is down");
        assertThat(ask("owner", OF + "/log")).isEqualTo("hello");
    }

    @Test
    void readsLogsFromAnyByteOnAndFiles() throws IOException {
        assertThat(ask("owner", OF + "/log?stream=stdout&offset=2")).isEqualTo("llo");
        assertThat(ask("owner", OF + "/log?stream=stderr")).isEqualTo("oh");
        assertThat(ask("owner", OF + "/files")).isEqualTo("{\"files\":[{\"path\":\"out/a b.txt\",\"bytes\":7}]}\n");
        assertThat(ask("owner", OF + "/files/out/a%20b.txt")).isEqualTo("content");
    }

    @Test
    void saysThatThereAreMoreFilesThanItLists() throws IOException {
        for (var i = 1; i < 10_000; i++) {
            Files.createFile(workspace.resolve("out/" + i));
        }
        assertThat(ask("owner", OF + "/files")).doesNotContain("more");
        Files.createFile(workspace.resolve("out/0"));
        assertThat(ask("owner", OF + "/files")).endsWith("],\"more\":true}\n");
    }

    @Test
    void readsTheLogOfWhatHasEnded() throws IOException {
        executor.succeed(ATTEMPT);
        links.awaitResult(ATTEMPT);
        assertThat(ask("owner", OF + "/log")).isEqualTo("hello");
        assertThat(refusal("owner", OF + "/files")).isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(refusal("foreign", OF + "/log")).isEqualTo(ErrorCode.FORBIDDEN);
    }

    @Test
    void leadsOutOfTheWorkspaceByNoName() throws IOException {
        Files.writeString(root.resolve("secret"), "secret");
        Files.createSymbolicLink(workspace.resolve("link"), root.resolve("secret"));
        Files.createSymbolicLink(workspace.resolve("folder"), root);
        assertThat(refusal("owner", OF + "/files/link")).isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(refusal("owner", OF + "/files/folder/secret")).isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(refusal("owner", OF + "/files/..%2Fsecret")).isEqualTo(ErrorCode.INVALID);
        assertThat(refusal("owner", OF + "/files/%2Fetc%2Fpasswd")).isEqualTo(ErrorCode.INVALID);
        assertThat(ask("owner", OF + "/files")).doesNotContain("secret").doesNotContain("link");
    }

    @Test
    void showsNoFolderThatIsNotTheAttemptsOwn() {
        links.receive(1, Tasks.run(18, Tasks.task(Resources.DEFAULT, null, root.toString(), null), 0));
        executor.awaitStart(Tasks.attempt(18, 0, 1)).workingDirectory();
        assertThatThrownBy(() -> ask("owner", "/v1/attempts/18.0@1/files"))
                .hasMessageContaining("has no workspace of its own");
    }

    @Test
    void aJobThatIsNotKnownIsForThoseWhoSeeAll() {
        assertThat(refusal("owner", "/v1/attempts/99.0@1/log")).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(refusal("admin", "/v1/attempts/99.0@1/log")).isEqualTo(ErrorCode.NOT_FOUND);
    }

    @ParameterizedTest
    @CsvSource({
        "/, NOT_FOUND",
        "/v1/attempts/17.0@1, NOT_FOUND",
        "/v1/attempts/17.0@1/secrets, NOT_FOUND",
        "/v1/attempts/x/log, INVALID",
        "/v1/attempts/17.0@1/log?offset=-1, INVALID",
        "/v1/attempts/17.0@1/log?offset=x, INVALID",
        "/v1/attempts/17.0@1/log?stream=stdin, INVALID",
        "/v1/attempts/17.0@1/files/%ZZ, INVALID",
    })
    void refusesWhatCannotBeMeant(String path, ErrorCode code) {
        assertThat(refusal("admin", path)).isEqualTo(code);
    }
}
