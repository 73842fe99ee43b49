package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import muster.api.Cause;
import muster.api.Resources;
import muster.api.executor.CommandExecutorContract;
import muster.api.executor.Executor;
import muster.api.executor.ProgramRunner.Options;
import muster.api.executor.TestAttempt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the native executor owes beyond the contract, however it follows processes. */
abstract class NativeExecutorContract extends CommandExecutorContract {
    static final Options OPTIONS = new Options(NativeExecutor.KIND, Duration.ofMillis(500), true, 4096);

    private ProcessRunner runner;
    private NativeExecutor executor;

    /** What its groups are found by. */
    abstract String cgroup();

    Options options() {
        return OPTIONS;
    }

    @BeforeEach
    void open() {
        runner = new ProcessRunner(cgroup());
        executor = open(options());
    }

    final NativeExecutor open(Options options) {
        return new NativeExecutor(runner, options, null);
    }

    @AfterEach
    void close() {
        executor.close();
        runner.close();
    }

    @Override
    protected Executor executor() {
        return executor;
    }

    @Override
    protected String kind() {
        return "native";
    }

    @Override
    protected Duration grace() {
        return OPTIONS.grace();
    }

    // ---- what a process gets

    @Test
    void handsNoDescriptorOfTheWorkerDown() throws IOException {
        try (var socket = new ServerSocket(0)) {
            // the last is the folder that ls itself reads
            var attempt = start(command("ls", "/proc/self/fd").build());

            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
            assertThat(attempt.output()).isEqualTo("0\n1\n2\n3\n");
            assertThat(socket.isBound()).isTrue();
        }
    }

    @Test
    void startsWithNoSignalBlockedOrIgnored() {
        var attempt =
                start(command("grep", "-E", "Sig(Blk|Ign)", "/proc/self/status").build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    }

    @Test
    void givesEachAttemptASessionOfItsOwn() {
        var attempt = start(script("cut -d' ' -f5,6 /proc/self/stat; echo $$").build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        var pid = attempt.output().lines().toList().get(1);
        assertThat(attempt.output()).isEqualTo(pid + " " + pid + "\n" + pid + "\n");
    }

    @Test
    void keepsItsOwnFilesPrivateAndThoseOfTheUserReadable() throws IOException {
        var attempt = start(command("true").stderr("e.txt").build());

        outcomes.awaitEnd(attempt);

        assertThat(Files.getPosixFilePermissions(attempt.stdout()))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getPosixFilePermissions(attempt.stderr()))
                .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
    }

    // ---- how a command is found

    @Test
    void findsACommandInThePathOfTheTask() throws IOException {
        var tools = Files.createDirectory(folder.resolve("tools"));
        makeScript(tools.resolve("tool"), "#!/bin/sh\necho found\n");

        var attempt = start(command("tool")
                .environment(Map.of("PATH", "/nowhere:" + tools + ":/bin"))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("found\n");
    }

    @Test
    void findsACommandRelativeToTheWorkingDirectory() throws IOException {
        makeScript(folder.resolve("tool"), "#!/bin/sh\necho $0\n");

        var attempt =
                start(command("./tool").workingDirectory(folder.toString()).build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(Path.of(attempt.output().strip()).normalize()).isEqualTo(folder.resolve("tool"));
    }

    @Test
    void saysWhereItLookedForACommand() {
        var outcome =
                run(command("foo").environment(Map.of("PATH", "/usr/bin:/bin")).build());

        assertThat(outcome.message())
                .isEqualTo("command 'foo' is not in PATH (/usr/bin:/bin); install it on worker 'w1' or give a full"
                        + " path");
    }

    @Test
    void refusesAFileThatIsNotExecutable() throws IOException {
        var file = Files.writeString(folder.resolve("data"), "x");

        assertThat(run(command(file.toString()).build())).satisfies(outcome -> {
            assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
            assertThat(outcome.message())
                    .contains("'" + file + "' is not executable")
                    .contains("chmod +x");
        });
        assertThat(run(command("data")
                                .environment(Map.of("PATH", folder.toString()))
                                .build())
                        .message())
                .contains("'data' is not executable");
    }

    @Test
    void refusesADirectoryAsCommand() {
        var outcome = run(command(folder.toString()).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("is a directory");
    }

    @Test
    void refusesAScriptWhoseInterpreterIsNotThereAndNamesThat() throws IOException {
        makeScript(folder.resolve("tool"), "#!/no/such/interpreter -x\n");

        var outcome = run(command(folder.resolve("tool").toString()).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("/no/such/interpreter -x");
    }

    @Test
    void refusesWhatIsNoProgram() throws IOException {
        makeScript(folder.resolve("tool"), "echo without a first line\n");

        var outcome = run(command(folder.resolve("tool").toString()).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("#!/bin/sh");
    }

    @Test
    void refusesArgumentsThatAreTooLong() {
        var outcome = run(command("true", "x".repeat(4 << 20)).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("more arguments");
    }

    @Test
    void takesManyAndLongArguments() {
        var arguments = new ArrayList<>(List.of("printf", "%s\\n"));
        IntStream.range(0, 1000).forEach(i -> arguments.add(("argument" + i).repeat(30)));

        var attempt = start(command(arguments.toArray(String[]::new)).build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output().lines()).isEqualTo(arguments.subList(2, arguments.size()));
    }

    @Test
    void refusesAPipeAsStandardInputInsteadOfWaitingForItsOtherEnd() throws Exception {
        var pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        var outcome = run(command("cat").stdin(pipe.toString()).build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains(pipe.toString());
    }

    @Test
    void refusesOutputToAFolderThatIsNotThere() {
        var outcome = run(command("true").stdout("/no/such/folder/out.txt").build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("/no/such/folder/out.txt");
    }

    // ---- living with others

    @Test
    void leavesTheChildrenOfTheJdkToIt() throws Exception {
        var tasks = IntStream.range(0, 200)
                .mapToObj(i -> attempt(command("true").build()))
                .toList();
        executor.start(List.copyOf(tasks), outcomes);

        var codes = new ArrayList<CompletableFuture<Process>>();
        for (var i = 0; i < 100; i++) {
            codes.add(new ProcessBuilder("sh", "-c", "exit 7").start().onExit());
            codes.add(new ProcessBuilder("setsid", "sh", "-c", "exit 7").start().onExit());
        }

        for (var code : codes) {
            assertThat(code.get(60, TimeUnit.SECONDS).exitValue()).isEqualTo(7);
        }
        assertThat(tasks)
                .allSatisfy(task -> assertThat(outcomes.awaitEnd(task).cause()).isEqualTo(Cause.SUCCESS));
    }

    @Test
    void runsOnWhileAChildOfTheJdkRuns() throws Exception {
        var other = new ProcessBuilder("sleep", "1000").start();
        try {
            assertThat(run(command("true").build()).cause()).isEqualTo(Cause.SUCCESS);
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroyForcibly();
        }
        assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void leavesNoDeadOrphans() {
        for (var i = 0; i < 50; i++) {
            run(script("(setsid sh -c 'sleep 0.01; exit 3' &); (true &); sleep 0.02")
                    .build());
        }

        eventually(
                "no child is left",
                () -> ProcessHandle.current().children().findAny().isEmpty());
    }

    @Test
    void countsTheProcessorTimeOfOrphans() {
        var busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done > done";
        var usage = run(script("(sh -c '" + busy + "' &) ; while [ ! -e done ]; do sleep 0.02; done; sleep 0.1")
                        .build())
                .usage();

        assertThat(usage.cpu()).isGreaterThan(Duration.ofMillis(40));
    }

    @Test
    void endsAHundredOrphansInSessionsOfTheirOwn() {
        var outcome = run(script("for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5 6 7 8 9 10; do"
                        + " (setsid sleep 1000 &); done; done")
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.SUCCESS);
        eventually(
                "no child is left",
                () -> ProcessHandle.current().children().findAny().isEmpty());
    }

    @Test
    void endsWhatLeftItsSessionItsEnvironmentAndItsParents() {
        var attempt = start(script("sh -c 'setsid env -i /bin/sh -c \"echo \\$\\$ > pid; exec sleep 1000\" &';"
                        + " while [ ! -s pid ]; do sleep 0.01; done")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(ProcessHandle.of(Long.parseLong(attempt.file("pid").strip())))
                .isEmpty();
    }

    @Test
    void killsAtOnceWhatRunsWhenItGoesAway() throws Exception {
        var attempts = IntStream.range(0, 10)
                .mapToObj(i -> attempt(script("trap '' TERM; sleep 1000 & echo ready; wait; sleep 1000")
                        .build()))
                .toList();
        executor.start(List.copyOf(attempts), outcomes);
        attempts.forEach(outcomes::awaitStart);
        var before = System.nanoTime();

        close();

        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
        assertThat(attempts).allSatisfy(attempt -> {
            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.EXECUTOR);
            assertThat(outcomes.awaitEnd(attempt).signal()).isEqualTo(9);
        });
        outcomes.assertEndedOnce(attempts);
        assertThat(ProcessHandle.current().children()).isEmpty();
        // a pool that has ended says so on its last thread
        eventually("its threads are gone", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("muster-process")));
        assertThat(run(command("true").build()).cause()).isEqualTo(Cause.EXECUTOR);
    }

    @Test
    void endsWhatRunsOfOneExecutorAndLeavesThatOfOthers() throws Exception {
        var mine = start(command("sleep", "1000").build());
        var other = open(OPTIONS);
        var others = attempt(command("sleep", "1000").build());
        other.start(List.of(others), outcomes);
        outcomes.awaitStart(mine);
        outcomes.awaitStart(others);

        other.close();

        assertThat(outcomes.awaitEnd(others).cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(outcomes.hasEnded(mine)).isFalse();
        var late = attempt(command("true").build());
        other.start(List.of(late), outcomes);
        assertThat(outcomes.awaitEnd(late).message()).isEqualTo("the native executor was stopped");
        assertThat(run(command("true").build()).cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void endsWhatHoldsMoreMemoryThanItReserved() {
        var outcome = run(script("head -c 300000000 /dev/zero | tail -c 300000000 | { sleep 1000; cat; }")
                .resources(new Resources(1, 64 << 20, 0, 0, Map.of(), List.of()))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.MEMORY_LIMIT);
        assertThat(outcome.message()).isEqualTo("used more memory than its limit of 64MiB");
    }

    @Test
    void endsWhatFillsItsWorkspaceBeyondWhatItReserved() {
        var outcome = run(script("head -c 30000000 /dev/zero > big; sleep 1000")
                .resources(new Resources(1, 0, 10 << 20, 0, Map.of(), List.of()))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.DISK_LIMIT);
        assertThat(outcome.message()).isEqualTo("its workspace holds more than its limit of 10MiB");
    }

    @Test
    void leavesWhatKeepsWithinWhatItReservedAlone() {
        var outcome = run(script("head -c 1000000 /dev/zero > small; sleep 0.5")
                .resources(new Resources(1, 256 << 20, 10 << 20, 0, Map.of(), List.of()))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void startsFarMoreAtOnceThanItHasThreads() {
        var attempts = new ArrayList<TestAttempt>();
        for (var i = 0; i < 200; i++) {
            attempts.add(attempt(command("sleep", "1").build()));
        }

        executor.start(List.copyOf(attempts), outcomes);

        assertThat(attempts)
                .allSatisfy(attempt ->
                        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS));
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("muster-process")))
                .hasSizeLessThanOrEqualTo(2 + Math.max(2, Runtime.getRuntime().availableProcessors()));
    }

    private static void makeScript(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
