package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import muster.api.JobSpec;
import muster.api.Role;
import muster.rest.TestServer.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ObjectsResourceTest {
    private static final String HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = new TestServer(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Answer get(String path) {
        return server.send(server.as(Role.VIEWER, "GET", path, ""));
    }

    private static Answer put(Role role, String path, String body) {
        return server.send(server.as(role, "PUT", path, body).setHeader("Content-Type", "application/octet-stream"));
    }

    @Test
    void takesAnObjectAndGivesItBack() {
        var before = get("/api/v1/objects/" + HELLO + "/status");
        assertThat(before.json().path("bytes").isNull()).isTrue();
        var taken = put(Role.USER, "/api/v1/objects/" + HELLO + "?bytes=5", "hello");
        assertThat(taken.status()).isEqualTo(200);
        assertThat(taken.json().path("bytes").asLong()).isEqualTo(5);
        var given = get("/api/v1/objects/" + HELLO);
        assertThat(given.text()).isEqualTo("hello");
        assertThat(given.header("Content-Length")).isEqualTo("5");
    }

    @Test
    void refusesAnOffsetWhereTheUploadDoesNotStand() {
        var answer = put(Role.USER, "/api/v1/objects/sha256:" + "1".repeat(64) + "?bytes=5&offset=3", "lo");
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.text()).contains("stands at byte 0, not at 3");
    }

    @Test
    void aViewerUploadsNothing() {
        assertThat(put(Role.VIEWER, "/api/v1/objects/" + HELLO + "?bytes=5", "hello")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void saysThatNobodyHasAnObject() {
        assertThat(get("/api/v1/objects/sha256:" + "2".repeat(64)).status()).isEqualTo(404);
    }

    @Test
    void listsWhatTheTasksOfAJobMade() {
        var job = server.jobs.submit(JobSpec.command(List.of("true")), "anna", null);
        var made = get("/api/v1/objects?job=" + job).json().path("items").path(0);
        assertThat(made.path("task").asText()).isEqualTo(job + ".0");
        assertThat(made.path("name").asText()).isEqualTo("out.txt");
        assertThat(get("/api/v1/objects").text()).contains("write such as ?job=17");
    }

    @Test
    void measuresATransfer() {
        var answer = server.send(server.as(Role.OPERATOR, "POST", "/api/v1/objects/transfers?bytes=1000", ""));
        assertThat(answer.json().path("worker").asText()).isEqualTo("w1");
        assertThat(answer.json().path("bytes").asLong()).isEqualTo(1000);
    }
}
