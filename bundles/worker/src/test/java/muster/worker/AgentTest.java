package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.ExecutorView;
import muster.api.Input;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.Resources;
import muster.api.SessionId;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Usage;
import muster.api.executor.Availability;
import muster.api.executor.Outcome;
import muster.transport.BrokerAddress;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import muster.transport.ToManager.Result;
import muster.transport.ToWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AgentTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final Agent.Timing PATIENT =
            new Agent.Timing(NEVER, NEVER, NEVER, NEVER, NEVER, Duration.ofSeconds(5));
    private static final AttemptId FIRST = Tasks.attempt(17, 0, 1);
    private static final AttemptId SECOND = Tasks.attempt(17, 1, 1);
    private static final AttemptId THIRD = Tasks.attempt(17, 2, 1);

    @TempDir
    Path root;

    private final FakeExecutor executor = new FakeExecutor();
    private final FakeTaskFiles files = new FakeTaskFiles();
    private FakeLinks links;
    private WorkFolder folder;
    private Spool spool;
    private ExecutorRegistry registry;
    private Agent agent;
    private volatile boolean nodeStops;

    @BeforeEach
    void begin() {
        begin(PATIENT);
    }

    @AfterEach
    void end() {
        executor.obeys = true;
        files.brought.countDown();
        agent.close();
        executor.obeys = false;
        registry.close();
        spool.close();
        folder.close();
    }

    private void begin(Agent.Timing timing) {
        links = new FakeLinks();
        folder = WorkFolder.open(root.resolve("work"));
        spool = Spool.open(folder.spool(), 1 << 20);
        registry = new ExecutorRegistry(NEVER, "");
        agent = new Agent(
                new Agent.Node(
                        "w1",
                        "session-1",
                        "1.2.3",
                        "10.0.0.1",
                        new Capacity(2, 1 << 20, 1 << 20, List.of("a", "b"), Map.of(), List.of())),
                links,
                new BrokerAddress(URI.create("tcp://127.0.0.1:1")),
                new NodeIdentity("w1", root, root, "secret"),
                registry,
                folder,
                new Logs(folder.logs(), folder.spares(), 1 << 30),
                TaskUsers.NONE,
                spool,
                files,
                timing,
                () -> nodeStops);
        registry.add(Tasks.KIND, executor);
        eventually("the executor is probed", () -> registry.available(Tasks.KIND) != null);
        agent.start();
    }

    private void beginAgain(Agent.Timing timing) {
        end();
        begin(timing);
    }

    // ---- the conversation

    @Test
    void saysWhatItIsAndHas() {
        var hello = links.connect();

        assertThat(hello.session()).isEqualTo("session-1");
        assertThat(hello.version()).isEqualTo("1.2.3");
        assertThat(hello.address()).isEqualTo("10.0.0.1");
        assertThat(hello.capacity().cores()).isEqualTo(2);
        assertThat(hello.executors()).containsExactly(new ExecutorView(Tasks.KIND, true, ""));
        assertThat(hello.running()).isEmpty();
        assertThat(hello.finished()).isEmpty();
        assertThat(hello.keeps()).containsExactly(new JobId(16));
    }

    @Test
    void repeatsItsHelloUntilItIsAnswered() {
        beginAgain(new Agent.Timing(Duration.ofMillis(20), NEVER, NEVER, NEVER, NEVER, Duration.ofSeconds(5)));
        var hello = links.connect();
        links.await(ToManager.Hello.class);
        links.await(ToManager.Hello.class);

        links.receive(1, FakeLinks.welcome(hello.session()));
        links.await(ToManager.Heartbeat.class);
        links.await(ToManager.Heartbeat.class);
        var hellos = count(ToManager.Hello.class);
        links.await(ToManager.Heartbeat.class);
        links.await(ToManager.Heartbeat.class);

        assertThat(count(ToManager.Hello.class)).isEqualTo(hellos);
    }

    @Test
    void ignoresAWelcomeToAnEarlierSession() {
        links.connect();

        links.receive(1, FakeLinks.welcome("session-0"), Tasks.run(17, Tasks.task(), 0));
        links.receive(1, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 1));

        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(SECOND);
    }

    @Test
    void asksForAnotherServerOfTheBrokerWhileNoManagerAnswers() {
        beginAgain(new Agent.Timing(Duration.ofMillis(20), NEVER, NEVER, NEVER, NEVER, Duration.ofSeconds(5)));
        links.connect();
        eventually("it moves on, and on", () -> links.moves.get() > 1);
    }

    @Test
    void triesAgainSlowlyAfterARefusal() {
        beginAgain(new Agent.Timing(NEVER, Duration.ofMillis(20), NEVER, NEVER, NEVER, Duration.ofSeconds(5)));
        var hello = links.connect();

        links.receive(1, new ToWorker.Refused(hello.session(), "too old"));

        links.await(ToManager.Hello.class);
        links.await(ToManager.Hello.class);
        links.receive(1, FakeLinks.welcome(hello.session()));
        links.await(ToManager.Heartbeat.class);
    }

    @Test
    void dropsWhatWasSentBeforeTheWelcome() {
        links.connect();

        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        links.receive(1, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 1));

        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(SECOND);
    }

    @Test
    void greetsAManagerThatTookOverUnnoticed() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        links.receive(2, new ToWorker.Reintroduce());

        assertThat(links.await(ToManager.Hello.class).running()).containsExactly(FIRST);
        links.receive(2, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 1));
        executor.awaitStart(SECOND);
    }

    @Test
    void saysAgainWhatItHoldsWhenAsked() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        links.receive(1, new ToWorker.Reintroduce());

        assertThat(links.await(ToManager.Hello.class).running()).containsExactly(FIRST);
        links.receive(1, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 1));
        executor.succeed(FIRST);
        executor.awaitStart(SECOND);
    }

    @Test
    void greetsBeforeItTrustsAWelcomeItDidNotAskFor() {
        links.join(1);
        links.await(ToManager.Heartbeat.class);

        links.receive(2, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 0));
        links.await(ToManager.Hello.class);
        links.receive(2, FakeLinks.welcome("session-1"), Tasks.run(17, Tasks.task(), 1));

        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(SECOND);
    }

    // ---- what runs when

    @Test
    void startsWhatFitsInTheOrderGiven() {
        links.join(1);

        links.receive(1, Tasks.run(17, Tasks.task(), 0, 1, 2));

        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(FIRST, SECOND);
        executor.succeed(SECOND);
        executor.awaitStart(THIRD);
    }

    @Test
    void doesNotLetASmallTaskOvertakeALargeOne() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        links.receive(1, Tasks.run(17, Tasks.task(Tasks.cores(2)), 1));
        links.receive(1, Tasks.run(17, Tasks.task(), 2));
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);

        executor.awaitStart(SECOND);

        assertThat(executor.started).containsExactly(FIRST, SECOND);
        executor.succeed(SECOND);
        executor.awaitStart(THIRD);
    }

    @Test
    void givesEachAttemptItsOwnGpus() {
        links.join(1);
        var gpu = new Resources(0, 0, 0, 1, Map.of(), List.of());
        links.receive(1, Tasks.run(17, Tasks.task(gpu), 0, 1, 2));

        var first = executor.awaitStart(FIRST);
        var second = executor.awaitStart(SECOND);

        assertThat(first.gpus()).containsExactly(0);
        assertThat(second.gpus()).containsExactly(1);
        assertThat(second.environment()).containsEntry("CUDA_VISIBLE_DEVICES", "1");
        executor.succeed(SECOND);
        assertThat(executor.awaitStart(THIRD).gpus()).containsExactly(1);
    }

    @Test
    void startsAnAttemptOnceThoughItComesTwice() {
        links.join(1);
        var run = Tasks.run(17, Tasks.task(), 0);

        links.receive(1, run, run);
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        links.receive(1, run, Tasks.run(17, Tasks.task(), 1));

        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(FIRST, SECOND);
    }

    @Test
    void givesBackWhatItCouldNeverRun() {
        links.join(1);

        links.receive(1, Tasks.run(17, Tasks.task(Tasks.cores(16)), 0), Tasks.run(17, Tasks.task(), 1));

        executor.awaitStart(SECOND);
        eventually("it goes back", () -> !links.returned(FIRST).isEmpty());
        assertThat(links.returned(FIRST).get(0)).contains("'w1'", "2.0 cores", "16.0");
    }

    @Test
    void endsAnAttemptWhoseItemMakesItInvalid() {
        links.join(1);
        var spec = TaskSpec.builder()
                .executor(Tasks.KIND)
                .command(List.of("echo", "{item}"))
                .build();

        links.receive(
                1,
                new ToWorker.Run(List.of(new ToWorker.Batch(
                        new JobId(17), "ada", spec, new int[] {0, 1}, new int[] {1, 1}, List.of("a\0b", "c")))));

        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.INVALID);
        assertThat(executor.awaitStart(SECOND).task().command()).containsExactly("echo", "c");
    }

    // ---- how it is told

    @Test
    void tellsTheStartOfWhatRunsOn() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        executor.tellStarted(FIRST);

        var start = links.await(ToManager.Started.class).starts().get(0);
        assertThat(start.attempt()).isEqualTo(FIRST);
        executor.succeed(FIRST);
        assertThat(links.awaitResult(FIRST).startedAt()).isEqualTo(start.at());
    }

    @Test
    void tellsTheStartAgainToANewManager() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);
        executor.tellStarted(FIRST);
        links.await(ToManager.Started.class);

        links.worker.disconnected("gone");
        links.join(2);

        assertThat(links.await(ToManager.Started.class).starts())
                .extracting(ToManager.Start::attempt)
                .containsExactly(FIRST);
    }

    @Test
    void tellsTheOutcomeAsTheExecutorDid() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);
        var usage = new Usage(Duration.ofSeconds(3), Duration.ofSeconds(2), 1 << 20);

        executor.end(FIRST, new Outcome(Cause.SIGNAL, -1, 9, "killed by signal 9 (SIGKILL)", usage));

        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.SIGNAL);
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.signal()).isEqualTo(9);
        assertThat(result.message()).isEqualTo("killed by signal 9 (SIGKILL)");
        assertThat(result.usage()).isEqualTo(usage);
        assertThat(result.stdout()).isNull();
        assertThat(result.finishedAt()).isAfterOrEqualTo(result.startedAt());
    }

    @Test
    void ignoresASecondOutcome() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0, 1, 2));
        executor.awaitStart(SECOND);

        executor.succeed(FIRST);
        executor.end(FIRST, Outcome.failure(Cause.INTERNAL, "again"));
        executor.awaitStart(THIRD);
        executor.succeed(THIRD);

        links.awaitResult(THIRD);
        assertThat(links.results(FIRST)).extracting(Result::cause).containsExactly(Cause.SUCCESS);
    }

    @Test
    void endsWhatAnExecutorFailedToStart() {
        executor.failure = new IllegalStateException("no luck");
        links.join(1);

        links.receive(1, Tasks.run(17, Tasks.task(), 0));

        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(result.message()).contains("'" + Tasks.KIND + "'", "no luck");
    }

    // ---- results until they are confirmed

    @Test
    void sendsAgainAfterAReconnectWhatWasNotConfirmed() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0, 1));
        executor.awaitStart(SECOND);
        executor.succeed(FIRST);
        executor.succeed(SECOND);
        links.awaitResult(FIRST);
        links.awaitResult(SECOND);
        links.receive(1, new ToWorker.Confirm(List.of(SECOND)));

        links.worker.disconnected("gone");
        var hello = links.join(1);

        assertThat(hello.finished()).containsExactly(FIRST);
        eventually("it is sent again", () -> links.results(FIRST).size() == 2);
        assertThat(links.results(SECOND)).hasSize(1);
    }

    @Test
    void keepsForTheNextManagerWhatEndsWhileThereIsNone() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0, 1, 2));
        executor.awaitStart(SECOND);
        links.worker.disconnected("gone");

        executor.succeed(FIRST);
        executor.awaitStart(THIRD);

        assertThat(links.results(FIRST)).isEmpty();
        var hello = links.join(2);
        assertThat(hello.finished()).containsExactly(FIRST);
        assertThat(hello.running()).containsExactly(SECOND, THIRD);
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void sendsAgainWhatStaysUnconfirmed() {
        beginAgain(new Agent.Timing(NEVER, NEVER, Duration.ofMillis(50), NEVER, NEVER, Duration.ofSeconds(5)));
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        executor.succeed(FIRST);

        eventually("it is sent again", () -> links.results(FIRST).size() > 2);
        links.receive(1, new ToWorker.Confirm(List.of(FIRST)));
        eventually("it is confirmed", () -> spool.unconfirmed().isEmpty());
    }

    @Test
    void sendsInPiecesWhatGatheredInALongAbsence() {
        var attempts =
                IntStream.range(0, 100).mapToObj(i -> Tasks.attempt(17, i, 1)).toList();
        attempts.forEach(attempt -> spool.add(Tasks.result(attempt, Finisher.INLINE_BYTES)));

        var hello = links.join(1);

        assertThat(hello.finished()).containsExactlyElementsOf(attempts);
        eventually("all are sent", () -> attempts.stream()
                .allMatch(a -> links.results(a).size() == 1));
        assertThat(count(ToManager.Finished.class)).isGreaterThan(20);
    }

    @Test
    void sendsAfterARestartWhatWasNotConfirmed() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        write(executor.awaitStart(FIRST).stdout(), "hello\n");
        executor.succeed(FIRST);
        links.awaitResult(FIRST);

        beginAgain(PATIENT);
        var hello = links.join(1);

        assertThat(hello.finished()).containsExactly(FIRST);
        assertThat(links.awaitResult(FIRST).stdout()).asString().isEqualTo("hello\n");
    }

    // ---- cancel

    @Test
    void cancelsWhatRuns() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        links.receive(1, new ToWorker.Cancel(List.of(FIRST, Tasks.attempt(99, 0, 1))));
        executor.awaitCancel(FIRST);
        executor.end(FIRST, Outcome.failure(Cause.CANCELED, "canceled"));

        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.CANCELED);
        assertThat(executor.canceled).containsExactly(FIRST);
    }

    @Test
    void cancelsWhatWaitsWithoutStartingIt() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(Tasks.cores(2)), 0, 1, 2));
        executor.awaitStart(FIRST);

        links.receive(1, new ToWorker.Cancel(List.of(SECOND)));

        var result = links.awaitResult(SECOND);
        assertThat(result.cause()).isEqualTo(Cause.CANCELED);
        assertThat(result.startedAt()).isNull();
        executor.succeed(FIRST);
        executor.awaitStart(THIRD);
        assertThat(executor.started).containsExactly(FIRST, THIRD);
    }

    // ---- limits and executors that go away

    @Test
    void endsWhatItsExecutorLetsRunBeyondTheLimit() {
        beginAgain(new Agent.Timing(NEVER, NEVER, NEVER, Duration.ofMillis(30), NEVER, Duration.ofSeconds(5)));
        links.join(1);
        links.receive(
                1,
                Tasks.run(17, Tasks.task(Tasks.cores(2), Duration.ofMillis(10), null, null), 0),
                Tasks.run(17, Tasks.task(), 1));

        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.TIME_LIMIT);
        assertThat(executor.canceled).containsExactly(FIRST);
        executor.awaitStart(SECOND);
        executor.end(FIRST, Outcome.failure(Cause.TIME_LIMIT, "late"));
        executor.succeed(SECOND);
        links.awaitResult(SECOND);
        assertThat(links.results(FIRST)).hasSize(1);
    }

    @Test
    void advertisesAnExecutorAsSoonAsItComesAndGoes() {
        links.join(1);
        var other = new FakeExecutor();

        registry.add("other", other);
        assertThat(links.await(ToManager.Executors.class).executors())
                .containsExactly(new ExecutorView(Tasks.KIND, true, ""), new ExecutorView("other", true, ""));

        registry.remove("other", other);
        assertThat(links.await(ToManager.Executors.class).executors())
                .containsExactly(new ExecutorView(Tasks.KIND, true, ""));
    }

    @Test
    void givesBackWhatWaitsForAnExecutorThatGoesAway() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(Tasks.cores(2)), 0, 1));
        executor.awaitStart(FIRST);

        registry.remove(Tasks.KIND, executor);

        eventually("it goes back", () -> !links.returned(SECOND).isEmpty());
        assertThat(links.returned(SECOND)).containsExactly("executor 'fake' is not deployed here");
        assertThat(links.await(ToManager.Executors.class).executors()).isEmpty();
        executor.end(FIRST, Outcome.failure(Cause.EXECUTOR, "removed"));
        assertThat(links.awaitResult(FIRST).message()).isEqualTo("removed");
    }

    @Test
    void endsWhatAnExecutorLeavesBehind() {
        beginAgain(new Agent.Timing(NEVER, NEVER, NEVER, NEVER, Duration.ofMillis(30), Duration.ofSeconds(5)));
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);

        registry.remove(Tasks.KIND, executor);

        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(result.message()).contains("'fake'", "'w1'");
    }

    @Test
    void givesBackWhatNoExecutorHereRuns() {
        executor.availability = Availability.no("its daemon is down; start it");
        beginAgainUnavailable();
        links.join(1);

        links.receive(1, Tasks.run(17, Tasks.task(), 0));

        eventually("it goes back", () -> !links.returned(FIRST).isEmpty());
        assertThat(links.returned(FIRST))
                .containsExactly("executor 'fake' cannot run here: its daemon is down; start it");
    }

    private void beginAgainUnavailable() {
        registry.remove(Tasks.KIND, executor);
        registry.add(Tasks.KIND, executor);
        eventually("it is probed", () -> registry.views()
                .equals(List.of(new ExecutorView(Tasks.KIND, false, "its daemon is down; start it"))));
    }

    // ---- logs

    @Test
    void sendsWhatWasWrittenWithTheResultAndKeepsNoFile() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        var attempt = executor.awaitStart(FIRST);
        write(attempt.stdout(), "out\n");
        write(attempt.stderr(), "err\n");
        var workspace = attempt.workingDirectory();
        var scratch = Path.of(attempt.environment().get("MUSTER_SCRATCH"));
        assertThat(workspace).isDirectory();
        assertThat(scratch).isDirectory();

        executor.end(FIRST, new Outcome(Cause.EXIT_CODE, 3, 0, "exited with code 3", Usage.NONE));

        var result = links.awaitResult(FIRST);
        assertThat(result.stdout()).asString().isEqualTo("out\n");
        assertThat(result.stderr()).asString().isEqualTo("err\n");
        assertThat(result.stdoutBytes()).isEqualTo(4);
        assertThat(result.stderrTail()).isEqualTo("err\n");
        assertThat(workspace).doesNotExist();
        assertThat(scratch).doesNotExist();
        assertThat(folder.logs()).isEmptyDirectory();
    }

    @Test
    void readsWhatARunningAttemptWrites() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        var attempt = executor.awaitStart(FIRST);

        var early = read(FIRST, 0, 100);
        write(attempt.stdout(), "0123456789");
        var middle = read(FIRST, 3, 4);
        var end = read(FIRST, 10, 100);

        assertThat(early.bytes()).isEmpty();
        assertThat(early.ended()).isFalse();
        assertThat(middle.bytes()).asString().isEqualTo("3456");
        assertThat(middle.offset()).isEqualTo(3);
        assertThat(end.bytes()).isEmpty();
        assertThat(end.ended()).isFalse();
        assertThat(end.error()).isEmpty();
    }

    @Test
    void readsWhatDidNotFitIntoTheResult() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        var output = pattern(600_000);
        Files.write(executor.awaitStart(FIRST).stdout(), output);
        executor.succeed(FIRST);
        var result = links.awaitResult(FIRST);
        links.receive(1, new ToWorker.Confirm(List.of(FIRST)));

        assertThat(result.stdout()).isEqualTo(Arrays.copyOf(output, Finisher.INLINE_BYTES));
        assertThat(result.stdoutBytes()).isEqualTo(600_000);
        var rest = read(FIRST, Finisher.INLINE_BYTES, 1 << 20);
        assertThat(rest.bytes()).isEqualTo(Arrays.copyOfRange(output, Finisher.INLINE_BYTES, 600_000));
        assertThat(rest.ended()).isTrue();

        links.receive(1, new ToWorker.Forget(List.of(new JobId(17))));
        eventually("the log is gone", () -> isEmpty(folder.logs()));
        assertThat(read(FIRST, 0, 100).error()).contains("17.0@1", "'w1'");
    }

    @Test
    void answersFromAResultThatIsNotConfirmed() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        write(executor.awaitStart(FIRST).stdout(), "short");
        executor.succeed(FIRST);
        links.awaitResult(FIRST);

        var answer = read(FIRST, 2, 100);

        assertThat(answer.bytes()).asString().isEqualTo("ort");
        assertThat(answer.ended()).isTrue();
    }

    @Test
    void leavesAFileThatTheUserNamed() throws Exception {
        links.join(1);
        var directory = Files.createDirectory(root.resolve("mine"));
        links.receive(
                1, Tasks.run(17, Tasks.task(Resources.DEFAULT, null, directory.toString(), "out/%j-%i-%a.txt"), 0));
        var output = pattern(300_000);
        Files.write(executor.awaitStart(FIRST).stdout(), output);

        executor.succeed(FIRST);

        assertThat(links.awaitResult(FIRST).stdoutBytes()).isEqualTo(300_000);
        links.receive(1, new ToWorker.Confirm(List.of(FIRST)));
        assertThat(directory.resolve("out/17-0-1.txt")).hasBinaryContent(output);
        assertThat(read(FIRST, 299_000, 10_000).bytes()).hasSize(1000);
        links.receive(1, new ToWorker.Forget(List.of(new JobId(17))));
        eventually("it is forgotten", () -> !read(FIRST, 0, 1).error().isEmpty());
        assertThat(directory.resolve("out/17-0-1.txt")).exists();
    }

    @Test
    void keepsLongOutputThatTheUserNamedInTheWorkspace() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(Resources.DEFAULT, null, null, "out.txt"), 0));
        var output = pattern(300_000);
        var file = executor.awaitStart(FIRST).stdout();
        Files.write(file, output);

        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        links.receive(1, new ToWorker.Confirm(List.of(FIRST)));

        assertThat(file).doesNotExist();
        assertThat(read(FIRST, 0, 1 << 20).bytes()).isEqualTo(output);
    }

    @Test
    void saysAnewWhatIsHereWhenAResultCannotBeReadBack() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        spool.sync();
        try (var segments = Files.newDirectoryStream(folder.spool(), "*.spool")) {
            for (var segment : segments) {
                Files.write(segment, new byte[(int) Files.size(segment)]);
            }
        }
        links.worker.disconnected("gone");

        assertThat(links.join(2).finished()).containsExactly(FIRST);

        var hello = links.await(ToManager.Hello.class);
        assertThat(hello.finished()).isEmpty();
        assertThat(hello.running()).isEmpty();
    }

    @Test
    void endsAnAttemptWhoseOutputCannotBeKept() throws Exception {
        Files.writeString(folder.logs().resolve("17"), "in the way");
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(Resources.DEFAULT, null, null, "out.txt"), 0));
        Files.write(executor.awaitStart(FIRST).stdout(), pattern(300_000));

        executor.succeed(FIRST);

        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.SUCCESS);
        assertThat(result.stdout()).hasSize(Finisher.INLINE_BYTES);
    }

    // ---- going down

    @Test
    void handsEverythingBackWhenItGoesDown() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(Tasks.cores(2)), 0, 1));
        var workspace = executor.awaitStart(FIRST).workingDirectory();
        var closing = new Thread(agent::close);
        closing.start();

        executor.awaitCancel(FIRST);
        executor.end(FIRST, Outcome.failure(Cause.CANCELED, "canceled"));

        links.await(ToManager.Goodbye.class);
        assertThat(links.returned(FIRST)).hasSize(1);
        assertThat(links.returned(SECOND)).hasSize(1);
        assertThat(links.results(FIRST)).isEmpty();
        assertThat(workspace).doesNotExist();
        assertThat(executor.started).containsExactly(FIRST);
        eventually("the link is closed", () -> links.closed);
    }

    @Test
    void tellsHowItEndedWhatEndsByItselfWhileItGoesDown() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);
        var closing = new Thread(agent::close);
        closing.start();

        executor.awaitCancel(FIRST);
        executor.succeed(FIRST);

        links.await(ToManager.Goodbye.class);
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(links.returned(FIRST)).isEmpty();
    }

    @Test
    void doesNotWaitForLongWhenItGoesDown() throws Exception {
        beginAgain(new Agent.Timing(NEVER, NEVER, NEVER, NEVER, NEVER, Duration.ofMillis(50)));
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0));
        executor.awaitStart(FIRST);
        var closing = new Thread(agent::close);
        closing.start();

        closing.join(10_000);

        assertThat(closing.isAlive()).isFalse();
        assertThat(links.returned(FIRST)).hasSize(1);
        links.await(ToManager.Goodbye.class);
    }

    @Test
    void handsBackWhatItsExecutorStopsBecauseTheNodeStops() {
        links.join(1);
        links.receive(1, Tasks.run(17, Tasks.task(), 0, 1));
        executor.awaitStart(SECOND);
        nodeStops = true;

        executor.end(FIRST, Outcome.failure(Cause.EXECUTOR, "removed"));
        executor.end(SECOND, new Outcome(Cause.EXIT_CODE, 1, 0, "exited with code 1", Usage.NONE));

        assertThat(links.awaitResult(SECOND).cause()).isEqualTo(Cause.EXIT_CODE);
        eventually("it goes back", () -> !links.returned(FIRST).isEmpty());
        assertThat(links.results(FIRST)).isEmpty();
    }

    // ---- helpers

    private ToManager.Log read(AttemptId attempt, long offset, int limit) {
        var request = System.nanoTime();
        links.receive(1, new ToWorker.ReadLog(request, attempt, LogStream.STDOUT, offset, limit));
        return links.await(ToManager.Log.class, log -> log.request() == request);
    }

    private long count(Class<? extends ToManager> type) {
        return links.sent.stream().filter(type::isInstance).count();
    }

    // ---- files

    private static TaskSpec withFiles() {
        return Tasks.task().toBuilder()
                .inputs(List.of(new Input("in", "sha256:" + "0".repeat(64), false)))
                .outputs(List.of(new Output("out", false, true)))
                .build();
    }

    @Test
    void startsATaskOnceItsInputsAreThere() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        files.begun.await();
        assertThat(executor.started).isEmpty();
        files.brought.countDown();
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void tellsThatInputsCouldNotBeBrought() {
        files.fails = true;
        files.brought.countDown();
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.STAGING);
        assertThat(result.message()).isEqualTo("no room");
        assertThat(executor.started).isEmpty();
    }

    @Test
    void tellsThatOutputsCouldNotBeKept() throws Exception {
        files.brought.countDown();
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        executor.awaitStart(FIRST);
        files.fails = true;
        executor.succeed(FIRST);
        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.STAGING);
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void endsAnAttemptWhateverBringingItsInputsThrows() {
        files.hasDefect = true;
        files.brought.countDown();
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        var result = links.awaitResult(FIRST);
        assertThat(result.cause()).isEqualTo(Cause.STAGING);
        assertThat(result.message())
                .isEqualTo(
                        "the worker could not bring the inputs of the task: java.lang.IllegalStateException: a defect");
    }

    @Test
    void endsAnAttemptWhateverKeepingItsOutputsThrows() {
        files.brought.countDown();
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        executor.awaitStart(FIRST);
        files.hasDefect = true;
        executor.succeed(FIRST);
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.STAGING);
    }

    @Test
    void cancelsATaskWhoseInputsAreBeingBrought() throws Exception {
        links.join(1);
        links.receive(1, Tasks.run(17, withFiles(), 0));
        files.begun.await();
        links.receive(1, new ToWorker.Cancel(List.of(FIRST)));
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.CANCELED);
        assertThat(executor.started).isEmpty();
    }

    @Test
    void saysWhereItServesFilesAndHearsWhereTheManagerDoes() {
        var hello = links.connect();
        assertThat(hello.dataPort()).isEqualTo(4001);
        links.receive(1, new ToWorker.Welcome(hello.session(), NEVER, NEVER, 0, "m2", 7072));
        eventually("the manager's place is known", () -> files.manager.equals("m2:7072"));
    }

    // ---- sessions

    private static final SessionId MODEL = new SessionId(new JobId(17), Tasks.KIND, "model");

    private static TaskSpec inSession(long memoryBytes, List<String> makes, List<String> takes) {
        return Tasks.task(Tasks.cores(0.5)).toBuilder()
                .session(new SessionSpec("model", memoryBytes, makes, takes))
                .build();
    }

    @Test
    void opensASessionOnceForAllThatAskForItAndClosesItOnceNoneUsesIt() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of("a"), List.of()), 0, 1));
        var session = executor.awaitStart(FIRST).session();
        assertThat(executor.awaitStart(SECOND).session()).isSameAs(session);
        assertThat(executor.opened).containsExactly(session);
        assertThat(session.id()).isEqualTo(MODEL);
        assertThat(session.environment()).containsEntry("MUSTER_SESSION", "model");
        assertThat(session.workspace()).isEmptyDirectory();

        session.keep("a", 1000);
        executor.succeed(FIRST);
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.SUCCESS);
        links.receive(1, new ToWorker.Close(List.of(MODEL)));
        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of("t/a")), 2));
        // one that comes after it was told to close gets a fresh session
        assertThat(links.awaitResult(THIRD).cause()).isEqualTo(Cause.SESSION);
        assertThat(links.awaitResult(THIRD).message()).isEqualTo("session 17/fake/model on worker 'w1' has not a");
        assertThat(executor.opened).hasSize(2);
        assertThat(executor.closed).isEmpty();

        executor.succeed(SECOND);
        eventually("it is closed", () -> executor.closed.equals(List.of(session)));
        eventually("its folder is gone", () -> !Files.exists(session.workspace()));
    }

    @Test
    void foldersOfItsAttemptsLieInThatOfTheSessionUntilTheyEnd() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of()), 0, 1));
        var attempt = executor.awaitStart(FIRST);
        var session = attempt.session();
        var workspace = attempt.workingDirectory();
        var other = executor.awaitStart(SECOND).workingDirectory();
        assertThat(workspace).isEmptyDirectory().startsWith(session.workspace());
        assertThat(other).startsWith(session.workspace()).isNotEqualTo(workspace);
        assertThat(Path.of(attempt.environment().get("MUSTER_SCRATCH"))).startsWith(session.workspace());

        executor.succeed(FIRST);
        links.awaitResult(FIRST);

        assertThat(workspace.getParent()).doesNotExist();
        assertThat(other).isEmptyDirectory();
        executor.succeed(SECOND);
        links.awaitResult(SECOND);
        assertThat(session.workspace()).isEmptyDirectory();
    }

    @Test
    void whatComesLaterFindsWhatIsKept() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of("a"), List.of()), 0));
        executor.awaitStart(FIRST).session().keep("a", 10);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);

        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of("t/a")), 1));
        executor.awaitStart(SECOND).session().drop("a");
        executor.succeed(SECOND);
        links.awaitResult(SECOND);

        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of("t/a")), 2));
        assertThat(links.awaitResult(THIRD).cause()).isEqualTo(Cause.SESSION);
        assertThat(executor.opened).hasSize(1);
    }

    @Test
    void whatExceedsTheBudgetIsRefusedByName() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of("a", "b"), List.of()), 0));
        var session = executor.awaitStart(FIRST).session();
        session.keep("a", 600);
        session.keep("a", 900);

        assertThatThrownBy(() -> session.keep("b", 200))
                .isInstanceOf(MusterException.class)
                .hasMessage(
                        "object 'b' of 200 does not fit into session 17/fake/model on worker 'w1', which keeps 900 of"
                                + " 1000; raise the session's memory");
        session.keep("b", 100);
    }

    @Test
    void whatSucceedsWithoutKeepingWhatItIsToMakeHasFailed() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of("a"), List.of()), 0));
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);

        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(links.awaitResult(FIRST).message()).contains("kept no object a in session 17/fake/model");
    }

    @Test
    void memoryOfASessionIsReservedUntilItIsClosed() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1 << 20, List.of(), List.of()), 0));
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        links.receive(1, Tasks.run(18, inSession(1000, List.of(), List.of()), 0));
        links.receive(1, new ToWorker.ReadLog(7, FIRST, LogStream.STDOUT, 0, 1));
        links.await(ToManager.Log.class);
        assertThat(executor.started).hasSize(1);

        links.receive(1, new ToWorker.Close(List.of(MODEL)));

        executor.awaitStart(Tasks.attempt(18, 0, 1));
    }

    @Test
    void endsWhatWaitsForASessionThatDoesNotOpen() {
        executor.closedTo = new MusterException(ErrorCode.UNAVAILABLE, "no interpreter; install one");
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1 << 20, List.of(), List.of()), 0));
        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(links.awaitResult(FIRST).message()).isEqualTo("no interpreter; install one");

        executor.closedTo = null;
        links.receive(1, Tasks.run(17, inSession(1 << 20, List.of(), List.of()), 1));
        executor.awaitStart(SECOND);
    }

    @Test
    void cancelsWhatWaitsForItsSession() {
        executor.opens = new CountDownLatch(1);
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of()), 0, 1));
        eventually("it is being opened", () -> !executor.opened.isEmpty());
        links.receive(1, new ToWorker.Cancel(List.of(FIRST)));
        executor.opens.countDown();

        assertThat(links.awaitResult(FIRST).cause()).isEqualTo(Cause.CANCELED);
        executor.awaitStart(SECOND);
        assertThat(executor.started).containsExactly(SECOND);
    }

    @Test
    void anotherExecutorOfTheKindGetsASessionOfItsOwn() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of("a"), List.of()), 0));
        executor.awaitStart(FIRST).session().keep("a", 1);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        var next = new FakeExecutor();
        registry.add(Tasks.KIND, next);
        registry.remove(Tasks.KIND, executor);
        eventually("it is probed", () -> registry.available(Tasks.KIND) == next);
        eventually("the session of the old one is closed", () -> executor.closed.size() == 1);

        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of("t/a")), 1));
        assertThat(links.awaitResult(SECOND).cause()).isEqualTo(Cause.SESSION);
        assertThat(next.opened).hasSize(1);
    }

    @Test
    void closesItsSessionsWhenItGoesDownAndTellsOfThoseThatAreOpen() {
        links.join(1);
        links.receive(1, Tasks.run(17, inSession(1000, List.of(), List.of()), 0));
        executor.awaitStart(FIRST);
        executor.succeed(FIRST);
        links.awaitResult(FIRST);
        links.worker.disconnected("gone");
        links.worker.connected();
        assertThat(links.await(ToManager.Hello.class, hello -> !hello.sessions().isEmpty())
                        .sessions())
                .containsExactly(MODEL);

        agent.close();

        assertThat(executor.closed).isEqualTo(executor.opened).hasSize(1);
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
    }

    private static boolean isEmpty(Path directory) {
        try (var files = Files.list(directory)) {
            return files.findAny().isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] pattern(int length) {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251);
        }
        return bytes;
    }
}
