package muster.transport;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.LogStream;
import muster.api.Output;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.Role;
import muster.api.Secret;
import muster.api.SessionId;
import muster.api.SessionSpec;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Usage;
import muster.api.Work;
import muster.api.executor.Outcome;

/** One of each message, with every field set. */
final class Samples {
    static final String SESSION = "5f2c";

    private static final Instant STARTED = Instant.parse("2026-11-20T10:00:00.123456789Z");
    private static final Instant FINISHED = Instant.parse("2026-11-20T10:00:01.5Z");

    private Samples() {}

    static AttemptId attempt(long job, int index, int number) {
        return new AttemptId(new TaskId(new JobId(job), index), number);
    }

    static TaskSpec fullTask(String name, List<String> needs) {
        return TaskSpec.builder()
                .name(name)
                .executor("docker")
                .command(List.of("sort", "-n", "ü"))
                .parameters(new Parameters(Map.of(
                        "image", new TreeMap<>(Map.of("name", "alpine", "layers", List.of(1L, 2.5, true, "last"))))))
                .environment(Map.of("A", "b", "EMPTY", ""))
                .stdin("in.txt")
                .stdout("out-%i.txt")
                .stderr("err-%i.txt")
                .resources(new Resources(0.5, 8L << 30, 1 << 20, 2, Map.of("license", 1L), List.of("ssd", "!slow")))
                .timeLimit(Duration.ofSeconds(90))
                .retries(3)
                .needs(needs)
                .inputs(
                        needs.isEmpty()
                                ? List.of(new Input("tool", "sha256:" + "0".repeat(64), true))
                                : List.of(new Input("in.txt", "task:a/out/", false)))
                .outputs(List.of(new Output("out/**", true, true), new Output("log", false, false)))
                .session(new SessionSpec(
                        "model",
                        2L << 30,
                        List.of("made-" + name),
                        needs.stream().map(need -> need + "/made-" + need).toList()))
                .build();
    }

    static JobSpec fullJob() {
        return new JobSpec(
                "days",
                List.of("demo"),
                -5,
                List.of(new JobSpec.Dependency(new JobId(3), true), new JobSpec.Dependency(new JobId(4), false)),
                0,
                new Work.Graph(List.of(fullTask("a", List.of()), fullTask("b", List.of("a")))),
                fullSecrets().stream().map(Secret::named).toList());
    }

    static List<Secret> fullSecrets() {
        return List.of(
                new Secret("PASSWORD", Secret.Place.ENVIRONMENT, "hunter2".getBytes(StandardCharsets.UTF_8)),
                new Secret("KEYTAB", Secret.Place.FILE, new byte[] {0, (byte) 0xff}));
    }

    static Work arrayOfItems() {
        return new Work.Array(
                TaskSpec.command("echo", "{item}"), IndexSet.parse("0-2"), List.of("a", "", "{\"b\":1}"), 10);
    }

    static ToManager.Result fullResult() {
        return new ToManager.Result(
                attempt(17, 3, 2),
                Cause.MEMORY_LIMIT,
                -1,
                9,
                "used 9GiB of 8GiB",
                STARTED,
                FINISHED,
                new Usage(Duration.ofMillis(1376), Duration.ofMillis(1200), 9L << 30),
                "out".getBytes(StandardCharsets.UTF_8),
                new byte[] {0, (byte) 0xff},
                1L << 40,
                2,
                "Killed\n",
                List.of("model"));
    }

    static ToManager.Result plainResult(long job, int index) {
        return ToManager.Result.of(attempt(job, index, 1), Outcome.success(Usage.NONE), STARTED, FINISHED);
    }

    static Map<String, ToWorker> toWorker() {
        return Map.ofEntries(
                Map.entry(
                        "welcome",
                        new ToWorker.Welcome(
                                SESSION, Duration.ofSeconds(10), Duration.ofSeconds(2), 64, "10.0.0.2", 7072)),
                Map.entry("refused", new ToWorker.Refused(SESSION, "speaks protocol 7, this manager 1 to 2")),
                Map.entry(
                        "run",
                        new ToWorker.Run(List.of(
                                new ToWorker.Batch(
                                        new JobId(17),
                                        "ada",
                                        TaskSpec.command("true"),
                                        new int[] {3, 4, 100_000},
                                        new int[] {1, 1, 2},
                                        null),
                                new ToWorker.Batch(
                                        new JobId(18),
                                        "bob",
                                        fullTask("each", List.of()),
                                        new int[] {0},
                                        new int[] {1},
                                        List.of("item"),
                                        fullSecrets())))),
                Map.entry("reintroduce", new ToWorker.Reintroduce()),
                Map.entry("cancel", new ToWorker.Cancel(List.of(attempt(17, 3, 1), attempt(18, 0, 2)))),
                Map.entry("confirm", new ToWorker.Confirm(List.of(attempt(17, 3, 1)))),
                Map.entry("readLog", new ToWorker.ReadLog(7, attempt(17, 3, 1), LogStream.STDERR, 1L << 33, 65_536)),
                Map.entry("forget", new ToWorker.Forget(List.of(new JobId(17), new JobId(1L << 40)))),
                Map.entry("release", new ToWorker.Release(List.of(new JobId(17)))),
                Map.entry("deploy", new ToWorker.Deploy(9, "echo.jar", "sha256:" + "a".repeat(64))),
                Map.entry(
                        "close",
                        new ToWorker.Close(List.of(
                                new SessionId(new JobId(17), "python", "model"),
                                new SessionId(new JobId(18), "echo", "")))),
                Map.entry(
                        "grants",
                        new ToWorker.Grants(List.of(
                                new ToWorker.Grant("b".repeat(64), "ada", Role.USER, FINISHED),
                                new ToWorker.Grant("c".repeat(64), "admin", Role.ADMIN, null)))));
    }

    static Map<String, ToManager> toManager() {
        return Map.of(
                "hello",
                new ToManager.Hello(
                        SESSION,
                        1,
                        2,
                        "0.1.0",
                        "10.0.0.7",
                        new Capacity(
                                7.5, 64L << 30, 1L << 40, List.of("H200"), Map.of("license", 2L), List.of("zone=eu")),
                        List.of(new ExecutorView("native", true, ""), new ExecutorView("docker", false, "no daemon")),
                        List.of(attempt(17, 3, 1)),
                        List.of(attempt(17, 4, 1), attempt(18, 0, 2)),
                        40_001,
                        List.of(new SessionId(new JobId(17), "python", "model")),
                        List.of(new JobId(16), new JobId(17))),
                "heartbeat",
                new ToManager.Heartbeat(SESSION),
                "executors",
                new ToManager.Executors(SESSION, List.of(new ExecutorView("noop", true, ""))),
                "goodbye",
                new ToManager.Goodbye(SESSION),
                "started",
                new ToManager.Started(
                        SESSION,
                        List.of(
                                new ToManager.Start(attempt(17, 3, 1), STARTED),
                                new ToManager.Start(attempt(17, 4, 1), FINISHED))),
                "finished",
                new ToManager.Finished(SESSION, List.of(plainResult(17, 4), fullResult())),
                "returned",
                new ToManager.Returned(SESSION, List.of(attempt(17, 3, 1)), "the worker is going down"),
                "log",
                new ToManager.Log(7, 3, "line\n".getBytes(StandardCharsets.UTF_8), true, "gone"),
                "deployed",
                new ToManager.Deployed(9, "offers echo", "it does not resolve"));
    }
}
