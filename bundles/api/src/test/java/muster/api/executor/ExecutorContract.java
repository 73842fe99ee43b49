package muster.api.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.TaskSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every executor owes. A test of an executor extends it and says which executor, and a task for it. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ExecutorContract {
    /** Where attempts have their files. */
    @TempDir
    protected Path folder;

    protected final RecordingOutcomes outcomes = new RecordingOutcomes();

    /** The executor under test, ready; the same for the whole of a test. */
    protected abstract Executor executor();

    /** A task that succeeds at once. */
    protected abstract TaskSpec quick();

    /** How many quick tasks in a row must leave nothing behind: fewer where each takes long. */
    protected int many() {
        return 1000;
    }

    /** In which all attempts run, open; null for none. */
    protected Session session() {
        return null;
    }

    protected final TestAttempt attempt(TaskSpec task) {
        return new TestAttempt(task, folder, session());
    }

    protected final TestAttempt start(TaskSpec task) {
        var attempt = attempt(task);
        executor().start(List.of(attempt), outcomes);
        return attempt;
    }

    protected final Outcome run(TaskSpec task) {
        return outcomes.awaitEnd(start(task));
    }

    @Test
    void saysThatItCanRunHere() {
        var availability = executor().probe();

        assertThat(availability.available()).as(availability.reason()).isTrue();
    }

    @Test
    void succeeds() {
        var outcome = run(quick());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.SUCCESS);
        assertThat(outcome.message()).isEmpty();
        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.signal()).isZero();
    }

    @Test
    void refusesParametersItDoesNotKnow() {
        var quick = quick();
        var values = new LinkedHashMap<>(quick.parameters().values());
        values.put("colour", "blue");

        var outcome = run(withParameters(quick, new Parameters(Map.copyOf(values))));

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("colour").contains(quick.executor());
        assertThat(outcome.usage().wall()).isEqualTo(Duration.ZERO);
    }

    @Test
    void tellsEachOutcomeOfABatchExactlyOnce() {
        var attempts = new ArrayList<TestAttempt>();
        for (var i = 0; i < 100; i++) {
            attempts.add(attempt(quick()));
        }

        executor().start(List.copyOf(attempts), outcomes);

        assertThat(attempts)
                .allSatisfy(attempt ->
                        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS));
        outcomes.assertEndedOnce(attempts);
    }

    @Test
    void tellsTheOutcomeOnceHoweverOftenAnAttemptIsCanceled() {
        var attempts = new ArrayList<TestAttempt>();
        for (var i = 0; i < 50; i++) {
            var attempt = start(quick());
            executor().cancel(attempt);
            executor().cancel(attempt);
            attempts.add(attempt);
        }

        for (var attempt : attempts) {
            assertThat(outcomes.awaitEnd(attempt).cause()).isIn(Cause.SUCCESS, Cause.CANCELED);
            executor().cancel(attempt);
        }
        outcomes.assertEndedOnce(attempts);
    }

    @Test
    void ignoresTheCancelOfWhatItNeverStarted() {
        var never = attempt(quick());

        executor().cancel(never);

        assertThat(run(quick()).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(outcomes.hasEnded(never)).isFalse();
    }

    @Test
    void leavesNothingBehindAfterManyInARow() {
        for (var i = 0; i < many() / 5; i++) {
            assertThat(run(quick()).cause()).isEqualTo(Cause.SUCCESS);
        }
        var before = Footprint.ofThisProcess();

        for (var i = 0; i < many(); i++) {
            assertThat(run(quick()).cause()).isEqualTo(Cause.SUCCESS);
        }

        Eventually.eventually("no more threads, descriptors or children than " + before, () -> Footprint.ofThisProcess()
                .isWithin(before));
    }

    private static TaskSpec withParameters(TaskSpec task, Parameters parameters) {
        return task.toBuilder().parameters(parameters).build();
    }
}
