package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import muster.api.AttemptId;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Output;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.data.FakePlane;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.manager.security.Moment;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweeperTest {
    private static final NodeName WORKER = new NodeName(NodeName.Role.WORKER, "w1");
    private static final Duration UNUSED = Duration.ofDays(7);

    @TempDir
    private Path folder;

    private final Moment clock = new Moment(Instant.now());
    private TestCluster cluster;
    private ManagerFiles files;
    private Sweeper sweeper;

    @BeforeEach
    void start() throws IOException {
        cluster = new TestCluster(folder);
        files = new ManagerFiles(
                new FakePlane().of(new NodeName(NodeName.Role.MANAGER, "manager")),
                new NodeIdentity("manager", folder, folder, ""),
                "127.0.0.1",
                0,
                folder,
                cluster.jobs,
                new KnownAttempts(cluster.manager),
                worker -> false,
                new ManagerFiles.Keep(null, Long.MAX_VALUE, UNUSED, clock));
        cluster.manager.reactor.ask(() -> {
            cluster.manager.files(files, "");
            return true;
        });
        sweeper = new Sweeper(cluster.manager.store, files, UNUSED, clock);
    }

    @AfterEach
    void stop() {
        files.close();
        cluster.close();
    }

    private String upload(String text) throws IOException {
        var digest = ObjectStore.digest();
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(bytes);
        var object = ObjectStore.name(digest);
        files.upload(object, 0, bytes.length, new ByteArrayInputStream(bytes));
        return object;
    }

    private void pass(Duration time) {
        clock.pass(time);
    }

    private JobId submit(List<Input> inputs, List<Output> outputs) {
        var task = TaskSpec.builder()
                .name("t")
                .command(List.of("true"))
                .inputs(inputs)
                .outputs(outputs)
                .build();
        return cluster.jobs.submit(JobSpec.of("", new Work.Single(task)), "ada", null);
    }

    @Test
    void goesOnAnotherTimeWhateverAFileCannotBeDeletedFor() throws IOException {
        var object = upload("nobody's");
        var file = files.file(object);
        Files.delete(file);
        Files.createFile(Files.createDirectory(file).resolve("in the way"));
        pass(UNUSED.plusHours(1));

        assertThatCode(sweeper::run).doesNotThrowAnyException();
    }

    @Test
    void deletesWhatNoJobTakesOnceItsTimeIsOver() throws IOException {
        var object = upload("nobody's");
        pass(UNUSED.minusHours(1));
        assertThat(sweeper.sweep()).isZero();
        pass(Duration.ofHours(2));
        assertThat(sweeper.sweep()).isEqualTo(1);
        assertThat(files.size(object)).isEmpty();
    }

    @Test
    void keepsWhatAJobTakesAsLongAsTheJob() throws Exception {
        var object = upload("taken");
        var job = submit(List.of(new Input("in", object, false)), List.of());
        pass(UNUSED.plusDays(1));
        assertThat(sweeper.sweep()).isZero();
        cluster.worker("w1", 1).automatic();
        cluster.ended(job);
        cluster.jobs.delete(job, "ada");
        assertThat(sweeper.sweep()).isEqualTo(1);
    }

    @Test
    void keepsWhatAnAttemptMadeAsLongAsTheJob() throws Exception {
        var object = upload("made");
        var job = submit(List.of(), List.of(Output.of("out")));
        var attempt = new AttemptId(new TaskId(job, 0), 1);
        files.outputs()
                .record(new Outputs.Made(
                        attempt, "w1", new Manifest(List.of(new Manifest.Item(object, 4, false, true, "out")))));
        pass(UNUSED.plusDays(1));
        assertThat(sweeper.sweep()).isZero();
        files.forget(job);
        assertThat(sweeper.sweep()).isEqualTo(1);
    }

    @Test
    void deletesWhatIsListedOfJobsThatAreNoMore() throws IOException {
        var there = submit(List.of(), List.of(Output.of("out")));
        var made = new Manifest(List.of());
        var kept = new AttemptId(new TaskId(there, 0), 1);
        var orphan = new AttemptId(new TaskId(new JobId(99), 0), 1);
        for (var attempt : List.of(kept, orphan)) {
            files.outputs().record(new Outputs.Made(attempt, "w1", made));
        }
        pass(UNUSED.minusHours(1));
        sweeper.sweep();
        assertThat(files.outputs().find(orphan)).isPresent();
        pass(Duration.ofHours(2));
        sweeper.sweep();
        assertThat(files.outputs().find(orphan)).isEmpty();
        assertThat(files.outputs().find(kept)).isPresent();
    }

    @Test
    void keepsWhatAUserWasToldIsHere() throws IOException {
        var object = upload("asked for");
        pass(UNUSED.plusDays(1));
        assertThat(files.size(object)).isPresent();
        pass(UNUSED.minusDays(1));
        assertThat(sweeper.sweep()).isZero();
        pass(Duration.ofDays(2));
        assertThat(sweeper.sweep()).isEqualTo(1);
    }

    @Test
    void keepsForAWhileWhatAWorkerWasToldIsHere() throws IOException {
        var object = upload("asked for");
        pass(UNUSED.plusDays(1));
        files.get(WORKER, "/" + object, List.of());
        assertThat(sweeper.sweep()).isZero();
        pass(Duration.ofHours(2));
        assertThat(sweeper.sweep()).isEqualTo(1);
    }

    @Test
    void deletesUploadsThatNobodyGoesOnWith() throws IOException {
        var object = upload("whole");
        var sink = new ObjectStore(folder.resolve("objects"), Long.MAX_VALUE, true);
        files.removeIdle(object);
        var part = sink.resume(object, 0);
        part.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        part.abort();
        assertThat(files.uploaded(object)).isEqualTo(3);
        pass(UNUSED.plusDays(1));
        sweeper.sweep();
        assertThat(files.uploaded(object)).isZero();
    }
}
