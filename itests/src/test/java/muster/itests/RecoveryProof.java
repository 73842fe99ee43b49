package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs through the losses that a cluster must bear. */
@Tag("proof")
class RecoveryProof {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** What runs while the manager is away goes on, its results are not lost, and nothing of it is started again. */
    @Test
    void aJobOutlivesItsManager(@TempDir Path dir, @TempDir Path shared) throws Exception {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var rest = cluster.rest();
            var gate = shared.resolve("gate");
            var began = Files.createFile(shared.resolve("began"));
            var longer = rest.submit(
                    job("echo $MUSTER_TASK >>BEGAN; until [ -e GATE ]; do sleep 0.1; done", "0", began, gate));
            var shorter = rest.submit(job("echo $MUSTER_TASK >>BEGAN; sleep 0.2", "0-99", began, gate));
            for (var succeeded : new int[] {10, 40}) {
                await(rest, shorter, "succeeded", succeeded);
                cluster.kill("manager");
                cluster.startManager();
            }
            await(rest, shorter, "succeeded", 100);
            await(rest, longer, "running", 1);
            Files.createFile(gate);
            assertThat(rest.ended(longer, LIMIT).path("state").asText()).isEqualTo("succeeded");
            assertThat(Files.readAllLines(began)).hasSize(101).doesNotHaveDuplicates();
        }
    }

    /** What a worker ran when it was killed runs again, on another or on itself. */
    @Test
    void aJobOutlivesWorkersThatComeAndGo(@TempDir Path dir, @TempDir Path shared) throws Exception {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var rest = cluster.rest();
            var gate = shared.resolve("gate");
            var began = Files.createFile(shared.resolve("began"));
            var id = rest.submit(
                    job("echo $MUSTER_TASK >>BEGAN; until [ -e GATE ]; do sleep 0.1; done", "0-19", began, gate));
            for (var worker : List.of("w1", "w2")) {
                Eventually.until(
                        "worker " + worker + " runs a task",
                        LIMIT,
                        () -> rest.get("/api/v1/workers/" + worker)
                                .json()
                                .path("running")
                                .asInt(),
                        running -> running > 0);
                cluster.kill(worker);
                cluster.awaitState(worker, "lost");
                cluster.startWorker(worker);
                cluster.awaitState(worker, "online");
            }
            Files.createFile(gate);
            assertThat(rest.ended(id, LIMIT).at("/tasks/succeeded").asInt()).isEqualTo(20);
            assertThat(Files.readAllLines(began)).hasSizeGreaterThan(20);
        }
    }

    @Test
    void manyTasksPass(@TempDir Path dir) {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var rest = cluster.rest();
            var id = rest.submit("""
                    {"array":{"task":{"executor":"noop"},"indices":"0-199999"}}""");
            assertThat(rest.ended(id, LIMIT).at("/tasks/succeeded").asInt()).isEqualTo(200_000);
        }
    }

    @Test
    void aWorkerThatCrashedEndsWhatItLeftRunningWhenItStarts(@TempDir Path dir, @TempDir Path shared) throws Exception {
        try (var cluster = Cluster.start(dir, "w1")) {
            var pids = Files.createDirectory(shared.resolve("pids"));
            // one that waits, with a child, and one that leaves its session
            var id = cluster.rest().submit("""
                    {"task":{"command":["sh","-c","setsid sh -c 'echo >DIR/$$; exec sleep 600' & echo >DIR/$$; sleep 600 & wait"]}}""".replace("DIR", pids.toString()));
            Eventually.until("the task runs", LIMIT, () -> count(pids), found -> found == 2);
            cluster.kill("w1");
            assertThat(alive(pids)).isEqualTo(2);
            var left = pids(pids);
            cluster.startWorker("w1");
            Eventually.until("the task runs again", LIMIT, () -> count(pids), found -> found == 4);
            assertThat(left.filter(pid ->
                            ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)))
                    .isEmpty();
            assertThat(cluster.rest()
                            .get("/api/v1/tasks/" + id + ".0")
                            .json()
                            .at("/attempts/0/cause")
                            .asText())
                    .isEqualTo("worker_lost");
            cluster.rest().post("/api/v1/jobs/" + id + "/cancel");
            cluster.rest().ended(id, LIMIT);
            assertThat(alive(pids)).isZero();
        }
    }

    private static Stream<Long> pids(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            return files.map(file -> Long.valueOf(file.getFileName().toString())).toList().stream();
        }
    }

    private static long count(Path folder) {
        try {
            return pids(folder).count();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static long alive(Path folder) throws Exception {
        return pids(folder)
                .filter(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false))
                .count();
    }

    private static String job(String script, String indices, Path began, Path gate) {
        var command = script.replace("BEGAN", began.toString()).replace("GATE", gate.toString());
        return "{\"array\":{\"task\":{\"command\":[\"sh\",\"-c\",\"" + command + "\"]},\"indices\":\"" + indices
                + "\"}}";
    }

    private static void await(Rest rest, String job, String state, int count) {
        Eventually.until(
                count + " tasks are " + state,
                LIMIT,
                () -> rest.get("/api/v1/jobs/" + job)
                        .json()
                        .at("/tasks/" + state)
                        .asInt(),
                now -> now >= count);
    }
}
