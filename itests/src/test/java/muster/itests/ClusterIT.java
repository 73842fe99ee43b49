package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import muster.itests.hot.HotBundle;
import muster.manager.security.DirectoryServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A manager and two workers, each a process of its own, used through REST and the client. */
class ClusterIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    static Path dir;

    /** Who is not of the cluster. */
    private static final DirectoryServer DIRECTORY = new DirectoryServer(true)
            .person("anna")
            .person("vera")
            .person("rosa")
            .group("muster-user", "anna")
            .group("muster-viewer", "vera", "anna")
            .group("staff", "rosa");

    @TempDir
    static Path outside;

    private static Cluster cluster;
    private static Rest rest;

    @BeforeAll
    static void startCluster() throws IOException {
        Cluster.leaveOut(dir, "w2", "muster-executor-noop");
        var authorities = Files.writeString(outside.resolve("directory.pem"), DIRECTORY.certificate());
        cluster = Cluster.start(
                dir,
                Map.of(
                        "MUSTER_MANAGER_PASSWORDS_REALM",
                        "directory",
                        "MUSTER_DIRECTORY_URL",
                        DIRECTORY.url(),
                        "MUSTER_DIRECTORY_AUTHORITIES",
                        authorities.toString()),
                "w1",
                "w2");
        rest = cluster.rest();
        var document = new Document(rest.get("/openapi.json").json());
        rest.checkEach(document::check);
    }

    @AfterAll
    static void stopsInOrderAndLeavesNoProcess() {
        DIRECTORY.close();
        if (cluster != null) {
            try {
                cluster.stop("w1");
                cluster.stop("w2");
                cluster.stop("manager");
                assertThat(cluster.processes()).isEmpty();
            } finally {
                cluster.close();
            }
        }
    }

    @Test
    void whoIsInTheDirectoryComesInByPasswordAndRole() throws Exception {
        assertThat(rest.getAs("anna", "of anna", "/api/v1/jobs").status()).isEqualTo(200);
        assertThat(rest.getAs("anna", "of vera", "/api/v1/jobs").status()).isEqualTo(401);
        assertThat(rest.getAs("nobody", "of anna", "/api/v1/jobs").status()).isEqualTo(401);
        var refused = rest.getAs("rosa", "of rosa", "/api/v1/jobs");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text()).contains("knows 'rosa' as 'staff', which is no role of this cluster");

        DIRECTORY.stop();
        try {
            var away = rest.getAs("vera", "of vera", "/api/v1/jobs");
            assertThat(away.status()).isEqualTo(503);
            assertThat(away.text()).contains("the realm 'directory' that knows the users' passwords does not answer");
        } finally {
            DIRECTORY.start();
        }
        assertThat(rest.getAs("vera", "of vera", "/api/v1/jobs").status()).isEqualTo(200);
    }

    @Test
    @Tag("proof")
    void theClientTakesAPasswordFromAFile(@TempDir Path folder) throws Exception {
        var file = Files.writeString(folder.resolve("password"), "anna:of anna\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        var printed = cluster.client(
                "--password-file",
                file.toString(),
                "--ca",
                cluster.authority(folder.resolve("ca.pem")).toString(),
                "job",
                "list",
                "--json");

        assertThat(printed.exitCode()).as(printed.stderr()).isZero();
    }

    @Test
    void runsACommandOnAWorker() {
        var id = rest.submit("""
                {"name":"hello","tags":["demo"],
                 "task":{"command":["sh","-c","echo out $MUSTER_WORKER; echo err >&2"]}}""");
        var job = rest.ended(id, SOON);

        assertThat(job.path("state").asText()).isEqualTo("succeeded");
        var attempt = rest.get("/api/v1/tasks/" + id + ".0").json().at("/attempts/0");
        assertThat(attempt.path("worker").asText()).isIn("w1", "w2");
        assertThat(attempt.path("exitCode").asInt()).isZero();
        assertThat(rest.get("/api/v1/tasks/" + id + ".0/logs").text())
                .isEqualTo("out " + attempt.path("worker").asText() + "\n");
        assertThat(rest.get("/api/v1/tasks/" + id + ".0/logs?stream=stderr").text())
                .isEqualTo("err\n");
    }

    @Test
    void eachTaskOfAnArraySeesItsOwnIndex() {
        var id = rest.submit("""
                {"array":{"task":{"executor":"native","command":["sh","-c","echo $MUSTER_TASK of $MUSTER_CORES"]},
                          "indices":"3-12%4"}}""");
        var job = rest.ended(id, SOON);

        assertThat(job.at("/tasks/succeeded").asInt()).isEqualTo(10);
        assertThat(rest.get("/api/v1/tasks/" + id + ".7/logs").text()).isEqualTo(id + ".7 of 1\n");
    }

    @Test
    void aTaskStartsWhenWhatItNeedsIsDone(@TempDir Path shared) {
        var file = shared.resolve("order");
        var id = rest.submit("""
                {"graph":{"tasks":[
                  {"name":"c","command":["sh","-c","echo c >>FILE"],"needs":["a","b"]},
                  {"name":"a","command":["sh","-c","echo a >>FILE"]},
                  {"name":"b","command":["sh","-c","echo b >>FILE"],"needs":["a"]}]}}""".replace("FILE", file.toString()));

        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");
        assertThat(file).hasContent("a\nb\nc");
        assertThat(rest.get("/api/v1/tasks/" + id + ".b").json().path("id").asText())
                .isEqualTo(id + ".2");
    }

    @Test
    void aFailureSaysWhyAndCanBeRetried() {
        var id = rest.submit("""
                {"task":{"command":["sh","-c","echo no luck >&2; exit 3"]}}""");
        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("failed");

        var attempt = rest.get("/api/v1/tasks/" + id + ".0").json().at("/attempts/0");
        assertThat(attempt.path("cause").asText()).isEqualTo("exit_code");
        assertThat(attempt.path("kind").asText()).isEqualTo("user");
        assertThat(attempt.path("exitCode").asInt()).isEqualTo(3);
        assertThat(attempt.path("stderrTail").asText()).contains("no luck");

        assertThat(rest.post("/api/v1/jobs/" + id + "/retry")
                        .json()
                        .path("retried")
                        .asInt())
                .isEqualTo(1);
        rest.ended(id, SOON);
        assertThat(rest.get("/api/v1/tasks/" + id + ".0").json().path("attempts"))
                .hasSize(2);
    }

    @Test
    void aTaskIsEndedAtItsTimeLimitWithAllItStarted() {
        var id = rest.submit("""
                {"task":{"command":["sh","-c","setsid sleep 4711 & sleep 4711"],"timeLimit":"1s"}}""");
        rest.ended(id, SOON);

        assertThat(rest.get("/api/v1/tasks/" + id + ".0")
                        .json()
                        .at("/attempts/0/cause")
                        .asText())
                .isEqualTo("time_limit");
        Eventually.until(
                "every process of the task has ended",
                SOON,
                () -> ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").endsWith("sleep 4711"))
                        .count(),
                count -> count == 0);
    }

    @Test
    void aJobIsCanceled() {
        var id = rest.submit("""
                {"array":{"task":{"command":["sleep","3600"]},"indices":"0-9"}}""");
        Eventually.until(
                "a task runs",
                SOON,
                () -> rest.get("/api/v1/jobs/" + id).json().at("/tasks/running").asInt(),
                running -> running > 0);
        assertThat(rest.post("/api/v1/jobs/" + id + "/cancel").status()).isEqualTo(200);

        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("canceled");
        assertThat(rest.delete("/api/v1/jobs/" + id).status()).isEqualTo(204);
        assertThat(rest.get("/api/v1/jobs/" + id).status()).isEqualTo(404);
    }

    @Test
    void aTaskHasNothingOfTheWorkersButWhatIsPromised() {
        var id = rest.submit("""
                {"graph":{"tasks":[
                  {"name":"environment","command":["cat","/proc/self/environ"],"environment":{"MINE":"1"}},
                  {"name":"descriptors","command":["ls","/proc/self/fd"]},
                  {"name":"workspace","command":["stat","-c","%a","."]}]}}""");
        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");

        var variables = rest.get("/api/v1/tasks/" + id + ".environment/logs").text();
        assertThat(Stream.of(variables.split("\0")).map(variable -> variable.replaceFirst("=.*", "")))
                .containsExactlyInAnyOrder(
                        "HOME",
                        "LANG",
                        "MINE",
                        "MUSTER_ATTEMPT",
                        "MUSTER_CORES",
                        "MUSTER_INDEX",
                        "MUSTER_JOB",
                        "MUSTER_MEMORY",
                        "MUSTER_NAME",
                        "MUSTER_SCRATCH",
                        "MUSTER_TASK",
                        "MUSTER_WORKER",
                        "MUSTER_WORKSPACE_ROOT",
                        "PATH",
                        "TMPDIR");
        // 3 is the folder that ls reads
        assertThat(rest.get("/api/v1/tasks/" + id + ".descriptors/logs").text()).isEqualTo("0\n1\n2\n3\n");
        assertThat(rest.get("/api/v1/tasks/" + id + ".workspace/logs").text()).isEqualTo("700\n");
    }

    @Tag("proof")
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onlyItsTaskSeesASecret(boolean inAWorkflow, @TempDir Path outside) throws Exception {
        var canary = Canary.random();
        var file = Files.writeString(outside.resolve("password"), canary.value() + "\n");
        var go = outside.resolve("go");
        var command = "until [ -e " + go + " ]; do sleep 0.1; done; printf %s \"$PASSWORD\" | sha256sum;"
                + " head -c -1 \"$MUSTER_SECRETS/KEY\" | sha256sum; touch kept; ls -A";
        var options = new ArrayList<String>();
        if (inAWorkflow) {
            var script = Files.writeString(
                    outside.resolve("w.yaml"),
                    "secrets: [PASSWORD, {name: KEY, as: file}]\ntasks:\n  t:\n    outputs: kept\n    run: |\n      "
                            + command + "\n");
            options.addAll(List.of("run", script.toString(), "--detach"));
        } else {
            options.addAll(List.of("submit", "--output", "**"));
        }
        options.addAll(List.of("--secret", "PASSWORD=@" + file, "--secret-file", "KEY=@" + file));
        if (!inAWorkflow) {
            options.addAll(List.of("--", "sh", "-c", command));
        }
        var printed = cluster.client(options.toArray(String[]::new));
        var id = printed.stdout().strip();
        runningOn(id);
        canary.requireAbsent("what the client printed", printed.toString());
        canary.requireAbsentFromCommandLines();
        var explained = rest.get("/api/v1/tasks/" + id + ".0/explain").text();
        Files.createFile(go);

        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");
        var digest = canary.digest() + "  -\n";
        assertThat(rest.get("/api/v1/tasks/" + id + ".0/logs").text()).isEqualTo(digest + digest + "kept\n");
        canary.requireAbsent("events", rest.events(id, "job.succeeded"));
        canary.requireAbsent("explain", explained);
        for (var path :
                List.of("jobs", "jobs/" + id, "jobs/" + id + "/spec", "tasks?job=" + id, "tasks/" + id + ".0")) {
            var answer = rest.get("/api/v1/" + path);
            assertThat(answer.status()).isEqualTo(200);
            canary.requireAbsent(path, answer.text());
        }
        assertThat(rest.get("/api/v1/jobs/" + id + "/spec").json().path("secrets"))
                .hasToString("[{\"name\":\"PASSWORD\"},{\"name\":\"KEY\",\"as\":\"file\"}]");
        canary.requireAbsent("metrics", rest.get("/metrics").text());
        canary.requireAbsent("job show", cluster.client("job", "show", id).toString());
        canary.requireAbsent(
                "task show", cluster.client("task", "show", id + ".0").toString());
        // logs, store and write-ahead log, spool, audit, workspaces, caches of objects
        canary.requireAbsentBelow(dir);
    }

    @Test
    void theSameIdempotencyKeyGivesTheSameJob() {
        var job = """
                {"name":"once","task":{"executor":"noop"}}""";
        var first = rest.post("/api/v1/jobs", job, "Idempotency-Key", "k-1");
        var second = rest.post("/api/v1/jobs", job, "Idempotency-Key", "k-1");
        var other = rest.post("/api/v1/jobs", job.replace("once", "twice"), "Idempotency-Key", "k-1");

        assertThat(second.json().path("id")).isEqualTo(first.json().path("id"));
        assertThat(other.status()).isEqualTo(409);
    }

    @Test
    void aDrainedWorkerGetsNothingMore() {
        assertThat(rest.post("/api/v1/workers/w1/drain").json().path("state").asText())
                .isEqualTo("draining");
        try {
            var id = rest.submit("""
                    {"array":{"task":{"command":["true"]},"indices":"0-19"}}""");
            rest.ended(id, SOON);
            assertThat(workers(id)).containsOnly("w2");
        } finally {
            assertThat(rest.post("/api/v1/workers/w1/resume")
                            .json()
                            .path("state")
                            .asText())
                    .isEqualTo("online");
        }
    }

    @Test
    void everyOtherAnswerFollowsTheDocumentToo() {
        rest.submit("""
                {"name":"seen","tags":["seen"],"task":{"executor":"noop"}}""");
        assertThat(rest.get("/api/v1/jobs?tag=seen&limit=1").json().path("items"))
                .hasSize(1);
        assertThat(rest.get("/api/v1/workers").json().path("items")).hasSize(2);
        assertThat(rest.get("/api/v1/cluster").json().at("/workers/online").asInt())
                .isEqualTo(2);
        assertThat(rest.get("/metrics").text()).contains("# TYPE");
        assertThat(rest.get("/readyz").status()).isEqualTo(200);
        assertThat(rest.getAsStranger("/healthz").json().path("status").asText())
                .isEqualTo("up");
        assertThat(rest.getAsStranger("/api/v1/cluster").status()).isEqualTo(401);
        assertThat(rest.get("/docs").mediaType()).isEqualTo("text/html");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"task":{"executor":"fortran","command":["x"]}}                    | 400 | invalid    | fortran
            {"task":{"command":["x"],"resources":{"cores":64}}}                | 422 | impossible | 64
            {"task":{"command":["x"]                                           | 400 | invalid    |
            {"task":{"command":["x"],"colour":"red"}}                          | 400 | invalid    | /task/colour
            {"task":{"command":[]}}                                            | 400 | invalid    | /task/command
            {"task":{"command":["x"],"resources":{"memory":"-1G"}}}            | 400 | invalid    | /task/resources/memory
            {"task":{"command":["x"],"timeLimit":"soon"}}                      | 400 | invalid    | /task/timeLimit
            {"task":{"command":["x"],"retries":-1}}                            | 400 | invalid    | retries
            {"array":{"task":{"command":["x"]},"indices":"5-1"}}               | 400 | invalid    | /array/indices
            {"after":[{"job":"999999"}],"task":{"command":["x"]}}              | 400 | invalid    | 999999
            {"graph":{"tasks":[{"name":"a","command":["x"],"needs":["b"]},{"name":"b","command":["x"],"needs":["a"]}]}} | 400 | invalid | cycle
            {}                                                                 | 400 | invalid    | task
            """)
    void badInputIsRefusedAndNothingIsStored(String job, int status, String code, String named) {
        var before = rest.get("/api/v1/jobs?limit=1").json().at("/items/0/id").asText();
        var answer = rest.post("/api/v1/jobs", job);

        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.mediaType()).isEqualTo("application/problem+json");
        assertThat(answer.json().path("code").asText()).isEqualTo(code);
        assertThat(answer.text()).contains(named == null ? "" : named);
        assertThat(answer.json().path("detail").asText()).doesNotContain("\n", "Exception");
        assertThat(rest.get("/api/v1/jobs?limit=1").json().at("/items/0/id").asText())
                .isEqualTo(before);
    }

    @Test
    void everyFaultIsToldAtOnce() {
        var answer = rest.post("/api/v1/jobs", """
                {"priority":5000,"task":{"command":["x"],"resources":{"memory":"lots","cores":-1}}}""");
        var pointers = StreamSupport.stream(answer.json().path("errors").spliterator(), false)
                .map(error -> error.path("pointer").asText())
                .toList();

        assertThat(answer.status()).isEqualTo(400);
        assertThat(pointers).contains("/priority", "/task/resources/memory", "/task/resources/cores");
    }

    @ParameterizedTest
    @CsvSource({
        "/api/v1/jobs/999999, 404",
        "/api/v1/jobs/x, 400",
        "/api/v1/tasks/999999.0, 404",
        "/api/v1/tasks/17, 400",
        "/api/v1/workers/nobody, 404",
        "/api/v1/jobs?state=done, 400",
        "/api/v1/jobs?limit=0, 400",
        "/api/v1/nothing, 404"
    })
    void idsAndParametersThatAreNoneAreTold(String path, int status) {
        var answer = rest.get(path);
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.mediaType()).isEqualTo("application/problem+json");
        assertThat(answer.json().path("detail").asText()).isNotEmpty();
    }

    @Test
    void theClientPrintsWhatTheTaskWroteAndExitsWithItsCode() {
        var printed = cluster.client("submit", "--wait", "--", "sh", "-c", "echo out; echo err >&2; exit 7");

        assertThat(printed.exitCode()).as(printed.toString()).isEqualTo(7);
        assertThat(printed.stdout()).isEqualTo("out\n");
        assertThat(printed.stderr()).contains("err\n");
    }

    @Test
    void theClientShowsTheClusterAsJson() {
        var printed = cluster.client("--json", "status");
        if (printed.exitCode() == 2) {
            printed = cluster.client("status", "--json");
        }

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(Rest.parse(printed.stdout())).isNotEmpty();
    }

    @Tag("proof")
    @ParameterizedTest
    @CsvSource({
        "noop,    200, seconds tasks_per_second heap_bytes",
        "latency, 5,   seconds tasks_per_second median_ms p99_ms",
        "native,  10,  seconds tasks_per_second baseline_tasks_per_second"
    })
    void theBenchmarkPrintsAnObjectALine(String name, int tasks, String figures) {
        var printed = cluster.client("bench", name, "--tasks", Integer.toString(tasks), "--rounds", "1", "--json");

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        var measured = printed.stdout()
                .lines()
                .map(Rest::parse)
                .filter(line -> line.path("name").asText().equals(name))
                .toList();
        assertThat(measured).as(printed.toString()).hasSize(1);
        assertThat(measured.get(0).path("tasks").asInt()).isEqualTo(tasks);
        for (var figure : figures.split(" ")) {
            assertThat(measured.get(0).path(figure).asDouble()).as(figure).isPositive();
        }
    }

    @Test
    void theClientRefusesWhatIsWrongInOneLine() {
        var printed = cluster.client("submit", "--memory", "lots", "--", "true");

        assertThat(printed.exitCode()).as(printed.toString()).isEqualTo(2);
        assertThat(printed.stderr().strip()).contains("lots").hasLineCount(1);
    }

    @Test
    void theClientSaysThatNoManagerAnswers() {
        var printed = cluster.client("status", "--url", "https://127.0.0.1:1");

        assertThat(printed.exitCode()).as(printed.toString()).isEqualTo(4);
        assertThat(printed.stderr()).contains("https://127.0.0.1:1");
    }

    @Test
    void aTaskOfAWorkerThatDiesRunsOnTheOther(@TempDir Path shared) throws Exception {
        var go = shared.resolve("go");
        // each attempt runs until it is told to go on, which the first never is
        var id = rest.submit("""
                {"task":{"command":["sh","-c","until [ -e GO ]; do sleep 0.1; done; echo $MUSTER_WORKER $MUSTER_ATTEMPT"]}}""".replace("GO", go.toString()));
        var first = runningOn(id);
        var lost = Instant.now();
        cluster.kill(first);
        var second = Eventually.until(
                "task " + id + ".0 runs on the other worker",
                SOON,
                () -> runningOn(id),
                worker -> !worker.equals(first));
        var moved = Duration.between(lost, Instant.now());
        Files.createFile(go);

        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");
        var task = rest.get("/api/v1/tasks/" + id + ".0").json();
        assertThat(task.path("attempts")).hasSize(2);
        assertThat(task.at("/attempts/0/cause").asText()).isEqualTo("worker_lost");
        assertThat(rest.get("/api/v1/tasks/" + id + ".0/logs").text()).isEqualTo(second + " 2\n");
        // a lease of three seconds, and some for a busy machine
        assertThat(moved).isLessThan(Duration.ofSeconds(12));

        cluster.startWorker(first);
        cluster.awaitState(first, "online");
    }

    @Test
    @Tag("proof")
    void anExecutorIsDeployedOnARunningWorkerAndRemovedOnceItsTasksHaveEnded(@TempDir Path folder) throws Exception {
        var jar = HotBundle.deploy(folder).toString();
        var begin = System.nanoTime();
        var deployed = cluster.client("worker", "deploy", "w2", jar);
        assertThat(deployed.stdout()).as(deployed.stderr()).isEqualTo("""
                worker w2: 'echo.jar' is deployed; executors: echo
                """);
        var id = rest.submit("{\"task\":{\"executor\":\"echo\",\"command\":[\"hot\",\"stuff\"]}}");
        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");
        System.out.println("from the command to the end of the first task of the new kind: "
                + Duration.ofNanos(System.nanoTime() - begin).toMillis() + " ms");
        assertThat(workers(id)).containsExactly("w2");
        assertThat(cluster.client("worker", "deploy", "w2", jar).stdout()).contains("is there already");
        assertThat(offers("w2", "noop")).isFalse();
        assertThat(cluster.client("worker", "deploy", "w2", "noop").stdout()).isEqualTo("""
                worker w2: 'muster-executor-noop.jar' is deployed; executors: noop
                """);
        assertThat(cluster.client("worker", "deploy", "w2", "docker").stdout())
                .contains("'muster-executor-docker.jar' is there already, with the worker");
        assertThat(cluster.client("worker", "deploy", "w2", "nope").stderr())
                .contains("no feature 'nope'; there are docker, native, noop, singularity");

        cluster.stop("w2");
        cluster.startWorker("w2");
        cluster.awaitState("w2", "online");
        for (var kind : List.of("echo", "noop")) {
            Eventually.until("w2 offers " + kind + " again", SOON, () -> offers("w2", kind), there -> there);
        }
        assertThat(cluster.client("worker", "undeploy", "w2", "noop").stdout())
                .contains("'muster-executor-noop.jar' is removed");
        assertThat(offers("w2", "noop")).isFalse();

        var go = folder.resolve("go");
        var running = rest.submit("{\"task\":{\"executor\":\"echo\",\"command\":[\"until\",\"" + go + "\"]}}");
        runningOn(running);
        var removal = CompletableFuture.supplyAsync(() -> cluster.client("worker", "undeploy", "w2", "echo.jar"));
        Eventually.until("echo takes nothing more", SOON, () -> offers("w2", "echo"), there -> !there);
        assertThat(removal).isNotDone();
        Files.createFile(go);
        assertThat(removal.get(60, TimeUnit.SECONDS).stdout()).contains("'echo.jar' is removed");
        assertThat(rest.ended(running, SOON).path("state").asText()).isEqualTo("succeeded");
    }

    @Test
    void theNextTaskRunsWhereTheFilesAre() {
        var tasks = Stream.of("0", "1", "2", "3")
                .map(chain -> """
                        {"name":"aN","command":["sh","-c","head -c 1000000 /dev/urandom > out"],"outputs":["out"]},
                        {"name":"bN","command":["sh","-c","cp in out"],
                         "inputs":[{"name":"in","from":"task:aN/out"}],"outputs":["out"]},
                        {"name":"cN","command":["sh","-c","cp in out"],
                         "inputs":[{"name":"in","from":"task:bN/out"}]}""".replace("N", chain))
                .collect(Collectors.joining(","));
        var id = rest.submit("{\"graph\":{\"tasks\":[" + tasks + "]}}");
        assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");

        for (var chain = 0; chain < 4; chain++) {
            assertThat(List.of(worker(id, "b" + chain), worker(id, "c" + chain)))
                    .as("chain " + chain)
                    .containsOnly(worker(id, "a" + chain));
        }
    }

    private static String worker(String job, String task) {
        return rest.get("/api/v1/tasks/" + job + "." + task)
                .json()
                .at("/attempts/0/worker")
                .asText();
    }

    @Test
    @Tag("proof")
    void whatASessionKeptOnAWorkerThatDiesIsMadeAgainOnTheOtherIfItIsNeeded(@TempDir Path folder) throws Exception {
        var jar = HotBundle.deployShelf(folder).toString();
        for (var worker : List.of("w1", "w2")) {
            assertThat(cluster.client("worker", "deploy", worker, jar).stdout()).contains("executors: shelf");
        }
        var gate = folder.resolve("gate");
        var id = rest.submit("""
                {"graph":{"tasks":[
                  {"name":"a","executor":"shelf","command":["a"],
                   "session":{"name":"s","memory":"1KiB","makes":["a"]}},
                  {"name":"b","executor":"shelf","command":["b"],
                   "session":{"name":"s","memory":"1KiB","makes":["b"],"takes":["a/a"]}},
                  {"name":"unused","executor":"shelf","command":["c"],
                   "session":{"name":"s","memory":"1KiB","makes":["c"],"takes":["a/a"]}},
                  {"name":"gate","command":["sh","-c","until [ -e GATE ]; do sleep 0.1; done"]},
                  {"name":"end","executor":"shelf","command":["end"],"needs":["gate"],
                   "session":{"name":"s","memory":"1KiB","takes":["b/b"]}}]}}""".replace("GATE", gate.toString()));
        var lost = succeeded(id, "b", 1).path("worker").asText();
        assertThat(succeeded(id, "unused", 1).path("worker").asText()).isEqualTo(lost);
        cluster.kill(lost);
        try {
            assertThat(succeeded(id, "b", 2).path("worker").asText()).isNotEqualTo(lost);
            Files.createFile(gate);
            assertThat(rest.ended(id, SOON).path("state").asText()).isEqualTo("succeeded");
        } finally {
            cluster.startWorker(lost);
            cluster.awaitState(lost, "online");
        }
        assertThat(rest.get("/api/v1/tasks/" + id + ".end/logs").text()).isEqualTo("abend");
        for (var attempts : Map.of("a", 2, "b", 2, "unused", 1, "end", 1).entrySet()) {
            assertThat(rest.get("/api/v1/tasks/" + id + "." + attempts.getKey())
                            .json()
                            .path("attempts"))
                    .as(attempts.getKey())
                    .hasSize(attempts.getValue());
        }

        var large = rest.submit("""
                {"graph":{"tasks":[{"name":"a","executor":"shelf","command":["four"],
                  "session":{"name":"s","memory":3,"makes":["a"]}}]}}""");
        rest.ended(large, SOON);
        var refused = rest.get("/api/v1/tasks/" + large + ".a").json().at("/attempts/0");
        assertThat(refused.path("cause").asText()).isEqualTo("memory_limit");
        assertThat(refused.path("message").asText())
                .startsWith("object 'a' of 4 does not fit into session " + large + "/shelf/s on worker");
    }

    /** The attempt of a task that has succeeded. */
    private static JsonNode succeeded(String job, String task, int number) {
        var attempts = Eventually.until(
                        "attempt " + number + " of " + task + " has succeeded",
                        SOON,
                        () -> rest.get("/api/v1/tasks/" + job + "." + task).json(),
                        found -> found.path("state").asText().equals("succeeded")
                                && found.path("attempts").size() == number)
                .path("attempts");
        return attempts.get(number - 1);
    }

    @Test
    void theStoreIsBackedUpAndVerifiedWhileTheManagerRuns(@TempDir Path folder) {
        var id = rest.submit("{\"task\":{\"command\":[\"true\"]}}");
        rest.ended(id, SOON);
        var backup = folder.resolve("backup.db").toString();
        var made = cluster.client("store", "backup", "--dir", dir.toString(), backup);
        assertThat(made.exitCode()).as(made.stderr()).isZero();
        var verified = cluster.client("store", "verify", backup);
        assertThat(verified.exitCode()).as(verified.stderr()).isZero();
        var running = cluster.client("store", "verify", "--dir", dir.toString());
        assertThat(running.exitCode()).isNotZero();
        assertThat(running.stderr()).contains("runs");
    }

    @Test
    void whatIsNoBundleIsNotDeployed(@TempDir Path folder) throws Exception {
        var text = Files.writeString(folder.resolve("text.jar"), "no jar");
        var refused = cluster.client("worker", "deploy", "w1", text.toString());
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.stderr()).contains("worker 'w1': 'text.jar' is no jar");
        var unknown = cluster.client("worker", "undeploy", "w1", "text.jar");
        assertThat(unknown.stderr()).contains("no bundle 'text.jar' is deployed here");
    }

    private static boolean offers(String worker, String kind) {
        var executors = rest.get("/api/v1/workers/" + worker).json().path("executors");
        return StreamSupport.stream(executors.spliterator(), false)
                .anyMatch(executor -> executor.path("name").asText().equals(kind)
                        && executor.path("available").asBoolean());
    }

    /** Where the last attempt of a job's only task runs, once it does. */
    private static String runningOn(String job) {
        var attempts = Eventually.until(
                        "task " + job + ".0 runs",
                        SOON,
                        () -> rest.get("/api/v1/tasks/" + job + ".0").json(),
                        task -> task.path("state").asText().equals("running"))
                .path("attempts");
        return attempts.get(attempts.size() - 1).path("worker").asText();
    }

    private static List<String> workers(String job) {
        var workers = new ArrayList<String>();
        for (JsonNode task : rest.get("/api/v1/tasks?job=" + job).json().path("items")) {
            workers.add(task.at("/attempts/0/worker").asText());
        }
        return workers;
    }
}
