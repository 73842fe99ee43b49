package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.Role;
import muster.api.TokenRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of the OpenAPI document, asked without a token, with one that is not good, with one of each role, and
 * from a browser that has logged in with it, about the caller's own job and another's: each is answered as
 * {@link #RULES} say, and by nothing else.
 */
@Timeout(120)
class AccessMatrixTest {
    private static final String HEALTH = "health";
    private static final String ENROL = "enrolWorker";
    private static final String RENEW = "renewWorker";
    private static final String LOGIN = "login";
    private static final String OWNER = "ursula";
    private static final String NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /** These look at no token: two tell nothing, one wants the signature of a certificate's holder. */
    private static final Set<String> PROVEN_OTHERWISE = Set.of(HEALTH, LOGIN, RENEW);

    /** Whom an operation serves. An operation of the document that is not here fails the test: say it here too. */
    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("submitJob", new Rule(Role.USER, Of.NOBODY)),
            Map.entry("runWorkflow", new Rule(Role.USER, Of.NOBODY)),
            Map.entry("getWorkflowSchema", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("listJobs", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("getJob", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobSpec", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobCategories", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobReport", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobTrace", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobResults", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getJobGraph", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("cancelJob", new Rule(Role.USER, Of.OWNER)),
            Map.entry("retryJob", new Rule(Role.USER, Of.OWNER)),
            Map.entry("deleteJob", new Rule(Role.USER, Of.OWNER)),
            Map.entry("listTasks", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getTask", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("explainTask", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getTaskLog", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("followEvents", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("listObjects", new Rule(Role.VIEWER, Of.OWNER)),
            Map.entry("getObjectStatus", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("getObject", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("putObject", new Rule(Role.USER, Of.NOBODY)),
            Map.entry("measureTransfer", new Rule(Role.OPERATOR, Of.NOBODY)),
            Map.entry("listWorkers", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("getWorker", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("drainWorker", new Rule(Role.OPERATOR, Of.NOBODY)),
            Map.entry("resumeWorker", new Rule(Role.OPERATOR, Of.NOBODY)),
            Map.entry("deployBundle", new Rule(Role.ADMIN, Of.NOBODY)),
            Map.entry("undeployBundle", new Rule(Role.ADMIN, Of.NOBODY)),
            Map.entry("removeWorker", new Rule(Role.OPERATOR, Of.NOBODY)),
            Map.entry(RENEW, new Rule(Role.WORKER, Of.NOBODY)),
            Map.entry(ENROL, new Rule(Role.WORKER, Of.NOBODY)),
            Map.entry("createToken", new Rule(Role.ADMIN, Of.NOBODY)),
            Map.entry("listTokens", new Rule(Role.ADMIN, Of.NOBODY)),
            Map.entry("revokeToken", new Rule(Role.ADMIN, Of.NOBODY)),
            Map.entry("createSession", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("getSession", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("endSession", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry(LOGIN, new Rule(Role.WORKER, Of.NOBODY)),
            Map.entry("getCluster", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry(HEALTH, new Rule(Role.WORKER, Of.NOBODY)),
            Map.entry("readiness", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("metrics", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("openApi", new Rule(Role.VIEWER, Of.NOBODY)),
            Map.entry("docs", new Rule(Role.VIEWER, Of.NOBODY)));

    private static final Map<String, String> BODIES = Map.of(
            "submitJob",
            "{\"task\":{\"command\":[\"true\"]}}",
            "runWorkflow",
            "{\"file\":\"a.fake\",\"text\":\"other\"}",
            RENEW,
            "{\"certificate\":\"AQID\",\"publicKey\":\"AQID\",\"signature\":\"AQID\"}",
            ENROL,
            "{\"worker\":\"w3\",\"publicKey\":\"AQID\"}",
            "createToken",
            "{\"role\":\"viewer\"}",
            "deployBundle",
            "{\"file\":\"echo.jar\",\"object\":\"" + NOTHING + "\"}");

    private static TestServer server;

    /** Whose the thing is that an operation is about. */
    private enum Of {
        NOBODY,
        OWNER
    }

    /** @param least the role that it takes */
    private record Rule(Role least, Of of) {}

    private record Case(String id, String method, String path, String success) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        server = new TestServer(folder);
        server.objects.upload(NOTHING, 0, 0, InputStream.nullInputStream());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    static Stream<Case> operations() {
        var cases = new ArrayList<Case>();
        Conformance.DOCUMENT.path("paths").properties().forEach(path -> path.getValue()
                .properties()
                .forEach(operation -> cases.add(operation(path.getKey(), operation.getKey(), operation.getValue()))));
        return cases.stream();
    }

    private static Case operation(String path, String method, JsonNode operation) {
        var success = operation.path("responses").properties().stream()
                .map(Map.Entry::getKey)
                .filter(status -> status.startsWith("2"))
                .findFirst()
                .orElseThrow();
        var id = operation.path("operationId").asText();
        var names = operation.path("parameters").findValuesAsText("name");
        var query = names.contains("job") ? "?job={job}" : id.equals("putObject") ? "?bytes=0" : "";
        return new Case(id, method.toUpperCase(Locale.ROOT), path + query, success);
    }

    @ParameterizedTest
    @MethodSource("operations")
    void answersWhomItServesAndNobodyElse(Case asked) throws Exception {
        assertThat(RULES).as("say in RULES whom %s serves", asked.id()).containsKey(asked.id());
        for (var owner : List.of(OWNER, "somebody")) {
            for (var token : new String[] {null, "no token", FakeAccess.EXPIRED, FakeAccess.REVOKED}) {
                assertThat(status(asked, owner, token))
                        .as("%s of %s with %s", asked, owner, token)
                        .isEqualTo(PROVEN_OTHERWISE.contains(asked.id()) ? 200 : 401);
            }
            for (var role : Role.values()) {
                assertThat(status(asked, owner, FakeAccess.token(role)))
                        .as("%s of %s as %s", asked, owner, role)
                        .isEqualTo(expected(asked, owner, role));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void aSessionMayDoWhatItsTokenMay(Case asked) throws Exception {
        for (var owner : List.of(OWNER, "somebody")) {
            for (var role : EnumSet.range(Role.VIEWER, Role.ADMIN)) {
                var session = server.sessions.open(FakeAccess.token(role));
                assertThat(status(asked, owner, cookie(session), session.csrf()))
                        .as("%s of %s as %s", asked, owner, role)
                        // who joins shows the join token itself
                        .isEqualTo(asked.id().equals(ENROL) ? 401 : expected(asked, owner, role));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void whatChangesSomethingInASessionComesFromOurPages(Case asked) throws Exception {
        var changes = !Set.of("GET", "HEAD").contains(asked.method());
        for (var csrf : new String[] {
            null, "", "x", server.sessions.open(FakeAccess.token(Role.ADMIN)).csrf()
        }) {
            var session = server.sessions.open(FakeAccess.token(Role.ADMIN));
            assertThat(status(asked, OWNER, cookie(session), csrf))
                    .as("%s with %s", asked, csrf)
                    .isEqualTo(changes ? 403 : expected(asked, OWNER, Role.ADMIN));
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void aSessionThatIsNoneIsNobody(Case asked) throws Exception {
        var revoked = server.sessions.open(FakeAccess.REVOKED);
        for (var cookie : List.of(Sessions.COOKIE + "=", Sessions.COOKIE + "=" + "x".repeat(43), cookie(revoked))) {
            assertThat(status(asked, OWNER, cookie, revoked.csrf()))
                    .as("%s with %s", asked, cookie)
                    .isEqualTo(PROVEN_OTHERWISE.contains(asked.id()) ? 200 : 401);
        }
    }

    private static String cookie(Sessions.Session session) {
        return Sessions.cookie(session).replaceFirst(";.*", "");
    }

    private static int expected(Case asked, String owner, Role role) {
        var rule = RULES.get(asked.id());
        var success = Integer.parseInt(asked.success());
        if (PROVEN_OTHERWISE.contains(asked.id())) {
            return success;
        }
        if (asked.id().equals(ENROL)) {
            return role == Role.WORKER ? success : 403;
        }
        if (role.compareTo(rule.least()) < 0) {
            return 403;
        }
        return rule.of() == Of.OWNER && role == Role.USER && !owner.equals(OWNER) ? 403 : success;
    }

    private static int status(Case asked, String owner, @Nullable String token) throws Exception {
        var request = request(asked, owner);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return status(server.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
    }

    private static int status(Case asked, String owner, String cookie, @Nullable String csrf) throws Exception {
        var request = request(asked, owner).header("Cookie", cookie);
        if (csrf != null) {
            request.header(Sessions.CSRF_HEADER, csrf);
        }
        return status(server.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
    }

    /** Asks about a job of that owner, in the state in which it can be done. */
    private static HttpRequest.Builder request(Case asked, String owner) {
        var job = server.jobs.submit(JobSpec.command(List.of("true")), owner, null);
        if (asked.id().equals("retryJob") || asked.id().equals("deleteJob")) {
            server.jobs.end(job, JobState.FAILED);
        }
        var request = server.request(asked.method(), path(asked.path(), job), BODIES.getOrDefault(asked.id(), ""));
        if (asked.id().equals("putObject")) {
            request.header("Content-Type", "application/octet-stream");
        } else if (BODIES.containsKey(asked.id())) {
            request.header("Content-Type", "application/json");
        }
        return request;
    }

    private static int status(HttpResponse<InputStream> response) throws IOException {
        try (var body = response.body()) {
            if (!response.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream")) {
                body.readAllBytes();
            }
        }
        return response.statusCode();
    }

    private static String path(String path, JobId job) {
        var thing = job.toString();
        if (path.startsWith("/api/v1/tasks/")) {
            thing = job + ".0";
        } else if (path.startsWith("/api/v1/workers/")) {
            server.cluster.miss("w9");
            thing = "w9";
        } else if (path.startsWith("/api/v1/tokens/")) {
            thing = server.access
                    .create(new TokenRequest("anna", Role.VIEWER, null, null))
                    .view()
                    .id();
        }
        return path.replace("{id}", thing)
                .replace("{job}", job.toString())
                .replace("{object}", NOTHING)
                .replace("{name}", "echo.jar")
                .replace("{language}", "fake");
    }

    @Test
    void rootAnswersLikeTheApi() throws Exception {
        for (var name : List.of("readyz", "metrics", "openapi.json", "docs")) {
            for (var token : new String[] {null, FakeAccess.EXPIRED, FakeAccess.JOIN, FakeAccess.token(Role.VIEWER)}) {
                var request = server.request("GET", "/" + name, "");
                if (token != null) {
                    request.header("Authorization", "Bearer " + token);
                }
                var expected = FakeAccess.JOIN.equals(token)
                        ? 403
                        : FakeAccess.token(Role.VIEWER).equals(token) ? 200 : 401;
                assertThat(status(server.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream())))
                        .as(name + " with " + token)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void rulesNameNothingThatIsNotThere() {
        assertThat(operations().map(Case::id)).containsAll(RULES.keySet());
    }
}
