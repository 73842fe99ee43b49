package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.LogStream;
import muster.api.Role;
import muster.api.TaskId;
import muster.rest.TestServer.Answer;
import muster.rest.json.JobSpecReader;
import muster.rest.json.Json;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RestTest {
    private static final String COMMAND = "{\"task\":{\"command\":[\"true\"]}}";

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

    private static Answer post(Role role, String path, String body) {
        return server.send(server.as(role, "POST", path, body));
    }

    @Test
    void aWorkflowIsRunOnceWhatItAsksForIsSent() {
        var bare = "{\"file\":\"a.fake\",\"text\":\"other\"}";
        var whole = "{\"file\":\"a.fake\",\"text\":\"other\",\"files\":{\"other\":\"x\"}}";

        var missing = post(Role.USER, "/api/v1/workflows", bare);
        assertThat(missing.status()).isEqualTo(200);
        assertThat(missing.json().at("/missing/files/0").asText()).isEqualTo("other");
        var outline = post(Role.USER, "/api/v1/workflows?dryRun=true", whole);
        assertThat(outline.status()).isEqualTo(200);
        assertThat(outline.json().at("/plan/tasks/0/name").asText()).isEqualTo("first");
        assertThat(outline.json().at("/plan/outputs/0/output").asText()).isEqualTo("made");
        assertThat(post(Role.USER, "/api/v1/workflows", whole)
                        .json()
                        .at("/missing/contents/0")
                        .asText())
                .isEqualTo("in");
        var content = "\"contents\":{\"in\":[{\"object\":\"sha256:" + "0".repeat(64) + "\"}]}}";
        var accepted = post(Role.USER, "/api/v1/workflows", whole.replace("}}", "}," + content));
        assertThat(accepted.status()).isEqualTo(201);
        assertThat(accepted.json().path("name").asText()).isEqualTo("a.fake");
        var secret = "\"secrets\":[{\"name\":\"KEY\",\"value\":\"hunter2\",\"as\":\"file\"}],";
        var withSecret = post(Role.USER, "/api/v1/workflows", whole.replace("}}", "}," + secret + content));
        assertThat(get("/api/v1/jobs/" + withSecret.json().path("id").asText() + "/spec")
                        .json()
                        .path("secrets"))
                .hasToString("[{\"name\":\"KEY\",\"as\":\"file\"}]");
        assertThat(outline.json().at("/plan/secrets")).hasToString("[{\"name\":\"KEY\",\"as\":\"file\"}]");
        assertThat(post(
                                Role.USER,
                                "/api/v1/workflows",
                                whole.replace("}}", "}," + secret.replace("KEY", "K-Y") + content))
                        .text())
                .contains("/secrets/0/name")
                .doesNotContain("hunter2");
        assertThat(post(Role.USER, "/api/v1/workflows", whole.replace("}}", "},\"contents\":{\"in\":[{\"a\":1}]}}"))
                        .text())
                .contains("/contents/in/0/a");
        assertThat(post(Role.USER, "/api/v1/workflows", "{\"file\":\"a\",\"texts\":1}")
                        .text())
                .contains("/texts", "text is missing");
    }

    @Test
    void aLanguageHasASchema() {
        assertThat(get("/api/v1/workflows/schemas/fake").json().path("title").asText())
                .isEqualTo("fake");
        assertThat(get("/api/v1/workflows/schemas/none").status()).isEqualTo(404);
    }

    private static JobId submit(String body) {
        var answer = post(Role.USER, "/api/v1/jobs", body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(201);
        return JobId.parse(answer.json().path("id").asText());
    }

    // jobs

    @Test
    void submitAnswersWithTheJobAndItsPlace() {
        var answer = post(Role.USER, "/api/v1/jobs", "{\"name\":\"days\",\"task\":{\"command\":[\"true\"]}}");
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.json().path("owner").asText()).isEqualTo("ursula");
        assertThat(answer.json().path("state").asText()).isEqualTo("waiting");
        assertThat(answer.json().path("submittedAt").asText()).isEqualTo("2026-11-20T08:00:00.123Z");
        assertThat(answer.json().path("startedAt").isNull()).isTrue();
        assertThat(answer.header("Location"))
                .endsWith("/api/v1/jobs/" + answer.json().path("id").asText());
        assertThat(get("/api/v1/jobs/" + answer.json().path("id").asText()).json())
                .isEqualTo(answer.json());
    }

    @Test
    void sameIdempotencyKeyGivesTheSameJob() {
        var first = server.send(
                server.as(Role.USER, "POST", "/api/v1/jobs", COMMAND).header("Idempotency-Key", "once"));
        var second = server.send(
                server.as(Role.USER, "POST", "/api/v1/jobs", COMMAND).header("Idempotency-Key", "once"));
        assertThat(second.json().path("id")).isEqualTo(first.json().path("id"));
        var other = server.send(server.as(Role.USER, "POST", "/api/v1/jobs", "{\"task\":{\"command\":[\"false\"]}}")
                .header("Idempotency-Key", "once"));
        assertThat(other.status()).isEqualTo(409);
        assertThat(other.json().path("code").asText()).isEqualTo("conflict");
    }

    @Test
    void everyFaultOfASubmitIsTold() {
        var answer = post(
                Role.USER,
                "/api/v1/jobs",
                "{\"nam\":\"x\",\"task\":{\"resources\":{\"memory\":\"much\",\"cores\":-1}}}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("retryable").asBoolean()).isFalse();
        assertThat(answer.json().findValuesAsText("pointer"))
                .containsExactlyInAnyOrder("/nam", "/task/command", "/task/resources/memory", "/task/resources/cores");
        assertThat(answer.text()).contains("did you mean 'name'?");
    }

    @Test
    void whoHasTooMuchIsToldToComeAgain() {
        var answer = post(Role.USER, "/api/v1/jobs", "{\"name\":\"greedy\",\"task\":{\"command\":[\"true\"]}}");
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.header("Retry-After")).isEqualTo("2");
        assertThat(answer.json().path("code").asText()).isEqualTo("too_many");
        assertThat(answer.json().path("retryable").asBoolean()).isTrue();
    }

    @Test
    void theLogOfATaskThatIsNotThereIsAnsweredAtOnce() {
        var job = submit(COMMAND);
        assertThat(get("/api/v1/tasks/" + job + ".1/logs").status()).isEqualTo(404);
        assertThat(get("/api/v1/tasks/9999999.0/logs").status()).isEqualTo(404);
    }

    @Test
    void addressesThatAreNoneAreRefused() throws IOException {
        for (var address : List.of("/api/v1/jobs?name=%zz", "/api/v1/jobs?name=a|b", "/api/v1/jobs/%", "mailto:x")) {
            try (var socket = server.connect()) {
                socket.getOutputStream()
                        .write(("GET " + address + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .as(address)
                        .startsWith("HTTP/1.1 400")
                        .contains("application/problem+json");
            }
        }
    }

    @Test
    void malformedJsonIsToldWithItsPlace() {
        var answer = post(Role.USER, "/api/v1/jobs", "{\"task\":\n  {]}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("line 2, column");
    }

    @Tag("proof")
    @Test
    void bodiesThatAreTooLargeAreRefused() {
        var stream = new InputStream() {
            private long left = (64L << 20) + (1 << 20);

            @Override
            public int read() {
                return left-- > 0 ? ' ' : -1;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                if (left <= 0) {
                    return -1;
                }
                var count = (int) Math.min(left, length);
                java.util.Arrays.fill(bytes, offset, offset + count, (byte) ' ');
                left -= count;
                return count;
            }
        };
        var answer = server.send(HttpRequest.newBuilder(server.uri("/api/v1/jobs"))
                .header("Authorization", "Bearer " + FakeAccess.token(Role.USER))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> stream)));
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.json().path("code").asText()).isEqualTo("too_large");
    }

    @Test
    void deepJsonIsRefused() {
        var answer = post(
                Role.USER,
                "/api/v1/jobs",
                "{\"task\":{\"command\":[\"x\"],\"parameters\":{\"a\":" + "[".repeat(40) + "]".repeat(40) + "}}}");
        assertThat(answer.status()).isEqualTo(413);
    }

    @Test
    void whatNoWorkerCanRunIsImpossible() {
        var answer = post(Role.USER, "/api/v1/jobs", "{\"name\":\"impossible\",\"task\":{\"command\":[\"true\"]}}");
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("kind").asText()).isEqualTo("resource");
        assertThat(answer.json().path("title").asText()).isEqualTo("Unprocessable Entity");
    }

    @Test
    void defectsAreToldByAnIncidentAlone() {
        var answer = post(Role.USER, "/api/v1/jobs", "{\"name\":\"defect\",\"task\":{\"command\":[\"true\"]}}");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.json().path("detail").asText()).contains("incident").doesNotContain("a defect");
    }

    @Test
    void listsArePagedByCursor() {
        for (var i = 0; i < 3; i++) {
            submit("{\"tags\":[\"paged\"],\"task\":{\"command\":[\"true\"]}}");
        }
        var first = get("/api/v1/jobs?tag=paged&limit=2").json();
        assertThat(first.path("items")).hasSize(2);
        var second = get("/api/v1/jobs?tag=paged&limit=2&cursor="
                        + first.path("next").asText())
                .json();
        assertThat(second.path("items")).hasSize(1);
        assertThat(second.path("next").isNull()).isTrue();
    }

    @Test
    void listsAreFilteredByState() {
        var id = submit("{\"tags\":[\"states\"],\"task\":{\"command\":[\"true\"]}}");
        submit("{\"tags\":[\"states\"],\"task\":{\"command\":[\"true\"]}}");
        server.jobs.end(id, JobState.FAILED);
        assertThat(get("/api/v1/jobs?tag=states&state=failed,running").json().path("items"))
                .hasSize(1);
        assertThat(get("/api/v1/jobs?tag=states&state=failed&state=waiting")
                        .json()
                        .path("items"))
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/api/v1/jobs?state=done | state 'done' is not known; known are",
                "/api/v1/jobs?state=runing | did you mean 'running'?",
                "/api/v1/jobs?limit=0 | from 1 to 1000",
                "/api/v1/jobs?limit=many | 'many' is no whole number",
                "/api/v1/jobs?stat=failed | did you mean 'state'?",
                "/api/v1/jobs?_method=DELETE | no query parameter '_method'",
                "/api/v1/jobs/x | 'x' is not a job id",
                "/api/v1/jobs/1?wait=10m | longer than 5m",
                "/api/v1/jobs/1?wait=soon | 'soon' is not a duration",
                "/api/v1/tasks | job is missing",
                "/api/v1/tasks/17 | not a task id",
                "/api/v1/events?after=-1 | no whole number",
            })
    void badParametersAreNamed(String path, String expected) {
        submit(COMMAND);
        var answer = get(path);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains(expected);
    }

    @Test
    void controlCharactersAreNotEchoed() {
        var answer = get("/api/v1/jobs?state=%1B%5B31mred%0A");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("\\u001b[31mred\\u000a");
    }

    @Test
    void specComesBackAsSubmitted() {
        var id = submit("{\"array\":{\"task\":{\"command\":[\"echo\",\"{item}\"]},\"items\":[\"a\",{\"b\":1}]}}");
        var spec = get("/api/v1/jobs/" + id + "/spec").json();
        assertThat(spec.at("/array/items/1").asText()).isEqualTo("{\"b\":1}");
        assertThat(spec.at("/array/task/command/1").asText()).isEqualTo("{item}");
    }

    @Test
    void resultsAreAskedBySqlAndComeAsJsonOrCsv() {
        var path = "/api/v1/jobs/" + submit(COMMAND) + "/results?sql=select%20x";

        var table = get(path).json();
        var csv = get(path + "&form=csv");

        assertThat(table.toString())
                .isEqualTo("{\"columns\":[\"SYSTEMID\",\"VALUE\"],\"rows\":[[\"a,\\\"b\\\"\",1],[\"select x\",null]],"
                        + "\"more\":false}");
        assertThat(csv.text()).isEqualTo("SYSTEMID,VALUE\r\n\"a,\"\"b\"\"\",1\r\nselect x,\r\n");
        assertThat(get(path + "&rows=2").json().path("more").asBoolean()).isTrue();
        assertThat(get(path + "&rows=2&form=csv").status()).isEqualTo(413);
        assertThat(get(path + "&form=xml").status()).isEqualTo(400);
        assertThat(get(path.replace("select", "delete")).json().path("detail").asText())
                .isEqualTo("this is no query");
    }

    @Test
    void waitAnswersAtTheEnd() throws Exception {
        var id = submit(COMMAND);
        var answer = server.sendLater(server.as(Role.VIEWER, "GET", "/api/v1/jobs/" + id + "?wait=1m", ""));
        assertThat(get("/api/v1/jobs/" + id + "?wait=1ms").json().path("state").asText())
                .isEqualTo("waiting");
        server.jobs.end(id, JobState.SUCCEEDED);
        assertThat(answer.get(10, TimeUnit.SECONDS).json().path("state").asText())
                .isEqualTo("succeeded");
    }

    @Test
    void aSubmissionMayWaitForTheEnd() throws Exception {
        var waiting = server.sendLater(submission("1m"));
        // the same job, whose answer does not wait
        var id = JobId.parse(server.send(submission("0s")).json().path("id").asText());
        server.jobs.end(id, JobState.SUCCEEDED);
        var answer = waiting.get(10, TimeUnit.SECONDS);
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("Location")).isEqualTo("/api/v1/jobs/" + id);
        assertThat(answer.json().path("state").asText()).isEqualTo("succeeded");
        assertThat(server.send(submission("tomorrow")).status()).isEqualTo(400);
    }

    private HttpRequest.Builder submission(String wait) {
        return server.as(Role.USER, "POST", "/api/v1/jobs?wait=" + wait, COMMAND)
                .header("Idempotency-Key", "waits");
    }

    @Test
    void waitAnswersWhenTheTimeIsOver() {
        var id = submit(COMMAND);
        var begun = System.nanoTime();
        var answer = get("/api/v1/jobs/" + id + "?wait=300ms");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
        assertThat(answer.json().path("state").asText()).isEqualTo("waiting");
    }

    @Test
    void hundredsMayWaitAtOnceAndTheJobIsListenedToOnce() throws Exception {
        var id = submit(COMMAND);
        var listeners = server.jobs.listeners.get();
        var answers = new ArrayList<java.util.concurrent.CompletableFuture<Answer>>();
        for (var i = 0; i < 200; i++) {
            answers.add(server.sendLater(server.as(Role.VIEWER, "GET", "/api/v1/jobs/" + id + "?wait=1m", "")));
            while (server.jobs.listeners.get() == listeners) {
                Thread.onSpinWait();
            }
        }
        assertThat(get("/api/v1/jobs/" + id + "?wait=1ms").status()).isEqualTo(200);
        // a request that comes after the end asks anew
        assertThat(server.jobs.listeners.get() - listeners).isEqualTo(1);
        server.jobs.end(id, JobState.SUCCEEDED);
        for (var answer : answers) {
            assertThat(answer.get(20, TimeUnit.SECONDS).json().path("state").asText())
                    .isEqualTo("succeeded");
        }
    }

    /** Answers that come while their request is still being dispatched are the delicate ones. */
    @Test
    void shortWaitsAndReadsLeaveTheConnectionSound() {
        var id = submit(COMMAND);
        for (var i = 0; i < 300; i++) {
            assertThat(get("/api/v1/jobs/" + id + "?wait=" + (i % 3) + "ms").status())
                    .isEqualTo(200);
            assertThat(get("/api/v1/tasks/" + id + ".0/logs").status()).isEqualTo(200);
            assertThat(get("/api/v1/jobs/" + id).status()).isEqualTo(200);
        }
    }

    @Test
    void jobsAreCanceledRetriedAndDeleted() {
        var id = submit(COMMAND);
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/retry", "").status())
                .isEqualTo(409);
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/cancel", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("canceled");
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/retry", "")
                        .json()
                        .path("retried")
                        .asInt())
                .isEqualTo(1);
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/cancel", "").status())
                .isEqualTo(200);
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/retry?failed=maybe", "")
                        .status())
                .isEqualTo(400);
        assertThat(post(Role.USER, "/api/v1/jobs/" + id + "/retry?failed=true", "")
                        .json()
                        .path("retried")
                        .asInt())
                .isZero();
        assertThat(server.send(server.as(Role.USER, "DELETE", "/api/v1/jobs/" + id, ""))
                        .status())
                .isEqualTo(204);
        assertThat(get("/api/v1/jobs/" + id).status()).isEqualTo(404);
    }

    // tasks

    @Test
    void tasksAreShownWithTheirAttempts() {
        var id = submit("{\"graph\":{\"tasks\":[{\"name\":\"a\",\"command\":[\"x\"]},"
                + "{\"name\":\"b\",\"command\":[\"x\"],\"needs\":[\"a\"]}]}}");
        server.jobs.end(id, JobState.FAILED);
        assertThat(get("/api/v1/tasks?job=" + id + "&state=failed").json().path("items"))
                .hasSize(2);
        var task = get("/api/v1/tasks/" + id + ".b").json();
        assertThat(task.path("id").asText()).isEqualTo(id + ".1");
        assertThat(task.at("/attempts/0/cause").asText()).isEqualTo("exit_code");
        assertThat(task.at("/attempts/0/kind").asText()).isEqualTo("user");
        assertThat(task.at("/attempts/0/usage/wallSeconds").asDouble()).isEqualTo(1.2);
        assertThat(get("/api/v1/tasks/" + id + ".1").json()).isEqualTo(task);
        assertThat(get("/api/v1/tasks/" + id + ".c").status()).isEqualTo(404);
        assertThat(get("/api/v1/tasks/" + id + ".7").status()).isEqualTo(404);
        assertThat(get("/api/v1/tasks/" + id + ".1/explain")
                        .json()
                        .path("ahead")
                        .asInt())
                .isEqualTo(12);
    }

    @Test
    void logsAreReadFromAnOffsetToTheirPresentEnd() {
        var task = new TaskId(submit(COMMAND), 0);
        server.jobs.write(task, LogStream.STDOUT, "hello world");
        server.jobs.write(task, LogStream.STDERR, "oh");
        var answer = get("/api/v1/tasks/" + task + "/logs?offset=6");
        assertThat(answer.text()).isEqualTo("world");
        assertThat(answer.header("Muster-Next-Offset")).isEqualTo("11");
        assertThat(answer.header("Content-Type")).startsWith("text/plain");
        assertThat(get("/api/v1/tasks/" + task + "/logs?stream=stderr").text()).isEqualTo("oh");
        assertThat(get("/api/v1/tasks/" + task + "/logs?offset=11").text()).isEmpty();
    }

    @Test
    void largeLogsComeWhole() {
        var task = new TaskId(submit(COMMAND), 0);
        var bytes = new byte[5 << 20];
        new java.util.Random(7).nextBytes(bytes);
        server.jobs.write(task, LogStream.STDOUT, bytes);
        assertThat(get("/api/v1/tasks/" + task + "/logs").response().body()).isEqualTo(bytes);
    }

    @Test
    void followedLogsGoOnUntilTheTaskHasEnded() throws IOException {
        var id = submit(COMMAND);
        var task = new TaskId(id, 0);
        server.jobs.write(task, LogStream.STDOUT, "one");
        try (var in = server.open(server.as(Role.VIEWER, "GET", "/api/v1/tasks/" + task + "/logs?follow=true", ""))) {
            assertThat(in.readNBytes(3)).asString().isEqualTo("one");
            server.jobs.write(task, LogStream.STDOUT, "two");
            assertThat(in.readNBytes(3)).asString().isEqualTo("two");
            server.jobs.write(task, LogStream.STDOUT, "three");
            server.jobs.end(id, JobState.SUCCEEDED);
            assertThat(in.readAllBytes()).asString().isEqualTo("three");
        }
    }

    @Test
    void logsOnASilentWorkerAreUnavailable() {
        var task = new TaskId(submit(COMMAND), 0);
        server.jobs.brokenLogs = true;
        try {
            var answer = get("/api/v1/tasks/" + task + "/logs");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("retryable").asBoolean()).isTrue();
            assertThat(answer.header("Retry-After")).isEqualTo("2");
        } finally {
            server.jobs.brokenLogs = false;
        }
    }

    @Test
    void logsThatBreakOffDoNotLookComplete() throws IOException {
        var task = new TaskId(submit(COMMAND), 0);
        server.jobs.write(task, LogStream.STDOUT, "one");
        try (var in = server.open(server.as(Role.VIEWER, "GET", "/api/v1/tasks/" + task + "/logs?follow=true", ""))) {
            assertThat(in.readNBytes(3)).asString().isEqualTo("one");
            server.jobs.brokenLogs = true;
            org.assertj.core.api.Assertions.assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
        } finally {
            server.jobs.brokenLogs = false;
        }
    }

    @Test
    void reportsAJobThatGrowsMeanwhile() throws IOException {
        var first = "{\"name\":\"first\",\"command\":[\"true\"]}";
        var second = "{\"name\":\"second\",\"command\":[\"true\"],\"needs\":[\"first\"]}";
        var graph = "{\"graph\":{\"tasks\":[%s]}}";
        var id = submit(graph.formatted(first));
        var grown = graph.formatted(first + "," + second).getBytes(StandardCharsets.UTF_8);
        server.jobs.growing.put(id, JobSpecReader.read(Json.read(new ByteArrayInputStream(grown), grown.length)));

        assertThat(get("/api/v1/jobs/" + id + "/report").status()).isEqualTo(200);
    }

    // events

    private static List<String> lines(BufferedReader in, int count) throws IOException {
        var lines = new ArrayList<String>();
        while (lines.size() < count) {
            var line = in.readLine();
            if (!line.isEmpty() && !line.startsWith("retry") && !line.startsWith(":")) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static BufferedReader events(HttpRequest.Builder request) {
        return new BufferedReader(new InputStreamReader(server.open(request), StandardCharsets.UTF_8));
    }

    @Test
    void eventsAreToldAsTheyHappen() throws IOException {
        try (var in = events(server.as(Role.VIEWER, "GET", "/api/v1/events", ""))) {
            in.readLine();
            var id = submit(COMMAND);
            var lines = lines(in, 3);
            assertThat(lines.get(0)).isEqualTo("id: " + server.jobs.newestEvent());
            assertThat(lines.get(1)).isEqualTo("event: job.submitted");
            var data = Conformance.parse(lines.get(2).substring(6).getBytes(StandardCharsets.UTF_8));
            Conformance.validate("#/components/schemas/Event", data);
            assertThat(data.path("job").asText()).isEqualTo(id.toString());
        }
    }

    @Test
    void eventsResumeAfterTheLastOneSeen() throws IOException {
        var id = submit(COMMAND);
        var seen = server.jobs.newestEvent();
        server.jobs.tell("task.started", id);
        server.jobs.tell("task.succeeded", id);
        try (var in = events(
                server.as(Role.VIEWER, "GET", "/api/v1/events", "").header("Last-Event-ID", Long.toString(seen)))) {
            assertThat(lines(in, 6)).contains("event: task.started", "event: task.succeeded");
        }
        try (var in = events(server.as(Role.VIEWER, "GET", "/api/v1/events?after=" + (seen + 1), ""))) {
            assertThat(lines(in, 3)).startsWith("id: " + (seen + 2), "event: task.succeeded");
        }
    }

    /** Before the first of the comments that keep a connection alive. */
    @Test
    @Timeout(12)
    void whoFollowsEventsIsToldWhenThatIsAll() throws IOException {
        var id = submit(COMMAND);
        try (var in = events(server.as(Role.VIEWER, "GET", "/api/v1/events?after=0&job=" + id, ""))) {
            assertThat(in.readLine()).startsWith("retry");
            assertThat(lines(in, 3)).contains("event: job.submitted");
            assertThat(in.readLine()).isEmpty();
            assertThat(in.readLine()).isEqualTo(":");
        }
    }

    @Test
    void eventsOfOneJobAreThoseOfNoOther() throws IOException {
        var id = submit(COMMAND);
        try (var in = events(server.as(Role.VIEWER, "GET", "/api/v1/events?job=" + id, ""))) {
            submit(COMMAND);
            server.jobs.tell("worker.online", null);
            server.jobs.end(id, JobState.SUCCEEDED);
            assertThat(lines(in, 3)).contains("event: job.succeeded");
        }
        assertThat(get("/api/v1/events?job=999999").status()).isEqualTo(404);
    }

    @Test
    void hundredsMayFollowAtOnce() throws IOException {
        var followers = new ArrayList<BufferedReader>();
        for (var i = 0; i < 150; i++) {
            followers.add(events(server.as(Role.VIEWER, "GET", "/api/v1/events", "")));
        }
        server.jobs.tell("worker.online", null);
        for (var follower : followers) {
            assertThat(lines(follower, 3)).contains("event: worker.online");
            follower.close();
        }
    }

    // workers and cluster

    @Test
    void workersAreShownAndManaged() {
        assertThat(get("/api/v1/workers").json().path("items")).hasSize(2);
        assertThat(get("/api/v1/workers/w2").json().path("capacity").isNull()).isTrue();
        assertThat(get("/api/v1/workers/w9").status()).isEqualTo(404);
        assertThat(post(Role.USER, "/api/v1/workers/w1/drain", "").status()).isEqualTo(403);
        assertThat(post(Role.OPERATOR, "/api/v1/workers/w1/drain", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("draining");
        assertThat(server.cluster.calls).contains("drain w1 by otto");
        assertThat(post(Role.OPERATOR, "/api/v1/workers/w1/resume", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("online");
        assertThat(server.send(server.as(Role.OPERATOR, "DELETE", "/api/v1/workers/w1", ""))
                        .status())
                .isEqualTo(409);
        assertThat(get("/api/v1/cluster").json().at("/openTasks/ready").asInt()).isEqualTo(7);
    }

    @Test
    void aFeatureIsDeployedByNameAndABundleByItsObject() {
        var bundles = "/api/v1/workers/w1/bundles";
        assertThat(post(Role.OPERATOR, bundles, "{\"feature\":\"docker\"}").status())
                .isEqualTo(403);
        assertThat(post(Role.ADMIN, bundles, "{\"feature\":\"docker\"}")
                        .json()
                        .path("message")
                        .asText())
                .isEqualTo("'muster-executor-docker.jar' is deployed");
        assertThat(server.cluster.calls).anyMatch(call -> call.startsWith("deploy docker on w1 by "));

        for (var body : List.of(
                "{}", "{\"file\":\"a.jar\"}", "{\"feature\":\"docker\",\"file\":\"a.jar\"}", "{\"feature\":7}")) {
            assertThat(post(Role.ADMIN, bundles, body).status()).as(body).isEqualTo(400);
        }
    }

    @Test
    void workersEnrolWithAJoinToken() {
        var body = "{\"worker\":\"w3\",\"publicKey\":\"AQID\"}";
        var answer = server.send(server.request("POST", "/api/v1/enrol", body)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + FakeAccess.JOIN));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("certificate").asText()).isEqualTo("AQID");
        assertThat(post(Role.ADMIN, "/api/v1/enrol", body).status()).isEqualTo(403);
        assertThat(server.send(server.request("POST", "/api/v1/enrol", body).header("Content-Type", "application/json"))
                        .status())
                .isEqualTo(401);
        var wrong = server.send(server.request("POST", "/api/v1/enrol", "{\"worker\":\"../w\",\"key\":1}")
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + FakeAccess.JOIN));
        assertThat(wrong.json().findValuesAsText("pointer")).containsExactlyInAnyOrder("/key", "/publicKey", "/worker");
    }

    @Test
    void renewalTakesTheSignatureOfTheCertificatesHolder() {
        var body = "{\"certificate\":\"AQID\",\"publicKey\":\"BAUG\",\"signature\":\"%s\"}";
        var renewed = renew(body.formatted("AQID"));
        assertThat(renewed.status()).isEqualTo(200);
        assertThat(renewed.json().path("certificate").asText()).isEqualTo("BAUG");
        assertThat(renew(body.formatted("AAAA")).status()).isEqualTo(401);
        assertThat(renew("{\"certificate\":1,\"publicKey\":\"?\"}").json().findValuesAsText("pointer"))
                .containsExactlyInAnyOrder("/certificate", "/publicKey", "/signature");
    }

    private static Answer renew(String body) {
        return server.send(
                server.request("POST", "/api/v1/enrol/renew", body).header("Content-Type", "application/json"));
    }

    @Test
    void onlineWorkersAreRemovedByForce() {
        server.cluster.miss("w8");
        server.cluster.resume("w8", "otto");
        assertThat(server.send(server.as(Role.OPERATOR, "DELETE", "/api/v1/workers/w8", ""))
                        .status())
                .isEqualTo(409);
        assertThat(server.send(server.as(Role.OPERATOR, "DELETE", "/api/v1/workers/w8?force=true", ""))
                        .status())
                .isEqualTo(204);
    }

    // who may

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/readyz",
                "/metrics",
                "/docs",
                "/openapi.json",
                "/api/v1/readyz",
                "/api/v1/jobs",
                "/api/v1/nothing",
                "/nothing",
                "/",
                "/healthz/",
                "/healthz;x=1",
                "/api/v1/healthz/../jobs",
                "/api/v1/jobs;/healthz",
                "/api/v1/%68ealthz/x"
            })
    void nothingButHealthAnswersWithoutAToken(String path) {
        var answer = server.send(server.request("GET", path, ""));
        assertThat(answer.status()).as(path + answer.text()).isIn(400, 401);
    }

    @Test
    void unknownCallersAreToldHowToCome() {
        var answer = server.send(server.request("GET", "/api/v1/jobs", "").header("Authorization", "Bearer no"));
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.response().headers().allValues("WWW-Authenticate"))
                .containsExactly("Bearer realm=\"muster\"");
        assertThat(answer.json().path("code").asText()).isEqualTo("unauthenticated");
        var browser = server.send(server.request("GET", "/docs", "").header("Accept", "text/html"));
        assertThat(browser.status()).isEqualTo(401);
        assertThat(browser.header("Content-Type")).startsWith("text/html");
        assertThat(browser.text()).contains("Log in with a token of this cluster");
    }

    @Test
    void healthAnswersEverybody() {
        for (var path : List.of("/healthz", "/api/v1/healthz")) {
            var answer = server.send(server.request("GET", path, ""));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().path("status").asText()).isEqualTo("up");
        }
    }

    @Test
    void aManagerThatStandsByCallsNoTokenUnknownAndIsHealthy() {
        server.access.standsBy = true;
        try {
            var answer = server.send(server.request("GET", "/readyz", "").header("Authorization", "Bearer new"));
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.response().headers().firstValue("Content-Type").orElse(""))
                    .startsWith("application/problem+json");
            assertThat(answer.json().path("detail").asText()).contains("stands by");
            assertThat(server.send(server.request("GET", "/healthz", "").header("Authorization", "Bearer new"))
                            .status())
                    .isEqualTo(200);
            assertThat(server.send(server.request("GET", "/readyz", "")).status())
                    .isEqualTo(401);
        } finally {
            server.access.standsBy = false;
        }
    }

    @Test
    void tokenMayComeAsPassword() {
        assertThat(basic("GET", "/api/v1/jobs", "me:" + FakeAccess.token(Role.VIEWER))
                        .status())
                .isEqualTo(200);
        assertThat(basic("GET", "/api/v1/jobs", "me:muster-x").status()).isEqualTo(401);
    }

    @Test
    void usersMayHaveANameAndAPassword() {
        var who = basic("GET", "/api/v1/session", "paula:pass:word");

        assertThat(who.status()).isEqualTo(200);
        assertThat(who.json().path("name").asText()).isEqualTo("paula");
        assertThat(basic("GET", "/api/v1/tokens", "paula:pass:word").status()).isEqualTo(403);
        for (var wrong : List.of("paula:pass", "paul:pass:word", "paula:", ":", "paula")) {
            assertThat(basic("GET", "/api/v1/session", wrong).status()).isEqualTo(401);
        }
        assertThat(basic("POST", "/api/v1/session", "paula:pass:word").status()).isEqualTo(400);
    }

    private static TestServer.Answer basic(String method, String path, String pair) {
        return server.send(server.request(method, path, "")
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void viewersChangeNothing() {
        var id = submit(COMMAND);
        assertThat(post(Role.VIEWER, "/api/v1/jobs", COMMAND).status()).isEqualTo(403);
        assertThat(post(Role.VIEWER, "/api/v1/jobs/" + id + "/cancel", "").status())
                .isEqualTo(403);
    }

    @Test
    void usersManageTheirOwnJobsAndOperatorsAll() {
        var other = post(Role.ADMIN, "/api/v1/jobs", COMMAND).json().path("id").asText();
        var answer = post(Role.USER, "/api/v1/jobs/" + other + "/cancel", "");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.json().path("detail").asText()).contains("does not belong to 'ursula'");
        assertThat(post(Role.OPERATOR, "/api/v1/jobs/" + other + "/cancel", "").status())
                .isEqualTo(200);
    }

    @Test
    void usersListTheirOwnJobs() {
        var own = submit(COMMAND).toString();
        var other = post(Role.ADMIN, "/api/v1/jobs", COMMAND).json().path("id").asText();
        var seen = server.send(server.as(Role.USER, "GET", "/api/v1/jobs?limit=1000", ""))
                .json()
                .findValuesAsText("id");
        assertThat(seen).contains(own).doesNotContain(other);
        assertThat(get("/api/v1/jobs?limit=1000").json().findValuesAsText("id")).contains(own, other);
        assertThat(server.send(server.as(Role.USER, "GET", "/api/v1/jobs?owner=admin", ""))
                        .status())
                .isEqualTo(403);
    }

    @Test
    void usersHearOfTheirOwnJobsAndOfWorkers() throws IOException {
        var after = server.jobs.newestEvent();
        var other = JobId.parse(
                post(Role.ADMIN, "/api/v1/jobs", COMMAND).json().path("id").asText());
        var own = submit(COMMAND);
        server.jobs.tell("worker.online", null);
        try (var lines = new BufferedReader(new InputStreamReader(
                server.open(server.as(Role.USER, "GET", "/api/v1/events?after=" + after, "")),
                StandardCharsets.UTF_8))) {
            var heard = lines.lines()
                    .filter(line -> line.startsWith("data: "))
                    .takeWhile(line -> !line.contains("worker.online"))
                    .toList();
            assertThat(heard).anyMatch(line -> line.contains("\"job\":\"" + own + "\""));
            assertThat(heard).noneMatch(line -> line.contains("\"job\":\"" + other + "\""));
        }
    }

    @Test
    void tokensAreMadeListedAndRevoked() {
        var made = post(Role.ADMIN, "/api/v1/tokens", "{\"role\":\"user\",\"owner\":\"anna\",\"life\":\"1d\"}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().at("/details/owner").asText()).isEqualTo("anna");
        assertThat(made.json().at("/details/expiresAt").asText()).isEqualTo("2026-11-21T08:00:00.123Z");
        var id = made.json().at("/details/id").asText();
        var token = made.json().path("token").asText();
        var jobs = server.request("GET", "/api/v1/jobs", "").header("Authorization", "Bearer " + token);
        assertThat(server.send(jobs).status()).isEqualTo(200);
        var listed = server.send(server.as(Role.ADMIN, "GET", "/api/v1/tokens", ""));
        assertThat(listed.json().findValuesAsText("id")).contains(id);
        assertThat(listed.text()).doesNotContain(token);
        assertThat(server.send(server.as(Role.ADMIN, "DELETE", "/api/v1/tokens/" + id, ""))
                        .status())
                .isEqualTo(204);
        assertThat(server.send(jobs).status()).isEqualTo(401);
    }

    @Test
    void workersTokensAreForOneWorkerAndAnHour() {
        var made = post(Role.ADMIN, "/api/v1/tokens", "{\"role\":\"worker\"}").json();
        assertThat(made.at("/details/owner").asText()).isEqualTo("admin");
        assertThat(made.at("/details/usesLeft").asInt()).isEqualTo(1);
        assertThat(made.at("/details/expiresAt").asText()).isEqualTo("2026-11-20T09:00:00.123Z");
    }

    @Test
    void everyFaultOfATokenIsTold() {
        var answer = post(Role.ADMIN, "/api/v1/tokens", "{\"rol\":1,\"owner\":\"../x\",\"role\":\"king\"}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().findValuesAsText("pointer")).containsExactlyInAnyOrder("/rol", "/owner", "/role");
        for (var body : List.of(
                "{}",
                "{\"role\":\"user\",\"life\":\"0s\"}",
                "{\"role\":\"user\",\"life\":\"soon\"}",
                "{\"role\":\"user\",\"uses\":1}",
                "{\"role\":\"worker\",\"uses\":0}")) {
            assertThat(post(Role.ADMIN, "/api/v1/tokens", body).status())
                    .as(body)
                    .isEqualTo(400);
        }
    }

    @Test
    void pagesOfOtherSitesChangeNothing() {
        var answer = server.send(
                server.as(Role.USER, "POST", "/api/v1/jobs", COMMAND).header("Origin", "https://evil.example"));
        assertThat(answer.status()).isEqualTo(403);
    }

    @Test
    void methodsCannotBeOverridden() {
        var id = submit(COMMAND);
        var request = server.as(Role.ADMIN, "GET", "/api/v1/jobs/" + id, "").header("X-HTTP-Method-Override", "DELETE");
        assertThat(server.send(request).status()).isIn(200, 400);
        assertThat(get("/api/v1/jobs/" + id).status()).isEqualTo(200);
    }

    // HTTP itself

    @Test
    void unknownPathsMethodsAndTypesAreProblems() {
        assertThat(get("/api/v1/nothing").status()).isEqualTo(404);
        assertThat(get("/nothing").json().path("detail").asText()).contains("GET /nothing is no resource");
        assertThat(get("/").status()).isEqualTo(404);
        var method = server.send(server.as(Role.ADMIN, "PUT", "/api/v1/jobs", COMMAND));
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.header("Allow")).contains("GET").contains("POST");
        var type = server.send(server.request("POST", "/api/v1/jobs", COMMAND)
                .header("Authorization", "Bearer " + FakeAccess.token(Role.USER))
                .header("Content-Type", "text/plain"));
        assertThat(type.status()).isEqualTo(415);
        var accept = server.send(server.as(Role.USER, "GET", "/api/v1/jobs", "").header("Accept", "image/png"));
        assertThat(accept.status()).isEqualTo(406);
    }

    @Test
    void headersThatAreTooLongAreProblems() {
        var answer =
                server.send(server.as(Role.USER, "GET", "/api/v1/nothing", "").header("X-Long", "x".repeat(20_000)));
        assertThat(answer.status()).isEqualTo(431);
    }

    @Test
    void everyAnswerHasSafeHeaders() {
        for (var path : List.of("/api/v1/jobs", "/api/v1/nothing", "/docs", "/metrics")) {
            var headers = get(path).response().headers();
            assertThat(headers.allValues("X-Content-Type-Options")).containsExactly("nosniff");
            assertThat(headers.allValues("Cache-Control")).containsExactly("no-store");
            assertThat(headers.allValues("Content-Security-Policy")).hasSize(1);
            assertThat(headers.firstValue("Server")).isEmpty();
            assertThat(headers.firstValue("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /healthz", "PUT /api/v1/nothing", "POST /api/v1/jobs"})
    void answersDoNotAwaitBodiesThatNobodyReads(String request) throws IOException {
        try (var socket = server.connect()) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbegin")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            var status = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            assertThat(status).containsPattern("HTTP/1.1 (200|401) ");
        }
    }

    // system

    @Test
    void readinessSaysWhyNot() {
        server.cluster.notReady = "the broker does not answer";
        try {
            var answer = get("/readyz");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("detail").asText()).isEqualTo("the broker does not answer");
        } finally {
            server.cluster.notReady = "";
        }
        assertThat(get("/api/v1/readyz").json().path("status").asText()).isEqualTo("ready");
    }

    @Test
    void metricsAndDocumentsAnswerAtBothPlaces() {
        for (var root : List.of("", "/api/v1")) {
            assertThat(get(root + "/metrics").text()).contains("muster_tasks_ended_total 12");
            assertThat(get(root + "/openapi.json").json().path("openapi").asText())
                    .isEqualTo("3.1.0");
            assertThat(get(root + "/docs").text()).startsWith("<!doctype html>");
        }
    }

    @Test
    void pageMayUseWhatItBringsAlone() {
        assertThat(get("/docs").header("Content-Security-Policy"))
                .contains("default-src 'none'")
                .contains("script-src 'sha256-")
                .doesNotContain("unsafe");
    }

    @Test
    void plainHttpIsNotSpoken() {
        var plain = HttpRequest.newBuilder(java.net.URI.create("http://127.0.0.1:" + server.port() + "/healthz"))
                .timeout(Duration.ofSeconds(10))
                .build();
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> server.client.send(plain, HttpResponse.BodyHandlers.ofString()))
                .isInstanceOf(IOException.class);
    }
}
