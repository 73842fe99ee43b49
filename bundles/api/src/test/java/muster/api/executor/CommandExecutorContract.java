package muster.api.executor;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.TaskSpec;
import org.junit.jupiter.api.Test;

/**
 * What every executor owes that runs commands on this machine. The commands of the tests need {@code sh}, {@code env},
 * {@code sleep}, {@code setsid}, {@code head} and {@code tail} where they run.
 */
public abstract class CommandExecutorContract extends ExecutorContract {
    /** The kind of the executor under test. */
    protected abstract String kind();

    /** How long the executor under test waits between SIGTERM and SIGKILL; well below 10 s. */
    protected abstract Duration grace();

    /** What every task of this kind must be told. */
    protected Parameters parameters() {
        return Parameters.NONE;
    }

    /** Variables that the runtime adds to what an attempt names, or sets as it pleases. */
    protected Set<String> variablesOfRuntime() {
        return Set.of();
    }

    @Override
    protected TaskSpec quick() {
        return command("true").build();
    }

    protected final TaskSpec.Builder command(String... command) {
        return TaskSpec.builder().executor(kind()).command(List.of(command)).parameters(parameters());
    }

    protected final TaskSpec.Builder script(String script) {
        return command("sh", "-c", script);
    }

    // ---- what goes in

    @Test
    void passesArgumentsAsTheyAre() {
        var attempt = start(command("printf", "[%s]", "a b", "", "'\"$HOME\\", "ä€🙂", "line\nline", "*")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("[a b][]['\"$HOME\\][ä€🙂][line\nline][*]");
    }

    @Test
    void givesExactlyTheEnvironmentOfTheAttempt() {
        var attempt = start(command("env", "-0")
                .environment(Map.of("USER_SAYS", "a b\n=c; é", "EMPTY", ""))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        var seen = Arrays.stream(attempt.output().split("\0"))
                .filter(line -> !variablesOfRuntime().contains(line.substring(0, line.indexOf('='))))
                .toList();
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(attempt.environment().entrySet().stream()
                        .filter(entry -> !variablesOfRuntime().contains(entry.getKey()))
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList());
    }

    @Test
    void runsInTheWorkingDirectoryOfTheAttempt() throws IOException {
        var own = start(script("pwd; echo made > file").build());
        var asked = Files.createDirectory(folder.resolve("asked for"));
        var other = start(command("pwd").workingDirectory(asked.toString()).build());

        assertThat(outcomes.awaitEnd(own).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(own.output()).isEqualTo(own.workingDirectory() + "\n");
        assertThat(own.file("file")).isEqualTo("made\n");
        assertThat(outcomes.awaitEnd(other).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(other.output()).isEqualTo(asked + "\n");
    }

    @Test
    void readsStandardInputFromAFileRelativeToTheWorkingDirectory() throws IOException {
        var attempt = attempt(command("cat").stdin("in.txt").build());
        Files.writeString(attempt.workingDirectory().resolve("in.txt"), "words\n");

        executor().start(List.of(attempt), outcomes);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("words\n");
    }

    @Test
    void givesEmptyStandardInputWhenNoneIsAskedFor() {
        var attempt = start(command("cat").build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEmpty();
    }

    // ---- what comes out

    @Test
    void keepsStandardOutputAndErrorApart() {
        var attempt = start(script("echo out; echo err >&2").build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("out\n");
        assertThat(attempt.errors()).isEqualTo("err\n");
    }

    @Test
    void writesToTheFilesThatTheAttemptNames() {
        var attempt = start(
                script("echo out; echo err >&2").stdout("o.txt").stderr("e.txt").build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.file("o.txt")).isEqualTo("out\n");
        assertThat(attempt.file("e.txt")).isEqualTo("err\n");
    }

    @Test
    void keepsTheOrderOfBothStreamsInOneFile() {
        var attempt = start(script("echo 1; echo 2 >&2; echo 3; echo 4 >&2")
                .stdout("both.txt")
                .stderr("both.txt")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.file("both.txt")).isEqualTo("1\n2\n3\n4\n");
    }

    @Test
    void keepsEveryByteOfLargeOutput() throws IOException {
        var bytes = new byte[8 << 20];
        new Random(1).nextBytes(bytes);
        var attempt = attempt(command("cat").stdin("in").build());
        Files.write(attempt.workingDirectory().resolve("in"), bytes);

        executor().start(List.of(attempt), outcomes);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(Files.readAllBytes(attempt.stdout())).isEqualTo(bytes);
    }

    // ---- how it ends

    @Test
    void tellsTheExitCode() {
        var outcome = run(script("exit 3").build());

        assertThat(outcome.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.signal()).isZero();
        assertThat(outcome.message()).isEqualTo("exited with code 3");
    }

    @Test
    void tellsTheSignal() {
        var outcome = run(script("kill -9 $$").build());

        assertThat(outcome.cause()).isEqualTo(Cause.SIGNAL);
        assertThat(outcome.exitCode()).isEqualTo(-1);
        assertThat(outcome.signal()).isEqualTo(9);
        assertThat(outcome.message()).isEqualTo("killed by signal 9 (SIGKILL)");
    }

    @Test
    void tellsThatItStartedBeforeItEnds() {
        var attempt = start(script("sleep 100").build());

        outcomes.awaitStart(attempt);
        assertThat(outcomes.hasEnded(attempt)).isFalse();
        executor().cancel(attempt);

        outcomes.awaitEnd(attempt);
        outcomes.assertEndedOnce(List.of(attempt));
    }

    @Test
    void tellsWallTimeAndTheProcessorTimeOfAllProcesses() {
        var busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        var usage = run(script("(" + busy + ") & sleep 0.5; wait").build()).usage();

        assertThat(usage.wall()).isBetween(Duration.ofMillis(500), Duration.ofSeconds(60));
        assertThat(usage.cpu()).isBetween(Duration.ofMillis(20), Duration.ofSeconds(60));
    }

    @Test
    void tellsTheLargestMemoryOfItsProcesses() {
        var hold = "head -c 64000000 /dev/zero | tail -c 64000000 | { sleep 3; cat > /dev/null; }";
        var usage = run(script(hold).build()).usage();

        assertThat(usage.peakMemoryBytes()).isBetween(60_000_000L, 200_000_000L);
    }

    // ---- what cannot run

    @Test
    void refusesACommandThatIsNotThereAndNamesIt() {
        var outcome = run(command("no-such-program", "x").build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.exitCode()).isEqualTo(-1);
        assertThat(outcome.message()).contains("'no-such-program'");
    }

    @Test
    void refusesAPathThatIsNotThereAndNamesIt() {
        var outcome = run(command("/no/such/program").build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("'/no/such/program'");
    }

    @Test
    void refusesAnEmptyCommand() {
        var outcome = run(command().build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("command");
    }

    @Test
    void refusesStandardInputThatIsNotThereAndNamesIt() {
        var outcome = run(command("cat").stdin("missing.txt").build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("missing.txt");
    }

    @Test
    void refusesAWorkingDirectoryThatIsNotThereAndNamesIt() {
        var outcome = run(command("true").workingDirectory("/no/such/folder").build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("/no/such/folder");
    }

    // ---- limits and cancellation

    @Test
    void endsWhatRunsLongerThanItsTimeLimit() {
        var marker = Marker.fresh();
        var outcome = run(script(marker.sleep() + "; true")
                .timeLimit(Duration.ofMillis(300))
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.TIME_LIMIT);
        assertThat(outcome.message()).isEqualTo("ran longer than its time limit of 300ms");
        assertThat(outcome.usage().wall()).isGreaterThanOrEqualTo(Duration.ofMillis(300));
        assertThat(marker.processes()).isEmpty();
    }

    @Test
    void leavesWhatKeepsItsTimeLimitAlone() {
        assertThat(run(command("true").timeLimit(Duration.ofSeconds(100)).build())
                        .cause())
                .isEqualTo(Cause.SUCCESS);
    }

    @Test
    void letsATaskCleanUpWhenItIsStopped() {
        var attempt = start(script("trap 'echo cleaned; exit 4' TERM; echo ready; while :; do sleep 0.05; done")
                .build());
        eventually(
                "it is ready",
                () -> Files.exists(attempt.stdout()) && attempt.output().contains("ready"));

        executor().cancel(attempt);

        var outcome = outcomes.awaitEnd(attempt);
        assertThat(outcome.cause()).isEqualTo(Cause.CANCELED);
        assertThat(outcome.message()).isEqualTo("canceled");
        assertThat(attempt.output()).isEqualTo("ready\ncleaned\n");
    }

    @Test
    void killsWhatDoesNotEndWithinTheGrace() {
        var marker = Marker.fresh();
        var attempt = start(script("trap '' TERM; echo ready; " + marker.sleep() + "; " + marker.sleep())
                .build());
        eventually(
                "it is ready",
                () -> Files.exists(attempt.stdout()) && attempt.output().contains("ready"));

        var before = System.nanoTime();
        executor().cancel(attempt);
        var outcome = outcomes.awaitEnd(attempt);

        assertThat(outcome.cause()).isEqualTo(Cause.CANCELED);
        assertThat(outcome.signal()).isEqualTo(9);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(grace());
        assertThat(marker.processes()).isEmpty();
    }

    @Test
    void killsChildrenGrandchildrenAndSessionsOfTheirOwnOnCancel() {
        var marker = Marker.fresh();
        var attempt =
                start(script(marker.sleep() + " & sh -c '" + marker.sleep() + " & " + marker.sleep() + "' & setsid "
                                + marker.sleep() + " & setsid setsid sh -c '" + marker.sleep() + " & wait' & wait")
                        .build());
        eventually("all its processes run", () -> marker.processes().size() == 5);

        executor().cancel(attempt);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
        assertThat(marker.processes()).isEmpty();
    }

    @Test
    void killsStoppedProcessesOnCancel() {
        var marker = Marker.fresh();
        var attempt = start(
                script(marker.sleep() + " & kill -STOP $!; echo ready; wait").build());
        eventually(
                "it is ready",
                () -> Files.exists(attempt.stdout()) && attempt.output().contains("ready"));

        executor().cancel(attempt);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
        assertThat(marker.processes()).isEmpty();
    }

    @Test
    void leavesNothingRunningWhenTheMainProcessEnds() {
        var marker = Marker.fresh();
        var outcome = run(script(marker.sleep() + " & setsid " + marker.sleep() + " & (setsid sh -c '" + marker.sleep()
                        + " & " + marker.sleep() + "' &) ; sleep 0.2; exit 5")
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(marker.processes()).isEmpty();
    }

    @Test
    void leavesNothingRunningHoweverSoonTheMainProcessEnds() {
        var attempts = new LinkedHashMap<TestAttempt, Marker>();
        for (var i = 0; i < 20; i++) {
            var marker = Marker.fresh();
            attempts.put(
                    attempt(script("setsid " + marker.sleep() + " & " + marker.sleep() + " &")
                            .build()),
                    marker);
        }

        executor().start(List.copyOf(attempts.keySet()), outcomes);

        assertThat(attempts).allSatisfy((attempt, marker) -> {
            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
            assertThat(marker.processes()).isEmpty();
        });
    }

    @Test
    void honoursACancelThatComesBeforeTheStart() {
        var attempts = new ArrayList<TestAttempt>();
        for (var i = 0; i < 20; i++) {
            attempts.add(attempt(script("sleep 1000").build()));
        }

        executor().start(List.copyOf(attempts), outcomes);
        attempts.forEach(executor()::cancel);

        assertThat(attempts).allSatisfy(attempt -> {
            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
            assertThat(outcomes.awaitEnd(attempt).message()).startsWith("canceled");
        });
        outcomes.assertEndedOnce(attempts);
    }

    @Test
    void keepsAttemptsApartThatRunAtTheSameTime() {
        var attempts = IntStream.range(0, 16)
                .mapToObj(i ->
                        attempt(script("sleep 0.3; echo " + i + "; exit " + i).build()))
                .toList();

        executor().start(List.copyOf(attempts), outcomes);

        for (var i = 0; i < attempts.size(); i++) {
            assertThat(outcomes.awaitEnd(attempts.get(i)).exitCode()).isEqualTo(i);
            assertThat(attempts.get(i).output()).isEqualTo(i + "\n");
        }
    }

    /** Finds the processes of one test by an argument that no other has. */
    private record Marker(String seconds) {
        private static final Random RANDOM = new Random();

        static Marker fresh() {
            return new Marker(Integer.toString(100_000_000 + RANDOM.nextInt(900_000_000)));
        }

        String sleep() {
            return "sleep " + seconds;
        }

        Set<String> processes() {
            try (var entries = Files.list(Path.of("/proc"))) {
                return entries.map(path -> path.getFileName().toString())
                        .filter(name -> name.chars().allMatch(Character::isDigit))
                        .filter(pid -> commandLine(pid)
                                .filter(line -> line.equals("sleep\0" + seconds + "\0"))
                                .isPresent())
                        .collect(Collectors.toSet());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Optional<String> commandLine(String pid) {
            try {
                return Optional.of(
                        new String(Files.readAllBytes(Path.of("/proc", pid, "cmdline")), StandardCharsets.UTF_8));
            } catch (IOException e) {
                return Optional.empty();
            }
        }
    }
}
