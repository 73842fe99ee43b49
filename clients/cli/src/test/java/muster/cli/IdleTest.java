package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import muster.cli.client.Client;
import muster.cli.client.FakeManager;
import muster.cli.client.Json;
import muster.cli.terminal.Progress;
import muster.cli.terminal.Terminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IdleTest {
    private static final JsonNode IDLE = job("waiting", 0);
    private static final JsonNode RUNNING = job("running", 1);

    private final FakeManager manager = new FakeManager();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Terminal terminal = new Terminal(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            Map.of());

    private static JsonNode job(String state, int running) {
        var job = Json.object().put("id", "17").put("state", state);
        job.putObject("tasks").put("running", running);
        return job;
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private void looks(Duration patience, JsonNode... jobs) {
        manager.on("GET /tasks", 200, "{\"items\":[{\"id\":\"17.0\"}]}")
                .on(
                        "GET /tasks/17.0/explain",
                        200,
                        "{\"task\":\"17.0\",\"summary\":\"no worker can run it\",\"workers\":{\"w1\":\"no docker\",\"w2\":\"full\","
                                + "\"w3\":\"full\",\"w4\":\"full\",\"w5\":\"full\"}}");
        var idle = new Idle(new Client(manager.connection()), terminal, patience);
        for (var job : jobs) {
            idle.look(job, new Progress(terminal, true));
        }
    }

    @Test
    void saysOnceWhyNothingRuns() {
        looks(Duration.ZERO, IDLE, IDLE, RUNNING, IDLE);

        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("""
                muster: job 17 waits: no worker can run it
                  w1: no docker
                  w2: full
                  w3: full
                  w4: full
                  and 1 more: muster task explain 17.0
                """);
    }

    @Test
    void saysNothingWhileSomethingRunsOrBeforeItsTime() {
        looks(Duration.ZERO, RUNNING, RUNNING);
        looks(Duration.ofDays(1), IDLE, IDLE);

        assertThat(err.size()).isZero();
        assertThat(manager.requests()).isEmpty();
    }
}
