package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import muster.api.AttemptId;
import muster.api.AttemptView;
import muster.api.ErrorCode;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.OutputView;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.data.Bucket;
import muster.data.DataPlane;
import muster.data.FakePlane;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManagerFilesTest {
    private static final String HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private static final NodeName WORKER = new NodeName(NodeName.Role.WORKER, "w1");

    @TempDir
    private Path folder;

    private final FakePlane plane = new FakePlane();
    private ManagerFiles.Keep keep = ManagerFiles.Keep.ON_DISK;
    private Path data;
    private final AtomicBoolean current = new AtomicBoolean(true);
    private final AtomicBoolean leads = new AtomicBoolean(true);
    private final List<AttemptId> made = new ArrayList<>();
    private final List<AttemptId> gone = new ArrayList<>();
    private TestCluster cluster;
    private ManagerFiles files;
    private JobId job;

    @BeforeEach
    void start() throws IOException {
        cluster = new TestCluster(folder);
        data = folder;
        files = open();
        var make = task("make", List.of(), List.of(Output.of("out/a"), Output.of("log")));
        var use = task("use", List.of(new Input("in", "task:make/out/a", false)), List.of());
        job = cluster.jobs.submit(JobSpec.of("", new Work.Graph(List.of(make, use))), "ada", null);
    }

    private ManagerFiles open() throws IOException {
        return new ManagerFiles(
                plane.of(new NodeName(NodeName.Role.MANAGER, "manager")),
                new NodeIdentity("manager", folder, folder, ""),
                "127.0.0.1",
                0,
                data,
                cluster.jobs,
                new ManagerFiles.Attempts() {
                    @Override
                    public boolean current(String worker, AttemptId attempt) {
                        return current.get();
                    }

                    @Override
                    public boolean leads() {
                        return leads.get();
                    }

                    @Override
                    public void made(Outputs.Made attempt) {
                        made.add(attempt.attempt());
                    }

                    @Override
                    public void gone(AttemptId attempt) {
                        gone.add(attempt);
                    }
                },
                "w9"::equals,
                keep);
    }

    private static TaskSpec task(String name, List<Input> inputs, List<Output> outputs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .inputs(inputs)
                .outputs(outputs)
                .build();
    }

    @AfterEach
    void stop() {
        files.close();
        cluster.close();
    }

    private void upload(String text, long offset, long bytes) throws IOException {
        files.upload(HELLO, offset, bytes, new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private void record(int number, Manifest.Item... items) throws IOException {
        var attempt = new AttemptId(new TaskId(job, 0), number);
        var sink = files.put(WORKER, "/outputs/" + attempt, -1);
        sink.write(ByteBuffer.wrap(new Manifest(List.of(items)).text().getBytes(StandardCharsets.UTF_8)));
        sink.complete();
    }

    private static Manifest.Item item(String name, boolean kept) {
        return new Manifest.Item(HELLO, 5, false, kept, name);
    }

    @Test
    void takesAnUploadThatBrokeOffUpWhereItStands() throws IOException {
        assertThatThrownBy(() -> upload("hel", 0, 5)).isInstanceOf(IOException.class);
        assertThat(files.uploaded(HELLO)).isEqualTo(3);
        assertThat(files.size(HELLO)).isEmpty();
        upload("lo", 3, 5);
        assertThat(files.size(HELLO)).hasValue(5);
        assertThat(files.file(HELLO)).hasContent("hello");
    }

    @Test
    void refusesAnUploadOfOtherContent() {
        assertThatThrownBy(() -> upload("world", 0, 5))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID));
    }

    @Test
    void knowsWhatTasksMadeAlsoAfterARestart() throws IOException {
        record(1, item("out/a", false), item("log", true));
        var expected = List.of(
                new OutputView(new TaskId(job, 0), 1, "out/a", HELLO, 5, false, false),
                new OutputView(new TaskId(job, 0), 1, "log", HELLO, 5, false, false));
        assertThat(files.outputs(job)).isEqualTo(expected);
        files.close();
        files = open();
        assertThat(files.outputs(job)).isEqualTo(expected);
    }

    @Test
    void theNewestAttemptCounts() throws IOException {
        record(1, item("old", false));
        record(2, item("new", false));
        assertThat(files.outputs(job)).extracting(OutputView::name).containsExactly("new");
    }

    @Test
    void findsTheOutputOfATaskByItsName() throws IOException {
        record(1, item("out/a", false), item("out/b", false), item("log", true));
        assertThat(text("/outputs/" + job + "/make/out%2Fa")).containsExactly("out/a");
        assertThat(text("/outputs/" + job + "/make/out%2F")).containsExactly("out/a", "out/b");
        assertThat(text("/outputs/" + job + "/make/out")).containsExactly("out/a", "out/b");
        assertThat(text("/outputs/99/" + job + ".0/log")).containsExactly("log");
        assertThatThrownBy(() -> text("/outputs/" + job + "/make/other"))
                .hasMessageContaining("made no output 'other'");
    }

    @Test
    void anOptionalOutputThatWasNotMadeIsNothing() throws IOException {
        var make = task("make", List.of(), List.of(new Output("out/a", true, null), Output.of("log")));
        var other = cluster.jobs.submit(JobSpec.of("", new Work.Graph(List.of(make))), "ada", null);
        assertThat(text("/outputs/" + other + "/make/out%2Fa")).isEmpty();
        assertThat(text("/outputs/" + other + "/make/out")).isEmpty();
        assertThatThrownBy(() -> text("/outputs/" + other + "/make/log")).hasMessageContaining("made no output 'log'");
        assertThatThrownBy(() -> text("/outputs/" + other + "/make/else"))
                .hasMessageContaining("made no output 'else'");
    }

    private List<String> text(String path) throws IOException {
        var answer = (DataPlane.Answer.Text) files.get(WORKER, path, List.of());
        return Manifest.parse(answer.text()).items().stream()
                .map(Manifest.Item::name)
                .toList();
    }

    @Test
    void saysWhichWorkerHasWhatItHasNot() throws IOException {
        files.worker("w1", "10.0.0.1:4001");
        record(1, item("out/a", false));
        assertThat(files.get(WORKER, "/" + HELLO, List.of()))
                .isEqualTo(new DataPlane.Answer.Elsewhere(List.of(URI.create("https://10.0.0.1:4001/" + HELLO))));
        assertThat(gone).isEmpty();
        assertThatThrownBy(() -> files.get(WORKER, "/" + HELLO, List.of("10.0.0.1:4001")))
                .hasMessageContaining("nobody has");
        assertThat(gone).containsExactly(new AttemptId(new TaskId(job, 0), 1));
    }

    @Test
    void doesNotTakeForGoneWhatIsOnAWorkerThatWasNotHeardYet() throws IOException {
        record(1, item("out/a", false));
        assertThatThrownBy(() -> files.get(WORKER, "/" + HELLO, List.of())).hasMessageContaining("was not heard");
        assertThat(gone).isEmpty();
    }

    @Test
    void whatALostWorkerAloneHadIsMadeAgainAcrossRestartsOfTheManager() throws Exception {
        var w1 = cluster.worker("w1", 1);
        var make = w1.awaitRunning(1).get(0);
        record(1, item("out/a", false));
        w1.succeed(make);
        var use = new TaskId(job, 1);
        TestCluster.until("the second task is sent", () -> w1.snapshot().stream()
                .anyMatch(attempt -> attempt.task().equals(use)));
        restart();
        cluster.passTime(TestCluster.LEASE.plus(Links.LONGEST_PAUSE).plusSeconds(2));
        var w2 = cluster.worker("w2", 1);

        assertThat(w2.awaitRunning(1)).containsExactly(new AttemptId(make.task(), 2));
        assertThat(cluster.jobs.explain(make.task()).summary()).startsWith("runs again (what attempt 1 made was lost");
        restart();
        w1.running.clear();
        w1.hello();
        w1.automatic();
        w2.hello();
        w2.automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.jobs.task(make.task()).attempts())
                .extracting(AttemptView::worker)
                .containsExactly("w1", "w2");
    }

    /** Another manager takes over what the store and the folder hold. */
    private void restart() throws IOException {
        cluster.restart();
        files.close();
        files = open();
        cluster.manager.reactor.ask(() -> {
            cluster.manager.files(files, "");
            return true;
        });
    }

    @Test
    void tellsWhatIsLeftOnAWorkerAlone() throws IOException {
        record(1, item("log", true));
        assertThat(files.leftOnWorkers(job)).isEmpty();
        record(2, item("out/a", false), item("log", true));
        assertThat(made).extracting(AttemptId::number).containsExactly(1, 2);
        assertThat(files.leftOnWorkers(job)).extracting(Outputs.Made::worker).containsExactly("w1");
    }

    @Test
    void bringsWhatAUserAsksForFromTheWorkerThatHasIt() throws IOException {
        var workers = new ObjectStore(folder.resolve("w1"), Long.MAX_VALUE, false);
        workers.adopt(Files.writeString(folder.resolve("hello"), "hello"));
        var server = plane.of(WORKER).serve(new NodeIdentity("w1", folder, folder, ""), "", 0, serving(workers));
        files.worker("w1", "127.0.0.1:" + server.port());
        record(1, item("out/a", false));
        assertThat(files.file(HELLO)).hasContent("hello");
        assertThat(files.measure("w1", 100_000).bytes()).isEqualTo(100_000);
    }

    private static DataPlane.Service serving(ObjectStore store) {
        return new DataPlane.Service() {
            @Override
            public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) {
                return new DataPlane.Answer.File(store.find(path.substring(1)).orElseThrow());
            }

            @Override
            public Sink put(NodeName peer, String path, long bytes) throws IOException {
                return store.receive(path.substring(1));
            }
        };
    }

    @Test
    void takesNothingFromAnAttemptThatDoesNotCountAnyMore() {
        current.set(false);
        assertThatThrownBy(() -> record(1, item("out/a", false)))
                .isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.failure())
                        .isEqualTo(TransferException.Failure.REFUSED));
        assertThat(files.outputs(job)).isEmpty();
    }

    @Test
    void servesNoWorkerThatWasRemoved() {
        var removed = new NodeName(NodeName.Role.WORKER, "w9");
        assertThatThrownBy(() -> files.get(removed, "/" + HELLO, List.of())).hasMessageContaining("was removed");
        assertThatThrownBy(() -> files.put(removed, "/" + HELLO, 5)).hasMessageContaining("was removed");
    }

    @Test
    void forgetsWhatTheTasksOfADeletedJobMade() throws IOException {
        record(1, item("out/a", false));
        files.forget(job);
        assertThat(files.outputs(job)).isEmpty();
    }

    /** Another manager, which shares the bucket alone. */
    private void takeOver(String name) throws IOException {
        files.close();
        data = folder.resolve(name);
        files = open();
    }

    @Test
    void findsAllInTheBucketThatAnotherManagerPutThere() throws IOException {
        keep = new ManagerFiles.Keep(
                new FolderBucket(folder.resolve("bucket")), 1000, Duration.ofDays(7), Clock.systemUTC());
        takeOver("first");
        upload("hello", 0, 5);
        record(1, item("log", true));
        record(2, item("out/a", false), item("log", true));
        files.outputs().note(job, Map.of(0, "it was never made"));
        files.outputs().record(new Outputs.Made(new AttemptId(new TaskId(new JobId(99), 0), 1), "w1", made()));
        takeOver("second");
        assertThat(files.file(HELLO)).hasContent("hello");
        assertThat(files.outputs(job)).extracting(OutputView::name).containsExactly("out/a", "log");
        assertThat(files.outputs().all(new TaskId(job, 0))).hasSize(2);
        assertThat(files.outputs().noted(new TaskId(job, 0))).isEqualTo("it was never made");
        files.outputs().share(new AttemptId(new TaskId(job, 0), 1), new AttemptId(new TaskId(job, 1), 1));
        files.outputs().removeAfter(job.value(), leads::get);
        takeOver("third");
        assertThat(files.outputs(new TaskId(job, 1)))
                .extracting(OutputView::name)
                .containsExactly("log");
        assertThat(files.outputs().of(new JobId(99))).isEmpty();
        files.forget(job);
        takeOver("second");
        assertThat(files.outputs(job)).isEmpty();
    }

    private void keepInBucket(Bucket bucket) {
        keep = new ManagerFiles.Keep(bucket, 1000, Duration.ofDays(7), Clock.systemUTC());
    }

    @Test
    void doesNotCountOnItsFolderForWhatTheBucketMayNotHave() throws IOException {
        var bucket = new FolderBucket(folder.resolve("bucket"));
        keepInBucket(bucket);
        takeOver("first");
        upload("hello", 0, 5);
        takeOver("first");
        assertThat(files.size(HELLO)).hasValue(5);
        takeOver("first");
        assertThat(files.file(HELLO)).hasContent("hello");

        // killed before it was in the bucket; or another led, and removed it there
        bucket.list("sha256/", "", (name, since) -> removeFrom(bucket, name));
        takeOver("first");
        assertThat(files.size(HELLO)).isEmpty();
        assertThatThrownBy(() -> files.file(HELLO)).hasMessageContaining("nobody has");
        upload("hello", 0, 5);
        takeOver("second");
        assertThat(files.file(HELLO)).hasContent("hello");
    }

    private static void removeFrom(Bucket bucket, String name) {
        try {
            bucket.remove(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void recordsNothingForAManagerThatLeadsNoMore() {
        leads.set(false);
        assertThatThrownBy(() -> record(1, item("out/a", false)))
                .isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.failure())
                        .as("so that the worker asks again")
                        .isEqualTo(TransferException.Failure.SOURCE_LOST));
        assertThat(made).isEmpty();
    }

    @Test
    void removesNothingOnceAnotherManagerLeads() throws IOException {
        keepInBucket(new FolderBucket(folder.resolve("bucket")));
        takeOver("first");
        upload("hello", 0, 5);
        record(1, item("log", true));
        takeOver("first");
        assertThat(files.idle(Instant.now().plusSeconds(60))).containsExactly(HELLO);
        leads.set(false);
        assertThatThrownBy(() -> files.removeIdle(HELLO)).hasMessageContaining("leads no more");
        assertThatThrownBy(() -> files.outputs().removeAfter(0, leads::get)).hasMessageContaining("leads no more");
        takeOver("second");
        assertThat(files.file(HELLO)).hasContent("hello");
        assertThat(files.outputs(job)).extracting(OutputView::name).containsExactly("log");
    }

    @Test
    void tellsNobodyThatAnObjectIsHereWhileItIsThrownAway() throws Exception {
        var removing = new CountDownLatch(1);
        var mayGo = new CountDownLatch(1);
        keepInBucket(new FolderBucket(folder.resolve("bucket")) {
            @Override
            public void remove(String name) throws IOException {
                removing.countDown();
                try {
                    mayGo.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                super.remove(name);
            }
        });
        takeOver("first");
        upload("hello", 0, 5);
        takeOver("second");
        var removed = new FutureTask<>(() -> files.removeIdle(HELLO));
        new Thread(removed).start();
        removing.await();
        var told = new FutureTask<>(() -> files.size(HELLO));
        var teller = new Thread(told);
        teller.start();
        TestCluster.until("it is waited for or told", () -> teller.getState() == Thread.State.BLOCKED || told.isDone());
        mayGo.countDown();
        assertThat(told.get(60, TimeUnit.SECONDS)).isEmpty();
        assertThat(removed.get(60, TimeUnit.SECONDS)).isTrue();
    }

    private static Manifest made() {
        return new Manifest(List.of(item("log", true)));
    }

    @Test
    void leavesOnTheWorkerWhatAnotherTaskTakesAndKeepsTheRest() {
        var make = ((Work.Graph) cluster.jobs.spec(job).work()).tasks().get(0);
        assertThat(make.outputs()).containsExactly(new Output("out/a", false, false), new Output("log", false, true));
    }

    @Test
    void saysWhoElseMayHaveALargeFile() throws IOException {
        var bytes = new byte[(int) DataPlane.Part.BYTES + 1];
        var digest = ObjectStore.digest();
        digest.update(bytes);
        var object = ObjectStore.name(digest);
        files.upload(object, 0, bytes.length, new ByteArrayInputStream(bytes));
        files.worker("w1", "10.0.0.1:4001");
        files.worker("w2", "10.0.0.2:4001");

        assertThat(others(WORKER, object)).isEmpty();
        assertThat(others(WORKER, object)).as("not itself").isEmpty();
        assertThat(others(new NodeName(NodeName.Role.WORKER, "w2"), object))
                .containsExactly(URI.create("https://10.0.0.1:4001/" + object));
        files.worker("w2", "");
        assertThat(others(WORKER, object)).as("one that serves no files").isEmpty();
    }

    private List<URI> others(NodeName asking, String object) throws IOException {
        return ((DataPlane.Answer.File) files.get(asking, "/" + object, List.of())).others();
    }

    @Test
    void namesWhoFetchedWhatATaskMadeBehindWhoMadeIt() throws IOException {
        files.worker("w1", "10.0.0.1:4001");
        files.worker("w2", "10.0.0.2:4001");
        record(1, item("out/a", false));
        files.get(new NodeName(NodeName.Role.WORKER, "w2"), "/" + HELLO, List.of());

        assertThat(files.get(new NodeName(NodeName.Role.WORKER, "w3"), "/" + HELLO, List.of()))
                .isEqualTo(new DataPlane.Answer.Elsewhere(List.of(
                        URI.create("https://10.0.0.1:4001/" + HELLO), URI.create("https://10.0.0.2:4001/" + HELLO))));
    }
}
