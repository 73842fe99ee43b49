package muster.executor.noop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.TaskSpec;
import muster.api.executor.Executor;
import muster.api.executor.ExecutorContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NoopExecutorTest extends ExecutorContract {
    private final NoopExecutor executor = new NoopExecutor();

    @AfterEach
    void stop() {
        executor.stop();
    }

    @Override
    protected Executor executor() {
        return executor;
    }

    @Override
    protected TaskSpec quick() {
        return TaskSpec.builder().executor(NoopExecutor.KIND).build();
    }

    @Test
    void touchesNoFile() {
        run(quick());
        run(task(Map.of("duration", "1ms")).build());

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void doesNotRunACommand() {
        assertThat(run(TaskSpec.builder()
                                .executor(NoopExecutor.KIND)
                                .command(List.of("false"))
                                .build())
                        .cause())
                .isEqualTo(Cause.SUCCESS);
    }

    @Test
    void endsAfterItsDuration() {
        var before = System.nanoTime();

        var outcome = run(task(Map.of("duration", "50ms")).build());

        assertThat(outcome.cause()).isEqualTo(Cause.SUCCESS);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(50));
        assertThat(outcome.usage().wall()).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void failsWithTheMessageGiven() {
        var outcome = run(task(Map.of("fail", "no luck")).build());

        assertThat(outcome.cause()).isEqualTo(Cause.EXIT_CODE);
        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.message()).isEqualTo("no luck");
    }

    @Test
    void refusesADurationThatIsNone() {
        var vague = run(task(Map.of("duration", "soon")).build());
        var endless = run(task(Map.of("duration", "99999999d")).build());

        assertThat(vague.cause()).isEqualTo(Cause.INVALID);
        assertThat(vague.message()).contains("'soon'");
        assertThat(endless.cause()).isEqualTo(Cause.INVALID);
        assertThat(endless.message()).contains("'duration'", "36500d");
    }

    @Test
    void runsTheRestOfABatchWhenOneIsInvalid() {
        var bad = attempt(task(Map.of("sleep", "1s")).build());
        var good = attempt(quick());

        executor.start(List.of(bad, good), outcomes);

        assertThat(outcomes.awaitEnd(bad).message()).contains("'sleep'", "duration, fail");
        assertThat(outcomes.awaitEnd(good).cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void endsAtTheTimeLimit() {
        var outcome = run(
                task(Map.of("duration", "1h")).timeLimit(Duration.ofMillis(20)).build());

        assertThat(outcome.cause()).isEqualTo(Cause.TIME_LIMIT);
        assertThat(outcome.message()).isEqualTo("ran longer than its time limit of 20ms");
    }

    @Test
    void endsACanceledAttempt() {
        var attempt = start(task(Map.of("duration", "1h")).build());
        outcomes.awaitStart(attempt);

        executor.cancel(attempt);
        executor.cancel(attempt);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
        outcomes.assertEndedOnce(List.of(attempt));
    }

    @Test
    void endsWhatSleepsWhenItGoesAway() {
        var early = start(task(Map.of("duration", "1h")).build());

        executor.stop();
        var late = start(task(Map.of("duration", "1h")).build());

        assertThat(outcomes.awaitEnd(early).cause()).isEqualTo(Cause.EXECUTOR);
        assertThat(outcomes.awaitEnd(late).cause()).isEqualTo(Cause.EXECUTOR);
        outcomes.assertEndedOnce(List.of(early, late));
    }

    private static TaskSpec.Builder task(Map<String, Object> parameters) {
        return TaskSpec.builder().executor(NoopExecutor.KIND).parameters(new Parameters(parameters));
    }
}
