package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Long runs through the losses that a cluster must bear. */
class RecoveryProof {
    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    void aJobOutlivesItsManager(@TempDir Path dir, @TempDir Path shared) throws Exception {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var ran = Files.createFile(shared.resolve("ran"));
            var id = cluster.rest().submit("""
                    {"array":{"task":{"command":["sh","-c","sleep 0.2; echo $MUSTER_INDEX >>FILE"]},"indices":"0-199"}}""".replace("FILE", ran.toString()));
            for (var ended : new int[] {30, 90}) {
                Eventually.until(
                        ended + " tasks have ended",
                        LONG,
                        () -> cluster.rest()
                                .get("/api/v1/jobs/" + id)
                                .json()
                                .at("/tasks/succeeded")
                                .asInt(),
                        count -> count >= ended);
                cluster.kill("manager");
                cluster.startManager();
            }
            assertThat(cluster.rest().ended(id, LONG).at("/tasks/succeeded").asInt())
                    .isEqualTo(200);
            // nothing that still ran was started twice
            assertThat(Files.readAllLines(ran)).hasSize(200).doesNotHaveDuplicates();
        }
    }

    @Test
    void aJobOutlivesWorkersThatComeAndGo(@TempDir Path dir) {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var rest = cluster.rest();
            var id = rest.submit("""
                    {"array":{"task":{"command":["sleep","0.2"]},"indices":"0-199"}}""");
            for (var worker : new String[] {"w1", "w2"}) {
                Eventually.until(
                        "worker " + worker + " runs a task",
                        LONG,
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
            assertThat(rest.ended(id, LONG).at("/tasks/succeeded").asInt()).isEqualTo(200);
        }
    }

    @Test
    void manyTasksPass(@TempDir Path dir) {
        try (var cluster = Cluster.start(dir, "w1", "w2")) {
            var rest = cluster.rest();
            var id = rest.submit("""
                    {"array":{"task":{"executor":"noop"},"indices":"0-199999"}}""");
            assertThat(rest.ended(id, LONG).at("/tasks/succeeded").asInt()).isEqualTo(200_000);
        }
    }
}
