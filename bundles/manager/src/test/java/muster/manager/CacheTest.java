package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Output;
import muster.api.OutputView;
import muster.api.SessionSpec;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.TaskView;
import muster.api.Work;
import muster.data.FakePlane;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run takes from earlier ones, and what it does again; the worker does what its tasks are told, and counts. */
class CacheTest {
    private static final NodeName WORKER = new NodeName(NodeName.Role.WORKER, "w1");

    @TempDir
    private Path folder;

    private final FakePlane plane = new FakePlane();
    private final List<String> ran = new ArrayList<>();
    private TestCluster cluster;
    private ManagerFiles files;
    private TestCluster.FakeWorker worker;

    @BeforeEach
    void start() throws IOException {
        cluster = new TestCluster(folder);
        open();
        worker = cluster.worker("w1", 8);
    }

    private void open() throws IOException {
        files = new ManagerFiles(
                plane.of(new NodeName(NodeName.Role.MANAGER, "manager")),
                new NodeIdentity("manager", folder, folder, ""),
                "127.0.0.1",
                0,
                folder,
                cluster.jobs,
                new KnownAttempts(cluster.manager),
                worker -> false,
                ManagerFiles.Keep.ON_DISK);
        cluster.manager.reactor.ask(() -> {
            cluster.manager.files(files, "");
            return true;
        });
    }

    @AfterEach
    void stop() {
        files.close();
        cluster.close();
    }

    @Test
    void aRetryThatCannotBeginTakesNoRoom() throws Exception {
        stop();
        cluster = new TestCluster(folder.resolve("limited"), new Quotas.Limits(1, 0, 0));
        open();
        worker = cluster.worker("w1", 8);
        var work = new Work.Graph(List.of(task("a", "a", false), task("b", "b", true, from("a"))));
        var job = cluster.jobs.submit(JobSpec.of("", work), "ada", null);
        worker.end(worker.awaitRunning(1).get(0), Cause.EXIT_CODE, 1, "failed");
        cluster.ended(job);
        files.outputs().record(new Outputs.Made(new AttemptId(new TaskId(job, 0), 1), "w1", new Manifest(List.of())));
        try (var all = Files.walk(folder)) {
            var list = all.filter(path -> path.endsWith("outputs/" + job + "/0/1"))
                    .findFirst()
                    .orElseThrow();
            Files.writeString(list, "no list");
        }

        assertThatThrownBy(() -> cluster.jobs.retry(job, false, "ada")).isInstanceOf(RuntimeException.class);

        assertThat(cluster.jobs.submit(JobSpec.of("", work), "ada", null)).isNotEqualTo(job);
    }

    private static String object(String text) {
        var digest = ObjectStore.digest();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return ObjectStore.name(digest);
    }

    /** A task that makes a file of its name. */
    private static TaskSpec task(String name, String command, boolean kept, Input... inputs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of(command))
                .inputs(List.of(inputs))
                .outputs(List.of(new Output(name, false, kept)))
                .build();
    }

    private static Input from(String task) {
        return new Input(task, "task:" + task + "/" + task, false);
    }

    private JobId run(String owner, TaskSpec... tasks) throws Exception {
        return finish(cluster.jobs.resume(JobSpec.of("", new Work.Graph(List.of(tasks))), owner, null));
    }

    private JobId finish(JobId job) throws Exception {
        ran.clear();
        TestCluster.until("job " + job + " ends", () -> {
            worker.snapshot().forEach(this::make);
            return cluster.jobs.job(job).state().terminal();
        });
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        return job;
    }

    private void make(AttemptId attempt) {
        try {
            var task = ((Work.Graph) cluster.jobs.spec(attempt.task().job()).work())
                    .tasks()
                    .get(attempt.task().index());
            var made = "made by " + task.command();
            var kept = Boolean.TRUE.equals(task.outputs().get(0).keep());
            if (kept) {
                upload(made);
            }
            var item = new Manifest.Item(object(made), made.length(), false, kept, task.name());
            var sink = files.put(WORKER, "/outputs/" + attempt, -1);
            sink.write(ByteBuffer.wrap(new Manifest(List.of(item)).text().getBytes(StandardCharsets.UTF_8)));
            sink.complete();
            ran.add(task.name());
            worker.succeed(attempt);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void upload(String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        files.upload(object(text), 0, bytes.length, new ByteArrayInputStream(bytes));
    }

    private Set<String> cached(JobId job) {
        var cached = new HashSet<String>();
        for (var index = 0; index < cluster.jobs.job(job).size(); index++) {
            var task = cluster.jobs.task(new TaskId(job, index));
            if (task.cached()) {
                cached.add(task.name());
            }
        }
        return cached;
    }

    private String explain(JobId job, int index) {
        return cluster.jobs.explain(new TaskId(job, index)).summary();
    }

    private static TaskSpec[] chain(String secondCommand) {
        return new TaskSpec[] {
            task("first", "1", true),
            task("second", secondCommand, true, from("first")),
            task("third", "3", true, from("second")),
            task("other", "4", true, from("first"))
        };
    }

    @Test
    void whatIsCompleteIsNotRunAgainAlsoByAnotherManager() throws Exception {
        var first = run("ada", chain("2"));
        assertThat(ran).containsExactlyInAnyOrder("first", "second", "third", "other");
        var outputs = files.outputs(first);
        cluster.restart();
        files.close();
        open();
        worker.hello();

        var second = run("ada", chain("2"));
        assertThat(ran).isEmpty();
        assertThat(cached(second)).containsExactlyInAnyOrder("first", "second", "third", "other");
        assertThat(explain(second, 1))
                .matches("has succeeded on worker 'w1': taken from the cache: task " + first
                        + "\\.1 made it on worker 'w1' at [-0-9]+T[:0-9]+Z in 500ms");
        assertThat(files.outputs(second))
                .extracting(OutputView::object)
                .isEqualTo(outputs.stream().map(OutputView::object).toList());

        // the later run has them too
        cluster.jobs.delete(first, "ada");
        run("ada", chain("2"));
        assertThat(ran).isEmpty();
    }

    @Test
    void aChangeRunsExactlyWhatDependsOnIt() throws Exception {
        run("ada", chain("2"));
        var changed = run("ada", chain("2 changed"));
        assertThat(ran).containsExactly("second", "third");
        assertThat(explain(changed, 1))
                .isEqualTo(
                        "has succeeded on worker 'w1'; not taken from the cache, since no earlier run of 'ada' had the"
                                + " same command, environment, executor, inputs and outputs");
        assertThat(explain(changed, 2)).endsWith("since it needs 'second', which is not taken from the cache");
        assertThat(cluster.jobs.task(new TaskId(changed, 1))).returns(false, TaskView::cached);
    }

    @Test
    void anInputOfOtherContentRunsWhatTakesIt() throws Exception {
        upload("old");
        upload("new");
        var old = new Input("in", object("old"), false);
        run("ada", task("reads", "1", true, old), task("other", "2", true));
        run("ada", task("reads", "1", true, new Input("in", object("new"), false)), task("other", "2", true));
        assertThat(ran).containsExactly("reads");
        run("ada", task("reads", "1", true, old), task("other", "2", true));
        assertThat(ran).isEmpty();
    }

    @Test
    void nobodyIsGivenWhatAnotherOwnerMade() throws Exception {
        run("ada", task("only", "1", true));
        run("bob", task("only", "1", true));
        assertThat(ran).containsExactly("only");
    }

    @Test
    void whoAsksForNoCacheRunsAll() throws Exception {
        run("ada", task("only", "1", true));
        finish(cluster.jobs.submit(JobSpec.of("", new Work.Graph(List.of(task("only", "1", true)))), "ada", null));
        assertThat(ran).containsExactly("only");
    }

    @Test
    void aDeletedJobLeavesNothingToTake() throws Exception {
        cluster.jobs.delete(run("ada", task("only", "1", true)), "ada");
        run("ada", task("only", "1", true));
        assertThat(ran).containsExactly("only");
    }

    @Test
    void whatIsOnWorkersAloneIsMadeAgainIfATaskThatRunsTakesItAndOnlyThen() throws Exception {
        run("ada", task("part", "1", false), task("whole", "2", true, from("part")));
        run("ada", task("part", "1", false), task("whole", "2", true, from("part")));
        assertThat(ran).isEmpty();
        var changed = run("ada", task("part", "1", false), task("whole", "2 changed", true, from("part")));
        assertThat(ran).containsExactly("part", "whole");
        assertThat(explain(changed, 0)).endsWith("made is not at the manager, and 'whole' needs it");
    }

    @Test
    void aTaskWhoseInputNobodyKnowsBeforeRunsAlways() throws Exception {
        var url = new Input("in", "https://example.org/in", false);
        run("ada", task("reads", "1", true, url));
        var again = run("ada", task("reads", "1", true, url));
        assertThat(ran).containsExactly("reads");
        assertThat(explain(again, 0)).endsWith("nobody knows the content of its input 'in' before it runs");
    }

    @Test
    void whatWasMadeInASessionThatIsMerelyWarmIsTakenAndWhatKeepsThereRunsAlways() throws Exception {
        var warm = task("only", "1", true).toBuilder().session(SessionSpec.WARM).build();
        var keeps = task("keeps", "2", true).toBuilder()
                .session(new SessionSpec("model", 0, List.of("a"), List.of()))
                .build();
        run("ada", warm, keeps);

        run("ada", warm, keeps);

        assertThat(ran).containsExactly("keeps");
    }

    @Test
    void aRunThatWasInterruptedGoesOn() throws Exception {
        var job = cluster.jobs.resume(JobSpec.of("", new Work.Graph(List.of(chain("2")))), "ada", null);
        worker.obeys = true;
        worker.awaitRunning(1).forEach(this::make);
        worker.awaitRunning(2);
        cluster.jobs.cancel(job, "ada");
        cluster.ended(job);
        run("ada", chain("2"));
        assertThat(ran).containsExactlyInAnyOrder("second", "third", "other");
    }
}
