package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import muster.cli.client.FakeManager;
import muster.cli.terminal.Terminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MainTest {
    private final FakeManager manager = new FakeManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void submitPrintsTheIdAndSendsAKeyOnce() {
        manager.on("POST /jobs", 201, job("running", "single"));

        var run = run("submit", "--name", "n", "--", "true");

        assertThat(run).isEqualTo(new Run(0, "17\n", ""));
        assertThat(manager.bodies()).containsExactly("{\"name\":\"n\",\"task\":{\"command\":[\"true\"]}}");
    }

    @Test
    void submitThatWaitsPassesOnOutputUnmixedAndTheExitCode() {
        serveSingle("exit_code", "\"exitCode\":3,\"signal\":null,\"kind\":\"user\"");

        assertThat(run("submit", "--wait", "--", "c")).isEqualTo(new Run(3, "out\n", "err\n"));
    }

    @Test
    void ofATaskThatMayBeTriedAgainOnlyTheLastOutputIsPassedOn() {
        serveSingle("exit_code", "\"exitCode\":3,\"signal\":null,\"kind\":\"user\"");

        assertThat(run("submit", "--wait", "--retries", "1", "--", "c")).isEqualTo(new Run(3, "out\n", "err\n"));
        assertThat(manager.requests()).noneMatch(request -> request.contains("follow=true"));
    }

    @Test
    void aSignalGives128AndItsNumberAndIsSaid() {
        serveSingle("signal", "\"exitCode\":null,\"signal\":9,\"kind\":\"user\"");

        var run = run("submit", "--wait", "--", "c");

        assertThat(run.exitCode()).isEqualTo(137);
        assertThat(run.out()).isEqualTo("out\n");
        assertThat(run.err()).isEqualTo("err\nmuster: task 17.0 on w1: signal 9\n");
    }

    @Test
    void otherCausesGiveTheCodeOfTheirKind() {
        serveSingle(
                "time_limit",
                "\"exitCode\":null,\"signal\":15,\"kind\":\"resource\",\"message\":\"ran longer than 2s\"");

        var run = run("submit", "--wait", "--", "c");

        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).endsWith("muster: task 17.0 on w1: ran longer than 2s\n");
    }

    @Test
    void anArrayGivesTheCodeOfItsFirstFailingIndex() {
        manager.on("POST /jobs", 201, job("running", "array"))
                .on("GET /jobs/17", 200, job("failed", "array"))
                .on(
                        "GET /tasks",
                        200,
                        page(task("17.4", "\"cause\":\"exit_code\",\"exitCode\":7,\"stderrTail\":\"oh\"")));

        var run = run("submit", "--wait", "--array", "0-9", "c");

        assertThat(run.exitCode()).isEqualTo(7);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("100%")
                .contains("muster: job 17 failed: 1 of 2 tasks; the first is task 17.4 on w1: exit code 7\n  oh\n");
        assertThat(manager.requests()).anyMatch(request -> request.endsWith("/tasks?job=17&state=failed&limit=1"));
    }

    @Test
    void aJobThatFailsWithoutATaskSaysWhy() {
        manager.on(
                        "GET /jobs/17",
                        200,
                        "{\"id\":\"17\",\"kind\":\"graph\",\"state\":\"failed\",\"size\":2,"
                                + "\"tasks\":{\"succeeded\":2},\"message\":\"NONDETERMINISTIC: request 3\"}")
                .on("GET /tasks", 200, page());

        var run = run("job", "wait", "17");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).endsWith("muster: job 17 failed: NONDETERMINISTIC: request 3\n");
    }

    @Test
    void aJobThatIsCanceledIsNoSuccess() {
        manager.on("GET /jobs/17", 200, job("canceled", "array"));

        var run = run("job", "wait", "17");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("job 17 was canceled");
    }

    @Test
    void waitingAsksUntilTheEnd() {
        var asked = new AtomicInteger();
        manager.on(
                "GET /jobs/17",
                exchange -> FakeManager.send(
                        exchange, 200, job(asked.incrementAndGet() < 3 ? "running" : "succeeded", "array")));

        var run = run("job", "wait", "17");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("job 17 succeeded: 1 succeeded");
        assertThat(asked).hasValue(3);
    }

    @Test
    void jsonIsWhatTheManagerAnswers() {
        manager.on("GET /jobs/17", 200, job("running", "single"));

        assertThat(run("job", "show", "17", "--json").out()).startsWith("{\n  \"id\": \"17\",\n");
    }

    @Test
    void theClusterMayBeNamedBeforeTheCommand() {
        manager.on("GET /jobs/17", 200, job("running", "single")).on("POST /jobs", 201, job("running", "single"));
        var url = manager.url();
        var token = manager.token();

        assertThat(Run.of(Map.of(), "--url", url, "--token=" + token, "submit", "--", "c", "--json", "--url"))
                .isEqualTo(new Run(0, "17\n", ""));
        assertThat(manager.bodies()).containsExactly("{\"task\":{\"command\":[\"c\",\"--json\",\"--url\"]}}");
        assertThat(run("--json", "job", "show", "17")).isEqualTo(run("job", "show", "17", "--json"));
        assertThat(run("job", "--json", "show", "17")).isEqualTo(run("job", "show", "17", "--json"));
    }

    @Test
    void optionsBeforeTheCommandAreRefusedAsBehindIt() {
        assertThat(run("--url", "x", "completion", "bash")).isEqualTo(run("completion", "--url", "x", "bash"));
        assertThat(run("--json", "nothing")).isEqualTo(run("nothing"));
        assertThat(run("--json", "job")).isEqualTo(run("job"));
        assertThat(run("--json", "--help")).isEqualTo(run("--help"));
        assertThat(run("--url").exitCode()).isEqualTo(2);
    }

    @Test
    void listsFollowPagesUpToTheLimit() {
        manager.on("GET /jobs", exchange -> {
            var query = exchange.getRequestURI().getQuery();
            var last = query.contains("cursor=c 1");
            FakeManager.send(
                    exchange,
                    200,
                    "{\"items\":[" + job("running", "single") + "],\"next\":" + (last ? "null" : "\"c 1\"") + "}");
        });

        var run = run("job", "list", "--state", "running,failed", "--tag", "t");

        assertThat(run.out().lines()).hasSize(3);
        assertThat(manager.requests())
                .containsExactly(
                        "GET /api/v1/jobs?limit=100&state=running%2Cfailed&tag=t",
                        "GET /api/v1/jobs?limit=99&state=running%2Cfailed&tag=t&cursor=c%201");
    }

    @Test
    void whatTheManagerRefusesIsToldInOneLine() {
        manager.on(
                "GET /jobs/99",
                404,
                "{\"detail\":\"there is no job 99; see the list of jobs\",\"kind\":\"user\",\"errors\":[]}");

        assertThat(run("job", "show", "99"))
                .isEqualTo(new Run(2, "", "muster: there is no job 99; see the list of jobs\n"));
    }

    @Test
    void everyFaultOfASpecificationHasALine() {
        manager.on("POST /jobs", 400, """
                {"detail":"two faults","kind":"user","errors":[
                  {"pointer":"/task/retries","detail":"retries -1 is outside 0 to 1000"},
                  {"pointer":"/task/timeLimit","detail":"'x' is not a duration"}]}""");

        assertThat(run("submit", "c").err()).isEqualTo("""
                muster: the request has 2 faults
                  /task/retries: retries -1 is outside 0 to 1000
                  /task/timeLimit: 'x' is not a duration
                """);
    }

    @Test
    void controlCharactersOfForeignTextDoNotReachTheTerminal() {
        manager.on("GET /jobs/17", 404, "{\"detail\":\"no \\u001b[31mjob\",\"kind\":\"user\"}");

        assertThat(run("job", "show", "17").err()).isEqualTo("muster: no \\u001b[31mjob\n");
    }

    @Test
    void eventsEndWithTheJob() {
        manager.on("GET /jobs/17", 200, job("succeeded", "single")).on("GET /events", 200, """
                id: 1
                event: task.started
                data: {"id":1,"time":"2026-01-02T03:04:05Z","type":"task.started","job":"17","task":0,"worker":"w1","message":""}

                id: 2
                event: job.succeeded
                data: {"id":2,"time":"2026-01-02T03:04:10Z","type":"job.succeeded","job":"17","task":null,"worker":null,"message":""}

                """);

        var run = run("job", "events", "17");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines()).hasSize(2);
        assertThat(run.out()).contains("task.started  17.0  on w1").contains("job.succeeded");
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void eventsOfAJobThatEndedLongAgoEndWithThoseThatAreKept() throws Exception {
        var end = new CountDownLatch(1);
        manager.on("GET /jobs/17", 200, job("succeeded", "single")).on("GET /events", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("retry: 1000\n\n:\n\n".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            await(end);
        });

        assertThat(run("job", "events", "17")).isEqualTo(new Run(0, "", ""));
        end.countDown();
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void logsOfManyTasksHaveTitles() {
        manager.on("GET /jobs/17", 200, job("succeeded", "graph"))
                .on(
                        "GET /tasks",
                        200,
                        page(task("17.0", "\"cause\":\"success\""), task("17.1", "\"cause\":\"success\"")))
                .on("GET /tasks/17.0/logs", 200, "first\n")
                .on("GET /tasks/17.1/logs", 200, "second\n");

        assertThat(run("job", "logs", "17", "--stream", "stdout").out())
                .isEqualTo("==> 17.0 stdout <==\nfirst\n==> 17.1 stdout <==\nsecond\n");
    }

    @Test
    void endsWithoutAWordWhenNobodyReadsALogAnyMore() {
        manager.on("GET /jobs/17", 200, job("succeeded", "graph"))
                .on("GET /tasks", 200, page(task("17.0", "\"cause\":\"success\"")))
                .on("GET /tasks/17.0/logs", 200, "first\n");
        var pipe = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        var err = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(pipe, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                Map.of());

        assertThat(Main.run(terminal, manager.environment(), "job", "logs", "17"))
                .isEqualTo(141);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void showsTasksWorkersAndTheCluster() {
        var worker =
                "{\"id\":\"w1\",\"state\":\"online\",\"address\":\"a\",\"dataAddress\":\"a:4001\",\"version\":\"v\",\"coresInUse\":1.0,"
                        + "\"running\":1,\"assigned\":0,\"since\":null,\"lastSeen\":null,\"message\":\"\","
                        + "\"executors\":[{\"name\":\"native\",\"available\":true,\"reason\":\"\"}],\"capacity\":{\"cores\":2.0,"
                        + "\"memoryBytes\":1073741824,\"diskBytes\":0,\"gpus\":[],\"custom\":{\"license\":2},\"labels\":[\"ssd\"]}}";
        manager.on("GET /tasks/17.0", 200, task("17.0", "\"cause\":\"exit_code\",\"exitCode\":1,\"stderrTail\":\"oh\""))
                .on("GET /workers", 200, page(worker))
                .on("GET /workers/w1", 200, worker)
                .on("POST /workers/w1/drain", 200, worker.replace("online", "draining"))
                .on("DELETE /workers/w1", 204, "")
                .on("GET /cluster", 200, """
                        {"manager":"manager","version":"1","epoch":1,"since":"2026-01-02T03:04:05Z","broker":"tcp://b",
                         "workers":{"online":1},"missing":["w9"],"cores":2.0,"coresInUse":1.0,"jobs":{"running":1},
                         "openTasks":{"running":1},"endedTasks":5,"tasksPerSecond":0.5}""");

        assertThat(run("task", "show", "17.0").out()).contains("exit code   1").contains("stderr      oh");
        assertThat(run("worker", "list").out()).contains("w1  online  1/2    1.0 GiB");
        assertThat(run("worker", "show", "w1").out()).contains("a:4001", "1 of 2 in use", "license=2");
        assertThat(run("worker", "drain", "w1").out()).isEqualTo("worker w1 is draining\n");
        assertThat(run("worker", "remove", "w1").out()).isEqualTo("worker w1 is removed\n");
        assertThat(run("status", "--workers", "--resources", "--stats").out())
                .contains("missing     w9")
                .contains("1 of 2 in use")
                .contains("0.5 over the last 10 s")
                .contains("license=2");
    }

    @Test
    void refusesUnknownCommandsAndOptions() {
        assertThat(run("nothing")).isEqualTo(new Run(2, "", "muster: 'nothing' is not a command; see muster --help\n"));
        assertThat(run("job").err()).contains("a command is missing after 'muster job'");
        assertThat(run("job", "show").err()).contains("Missing required parameter: 'JOB'; see muster job show --help");
        assertThat(run("run", "workflow.makeflow").err()).contains("there is no file workflow.makeflow");
        assertThat(run("task", "logs", "1.0", "--stream", "x").err()).contains("neither stdout nor stderr");
    }

    @Test
    void completesForBashAndZsh() {
        assertThat(run("completion", "bash").out())
                .contains("complete -F _complete_muster")
                .contains("explain");
        assertThat(run("completion", "zsh").out()).contains("bashcompinit");
        assertThat(run("completion", "fish").exitCode()).isEqualTo(2);
    }

    @Test
    void helpNamesEveryCommand() {
        assertThat(run("--help").out())
                .contains("submit", "run", "job", "task", "worker", "status", "openapi", "up", "down", "demo");
        assertThat(run("help", "submit").out()).contains("--time-limit").contains("%j is the job");
    }

    @Test
    void tracesAreForDebuggingOnly() {
        manager.on("GET /cluster", 200, "{}");
        var environment = Map.of("MUSTER_URL", manager.url(), "MUSTER_TOKEN", "x");

        assertThat(Run.of(environment, "status").err()).hasLineCount(1);
        assertThat(Run.of(Map.of("MUSTER_URL", manager.url(), "MUSTER_TOKEN", "x", "MUSTER_DEBUG", "1"), "status")
                        .err())
                .contains("\tat muster.cli");
    }

    @Test
    void tokensAreMadeListedAndRevoked() {
        var token = "{\"id\":\"0123456789ab\",\"owner\":\"anna\",\"role\":\"user\","
                + "\"createdAt\":\"2026-01-02T03:04:05Z\",\"expiresAt\":null,\"usesLeft\":null,\"lastUsedAt\":null}";
        manager.on("POST /tokens", 201, "{\"token\":\"muster-secret\",\"details\":" + token + "}")
                .on("GET /tokens", 200, page(token))
                .on("DELETE /tokens/0123456789ab", 204, "");

        var made = run("token", "create", "--role", "user", "--owner", "anna", "--life", "never");
        assertThat(made.out()).isEqualTo("muster-secret\n");
        assertThat(made.err()).contains("token 0123456789ab: role user, owner anna, good until revoked");
        assertThat(manager.bodies()).containsExactly("{\"role\":\"user\",\"owner\":\"anna\",\"life\":\"never\"}");
        assertThat(run("token", "list").out()).contains("0123456789ab  user  anna");
        assertThat(run("token", "revoke", "0123456789ab").out()).isEqualTo("token 0123456789ab is revoked\n");
        assertThat(run("token", "create").err()).contains("--worker, or --role");
        assertThat(run("token", "create", "--worker", "--role", "user").exitCode())
                .isEqualTo(2);
    }

    private void serveSingle(String cause, String rest) {
        manager.on("POST /jobs", 201, job("running", "single"))
                .on("GET /jobs/17", 200, job("failed", "single"))
                .on("GET /tasks", 200, page(task("17.0", "\"cause\":\"" + cause + "\"," + rest)))
                .on("GET /tasks/17.0", 200, task("17.0", "\"cause\":\"" + cause + "\"," + rest))
                .on("GET /tasks/17.0/logs", MainTest::logs);
    }

    private static void logs(HttpExchange exchange) throws IOException {
        var query = exchange.getRequestURI().getQuery();
        var text = query.contains("stderr") ? "err\n" : "out\n";
        FakeManager.send(exchange, 200, query.endsWith("offset=0") ? text : "");
    }

    private Run run(String... arguments) {
        return Run.of(manager.environment(), arguments);
    }

    private static String job(String state, String kind) {
        var failed = state.equals("failed") ? 1 : 0;
        return """
                {"id":"17","name":"","owner":"me","tags":[],"priority":0,"kind":"%s","state":"%s","size":2,
                 "tasks":{"waiting":0,"running":0,"succeeded":1,"failed":%d,"canceled":%d},
                 "submittedAt":"2026-01-02T03:04:05Z","startedAt":"2026-01-02T03:04:05Z",
                 "finishedAt":"2026-01-02T03:04:10Z","message":""}""".formatted(kind, state, failed, 1 - failed);
    }

    private static String task(String id, String attempt) {
        return """
                {"id":"%s","job":"17","index":0,"name":"","executor":"native","item":null,"state":"failed","message":"",
                 "attempts":[{"number":1,"worker":"w1",%s}]}""".formatted(id, attempt);
    }

    private static String page(String... items) {
        return "{\"items\":[" + String.join(",", items) + "],\"next\":null}";
    }
}
