package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Role;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AuditTrailTest {
    private static final Caller URSULA = new Caller("ursula", Role.USER, "000000000002");
    private static final Caller ADMIN = new Caller("admin", Role.ADMIN, "000000000004");
    private static final Caller JOINING = new Caller("admin", Role.WORKER, "000000000005");

    private static TestServer server;

    private JobId job = new JobId(1);

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        server = new TestServer(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void begin() {
        job = server.jobs.submit(JobSpec.command(List.of("true")), "ursula", null);
        server.deeds.clear();
    }

    private static void ask(Role role, String method, String path, String body) {
        server.send(server.as(role, method, path, body));
    }

    private static void written(@Nullable Caller caller, String operation, String thing, int status) {
        assertThat(server.deeds).containsExactly(new Deed(caller, "127.0.0.1", operation, thing, status));
    }

    @Test
    void whatChangesSomethingIsWrittenDownWithWhatItChanged() {
        ask(Role.USER, "POST", "/api/v1/jobs/" + job + "/cancel", "");
        written(URSULA, "cancelJob", job.toString(), 200);
    }

    @Test
    void whatIsMadeIsNamed() {
        ask(Role.USER, "POST", "/api/v1/jobs", "{\"task\":{\"command\":[\"true\"]}}");
        written(URSULA, "submitJob", Long.toString(job.value() + 1), 201);
        server.deeds.clear();
        ask(Role.ADMIN, "POST", "/api/v1/tokens", "{\"role\":\"viewer\"}");
        assertThat(server.deeds).singleElement().satisfies(deed -> {
            assertThat(deed.operation()).isEqualTo("createToken");
            assertThat(deed.thing()).matches("[0-9a-f]{12}");
        });
    }

    @Test
    void whatFailsIsWrittenDownToo() {
        ask(Role.ADMIN, "DELETE", "/api/v1/tokens/ffffffffffff", "");
        written(ADMIN, "revokeToken", "ffffffffffff", 404);
    }

    @Test
    void readingIsNot() {
        ask(Role.USER, "GET", "/api/v1/jobs/" + job, "");
        ask(Role.USER, "GET", "/api/v1/jobs/9999", "");
        ask(Role.VIEWER, "GET", "/metrics", "");
        server.send(server.request("GET", "/healthz", ""));
        assertThat(server.deeds).isEmpty();
    }

    @Test
    void readingThatIsRefusedIs() {
        ask(Role.USER, "GET", "/api/v1/tokens", "");
        written(URSULA, "listTokens", "", 403);
        server.deeds.clear();
        server.send(server.request("GET", "/metrics", ""));
        written(null, "metrics", "", 401);
        server.deeds.clear();
        server.send(server.request("GET", "/nothing%0Ahere", "").header("Authorization", "Bearer x"));
        written(null, "GET", "/nothing\nhere", 401);
    }

    @Test
    void jobsOfOthersThatAreAskedForAreNamed() {
        var other = server.jobs.submit(JobSpec.command(List.of("true")), "otto", null);
        ask(Role.USER, "DELETE", "/api/v1/jobs/" + other, "");
        written(URSULA, "deleteJob", other.toString(), 403);
    }

    @Test
    void enrolmentsAndRenewalsNameTheWorker() {
        ask(Role.WORKER, "POST", "/api/v1/enrol", "{\"worker\":\"w3\",\"publicKey\":\"AQID\"}");
        written(JOINING, "enrolWorker", "w3", 200);
        server.deeds.clear();
        ask(Role.ADMIN, "POST", "/api/v1/enrol", "{\"worker\":\"w3\",\"publicKey\":\"AQID\"}");
        written(ADMIN, "enrolWorker", "w3", 403);
        server.deeds.clear();
        server.send(server.request(
                        "POST",
                        "/api/v1/enrol/renew",
                        "{\"certificate\":\"AQID\",\"publicKey\":\"AQID\",\"signature\":\"AQID\"}")
                .header("Content-Type", "application/json"));
        written(null, "renewWorker", "w3", 200);
    }

    @Test
    void defectsAreWrittenDownAsWhatTheyAre() {
        ask(Role.USER, "POST", "/api/v1/jobs", "{\"name\":\"defect\",\"task\":{\"command\":[\"true\"]}}");
        written(URSULA, "submitJob", "", 500);
    }
}
