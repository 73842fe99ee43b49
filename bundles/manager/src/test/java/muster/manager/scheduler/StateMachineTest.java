package muster.manager.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Instant;
import java.util.List;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.TaskState;
import muster.manager.scheduler.StateMachine.AttemptState;
import org.junit.jupiter.api.Test;

class StateMachineTest {
    private final JobRun job = new JobRun(new JobId(7), "ada", JobSpec.command(List.of("true")), Instant.EPOCH);

    @Test
    void nothingLeavesATerminalStateButToMakeLostFilesAgain() {
        for (var from : TaskState.values()) {
            for (var to : TaskState.values()) {
                var again = from == TaskState.SUCCEEDED && to == TaskState.WAITING;
                assertThat(from.terminal() && StateMachine.allows(from, to)).isEqualTo(again);
            }
        }
        for (var from : JobState.values()) {
            for (var to : JobState.values()) {
                assertThat(from.terminal() && StateMachine.allows(from, to)).isFalse();
            }
        }
        for (var to : AttemptState.values()) {
            assertThat(StateMachine.allows(AttemptState.ENDED, to)).isFalse();
        }
    }

    @Test
    void illegalMoveOfATaskThrows() {
        assertThatIllegalStateException()
                .isThrownBy(() -> job.move(0, TaskState.RUNNING))
                .withMessage("task 7.0 cannot go from WAITING to RUNNING");
    }

    @Test
    void illegalMoveOfAnAttemptThrows() {
        var attempt = new Execution(job, 0, 1, "w1", Instant.EPOCH);
        attempt.move(AttemptState.RECORDING);
        assertThatIllegalStateException()
                .isThrownBy(() -> attempt.move(AttemptState.STARTED))
                .withMessage("attempt 7.0@1 cannot go from RECORDING to STARTED");
    }

    @Test
    void jobEndsWithItsLastTask() {
        job.move(0, TaskState.CANCELED);
        assertThat(job.state()).isEqualTo(JobState.CANCELED);
    }
}
