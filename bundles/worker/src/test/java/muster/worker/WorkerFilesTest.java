package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import muster.api.AttemptId;
import muster.api.Input;
import muster.api.JobId;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.data.DataPlane;
import muster.data.FakePlane;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class WorkerFilesTest {
    private static final AttemptId ATTEMPT = Tasks.attempt(17, 3, 1);

    @TempDir
    private Path folder;

    private final FakePlane plane = new FakePlane();
    private final FakeManager manager = new FakeManager();
    private ObjectStore managers;
    private WorkerFiles files;
    private DataPlane.Server server;

    /** Has a store, and lists of what tasks made. */
    private final class FakeManager implements DataPlane.Service {
        private final Map<String, String> texts = new ConcurrentHashMap<>();
        private List<URI> elsewhere = List.of();

        @Override
        public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
            if (texts.containsKey(path)) {
                return new DataPlane.Answer.Text(texts.get(path));
            }
            var left = elsewhere.stream()
                    .filter(place -> !avoid.contains(place.getAuthority()))
                    .toList();
            if (!left.isEmpty()) {
                return new DataPlane.Answer.Elsewhere(left);
            }
            return new DataPlane.Answer.File(managers.find(path.substring(1))
                    .orElseThrow(() -> new TransferException(Failure.SOURCE_GONE, "nobody has it any more")));
        }

        @Override
        public Sink put(NodeName peer, String path, long bytes) throws IOException {
            if (path.startsWith("/sha256:")) {
                return managers.receive(path.substring(1));
            }
            return new Sink() {
                @Override
                public void write(ByteBuffer more) {
                    texts.put(path, StandardCharsets.UTF_8.decode(more).toString());
                }

                @Override
                public void complete() {}

                @Override
                public void abort() {}
            };
        }
    }

    @BeforeEach
    void begin() throws IOException {
        managers = new ObjectStore(folder.resolve("manager"), Long.MAX_VALUE, false);
        server = plane.of(new NodeName(NodeName.Role.MANAGER, "manager"))
                .serve(new NodeIdentity("manager", folder, folder, ""), "", 0, manager);
        files = worker("w1");
    }

    @AfterEach
    void end() {
        files.close();
        server.close();
    }

    private WorkerFiles worker(String id) throws IOException {
        var worker = new WorkerFiles(
                plane.of(new NodeName(NodeName.Role.WORKER, id)),
                new NodeIdentity(id, folder, folder, ""),
                "127.0.0.1",
                0,
                "127.0.0.1",
                folder.resolve(id),
                1 << 20);
        worker.manager("", server.port());
        return worker;
    }

    private String upload(String content) throws IOException {
        return managers.adopt(Files.writeString(Files.createTempFile(folder, "upload", ""), content));
    }

    private Path stage(WorkerFiles on, Input... inputs) throws IOException {
        var workspace = Files.createTempDirectory(folder, "workspace");
        on.stage(
                ATTEMPT,
                TaskSpec.builder()
                        .command(List.of("true"))
                        .inputs(List.of(inputs))
                        .build(),
                workspace,
                Identity.WORKER,
                () -> false);
        return workspace;
    }

    @Test
    void bringsWhatIsKeptAlsoIfAnotherWorkerHasTheSame() throws IOException {
        var object = upload("content of made");
        managers.remove(object);
        manager.elsewhere = List.of(URI.create("https://127.0.0.1:1/" + object));

        files.collect(ATTEMPT, leaving(new Output("made", false, true)), workspace("made"), Identity.WORKER);

        assertThat(managers.find(object)).isPresent();
    }

    @Test
    void waitsForAManagerThatIsAway() throws Exception {
        var object = upload("input");
        var workspace = workspace("made");
        server.close();
        files.managerAway();
        var background = Executors.newFixedThreadPool(2);
        try {
            var staged = background.submit(() -> stage(files, new Input("in", object, false)));
            var collected = background.submit(() -> {
                files.collect(ATTEMPT, leaving(new Output("made", false, true)), workspace, Identity.WORKER);
                return true;
            });
            awaitQuestions("w1 GET /" + object);
            awaitQuestions("w1 PUT /sha256:");
            assertThat(staged).isNotDone();
            assertThat(collected).isNotDone();

            server = plane.of(new NodeName(NodeName.Role.MANAGER, "manager"))
                    .serve(new NodeIdentity("manager", folder, folder, ""), "", 0, manager);
            files.manager("", server.port());

            assertThat(staged.get().resolve("in")).hasContent("input");
            assertThat(collected.get()).isTrue();
            assertThat(manager.texts.get("/outputs/" + ATTEMPT)).contains("made");
        } finally {
            background.shutdownNow();
        }
    }

    /** Waits until something has been asked, and asked again. */
    private void awaitQuestions(String beginning) {
        while (plane.questions.stream()
                        .filter(asked -> asked.startsWith(beginning))
                        .count()
                < 2) {
            Thread.onSpinWait();
        }
    }

    private static TaskSpec leaving(Output... outputs) {
        return TaskSpec.builder()
                .command(List.of("true"))
                .outputs(List.of(outputs))
                .build();
    }

    private Path workspace(String... names) throws IOException {
        var workspace = Files.createTempDirectory(folder, "workspace");
        for (var name : names) {
            Files.createDirectories(workspace.resolve(name).getParent());
            Files.writeString(workspace.resolve(name), "content of " + name);
        }
        return workspace;
    }

    private Manifest recorded() {
        return Manifest.parse(manager.texts.get("/outputs/" + ATTEMPT));
    }

    @Test
    void leavesTheManagerWhenAnotherHasTakenOver() {
        files.manager("", server.port());
        assertThat(plane.questions).doesNotContain("w1 LEAVE 127.0.0.1:" + server.port());
        files.manager("10.0.0.2", 7073);
        assertThat(plane.questions).contains("w1 LEAVE 127.0.0.1:" + server.port());
    }

    @Test
    void putsUploadedFilesIntoTheWorkspace() throws IOException {
        var object = upload("hello");
        var workspace = stage(files, new Input("data/in.txt", object, false), new Input("tool", object, true));
        assertThat(workspace.resolve("data/in.txt")).hasContent("hello");
        assertThat(workspace.resolve("tool")).hasContent("hello").isExecutable();
    }

    @Test
    void fetchesAnObjectOnceHoweverManyTasksAskForIt() throws Exception {
        var object = upload("hello");
        var threads = Executors.newFixedThreadPool(8);
        try {
            var tasks = new ArrayList<Callable<Path>>();
            for (var i = 0; i < 32; i++) {
                tasks.add(() -> stage(files, new Input("in", object, false)));
            }
            for (var staged : threads.invokeAll(tasks)) {
                assertThat(staged.get().resolve("in")).hasContent("hello");
            }
        } finally {
            threads.shutdown();
        }
        assertThat(plane.questions).containsExactly("w1 GET /" + object);
    }

    @Test
    void goesToAnotherWorkerWhenOneHasItNotAnyMore() throws IOException {
        try (var first = worker("w2");
                var second = worker("w3")) {
            var object = upload("hello");
            stage(second, new Input("in", object, false));
            managers.remove(object);
            manager.elsewhere = List.of(
                    URI.create("https://127.0.0.1:" + first.port() + "/" + object),
                    URI.create("https://127.0.0.1:" + second.port() + "/" + object));
            assertThat(stage(files, new Input("in", object, false)).resolve("in"))
                    .hasContent("hello");
        }
    }

    @Test
    void saysWhichInputNobodyHas() {
        var object = "sha256:" + "0".repeat(64);
        assertThatThrownBy(() -> stage(files, new Input("in", object, false)))
                .hasMessage("input 'in' (" + object + "): nobody has it any more")
                .isInstanceOfSatisfying(
                        TransferException.class, e -> assertThat(e.failure()).isEqualTo(Failure.SOURCE_GONE));
    }

    @Test
    void putsWhatAnotherTaskMadeIntoTheWorkspace() throws IOException {
        var one = new Manifest.Item(upload("one"), 3, false, true, "out/1.txt");
        var two = new Manifest.Item(upload("two"), 3, true, true, "out/sub/2.sh");
        manager.texts.put("/outputs/17/make/out%2F", new Manifest(List.of(one, two)).text());
        manager.texts.put("/outputs/17/make/out", new Manifest(List.of(one, two)).text());
        manager.texts.put("/outputs/17/make/out%2F1.txt", new Manifest(List.of(one)).text());
        var workspace = stage(
                files,
                new Input("all", "task:make/out/", false),
                new Input("same", "task:make/out", false),
                new Input("single.txt", "task:make/out/1.txt", false));
        assertThat(workspace.resolve("all/1.txt")).hasContent("one");
        assertThat(workspace.resolve("all/sub/2.sh")).hasContent("two").isExecutable();
        assertThat(workspace.resolve("same/sub/2.sh")).hasContent("two").isExecutable();
        assertThat(workspace.resolve("single.txt")).hasContent("one");
    }

    @Test
    void takesAllBelowAFolderByItsName() throws IOException {
        var workspace = workspace("out/a.txt", "out/sub/b", "output");
        files.collect(ATTEMPT, leaving(Output.of("out")), workspace, Identity.WORKER);
        assertThat(recorded().items()).extracting(Manifest.Item::name).containsExactly("out/a.txt", "out/sub/b");
    }

    @Test
    void linksWhatIsOnSharedStorage() throws IOException {
        var shared = Files.writeString(folder.resolve("shared"), "hello");
        var workspace = stage(files, new Input("in", "file:" + shared, false));
        assertThat(workspace.resolve("in")).isSymbolicLink().hasContent("hello");
        assertThatThrownBy(() -> stage(files, new Input("in", "file:/not/there", false)))
                .hasMessageContaining("'/not/there' is not on this worker; mount its storage there");
    }

    @Test
    void bringsWhatIsKeptToTheManagerAndRecordsAll() throws IOException {
        var workspace = workspace("out/a.txt", "out/b.txt", "big.bin", "rest");
        files.collect(
                ATTEMPT,
                leaving(new Output("out/*.txt", false, true), new Output("big.bin", false, false)),
                workspace,
                Identity.WORKER);
        assertThat(recorded().items())
                .extracting(Manifest.Item::name, Manifest.Item::kept)
                .containsExactlyInAnyOrder(tuple("out/a.txt", true), tuple("out/b.txt", true), tuple("big.bin", false));
        for (var item : recorded().items()) {
            assertThat(managers.find(item.object()).isPresent()).isEqualTo(item.kept());
        }
    }

    @Test
    void doesNotSendWhatTheManagerHas() throws IOException {
        upload("content of same");
        files.collect(ATTEMPT, leaving(Output.of("same")), workspace("same"), Identity.WORKER);
        assertThat(plane.questions).noneMatch(question -> question.startsWith("w1 PUT /sha256:"));
    }

    @Test
    void keepsWhatOnlyItHasUntilTheJobHasEnded() throws IOException {
        files.collect(ATTEMPT, leaving(new Output("big.bin", false, false)), workspace("big.bin"), Identity.WORKER);
        var object = recorded().items().get(0).object();
        fillTheCache();
        assertThat(files.get(new NodeName(NodeName.Role.WORKER, "w2"), "/" + object, List.of()))
                .isInstanceOf(DataPlane.Answer.File.class);
        assertThat(files.keeps()).containsExactly(new JobId(17));
        files.release(new JobId(17));
        assertThat(files.keeps()).isEmpty();
        fillTheCache();
        assertThatThrownBy(() -> files.get(new NodeName(NodeName.Role.WORKER, "w2"), "/" + object, List.of()))
                .hasMessageContaining("does not have it any more");
    }

    private void fillTheCache() throws IOException {
        for (var i = 0; i < 3; i++) {
            stage(files, new Input("in", upload(i + "x".repeat(700_000)), false));
        }
    }

    @Test
    void saysWhichOutputIsMissing() {
        assertThatThrownBy(() -> files.collect(
                        ATTEMPT,
                        leaving(Output.of("*.txt"), new Output("*.log", true, null)),
                        workspace("other"),
                        Identity.WORKER))
                .hasMessageContaining("output '*.txt' was not made");
    }

    @Test
    void takesNoInputForAnOutput() throws IOException {
        var workspace = workspace("in.txt", "out.txt");
        var task = TaskSpec.builder()
                .command(List.of("true"))
                .inputs(List.of(new Input("in.txt", "file:/x", false)))
                .outputs(List.of(Output.of("*.txt")))
                .build();
        files.collect(ATTEMPT, task, workspace, Identity.WORKER);
        assertThat(recorded().items()).extracting(Manifest.Item::name).containsExactly("out.txt");
    }

    @Test
    void removesWhatWasOnItsWayWhenAnEarlierProcessDied() throws IOException {
        var object = Files.createDirectories(folder.resolve("w2/partial")).resolve("half");
        var download = Files.createDirectories(folder.resolve("w2/urls")).resolve("url1");
        Files.setLastModifiedTime(Files.writeString(object, "ha"), FileTime.from(Instant.EPOCH));
        Files.writeString(download, "ha");

        worker("w2").close();

        assertThat(object).doesNotExist();
        assertThat(download).doesNotExist();
    }

    @Test
    void saysThatAnAddressIsNone() {
        assertThatThrownBy(() -> stage(files, new Input("in", "http://my_host/a", false)))
                .hasMessage("input 'in' (http://my_host/a): it is no address: unsupported URI http://my_host/a;"
                        + " write such as https://HOST/PATH")
                .isInstanceOf(TransferException.class);
    }

    @Test
    void downloads() throws Exception {
        try (var web = new WebServer("hello", 5)) {
            assertThat(stage(files, new Input("in", web.url(), false)).resolve("in"))
                    .hasContent("hello");
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void stopsADownloadThatNobodyWaitsFor() throws Exception {
        try (var web = new WebServer("half of", 14)) {
            assertThatThrownBy(() -> files.stage(
                            ATTEMPT,
                            TaskSpec.builder()
                                    .command(List.of("true"))
                                    .inputs(List.of(new Input("in", web.url(), false)))
                                    .build(),
                            workspace(),
                            Identity.WORKER,
                            () -> web.asked.getCount() == 0))
                    .hasMessageContaining("nobody waits for it any more");
        }
    }

    /** Answers with some bytes, however many it promised. */
    private static final class WebServer implements AutoCloseable {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch closed = new CountDownLatch(1);
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

        WebServer(String content, int promised) throws IOException {
            server.setExecutor(threads);
            server.createContext("/", exchange -> {
                exchange.sendResponseHeaders(200, promised);
                exchange.getResponseBody().write(content.getBytes(StandardCharsets.US_ASCII));
                exchange.getResponseBody().flush();
                asked.countDown();
                if (promised > content.length()) {
                    await(closed);
                }
                exchange.close();
            });
            server.start();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort() + "/a";
        }

        @Override
        public void close() {
            closed.countDown();
            server.stop(0);
            threads.shutdownNow();
        }
    }

    @Test
    void takesFilesFromTheManagerAlone() {
        assertThatThrownBy(() -> files.put(new NodeName(NodeName.Role.WORKER, "w2"), "/sha256:" + "0".repeat(64), 1))
                .hasMessageContaining("only the manager");
    }
}
