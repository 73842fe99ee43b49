package muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MusterExceptionTest {
    @Test
    void everyFaultOfARequestIsInTheMessageAndInPlace() {
        var faults = List.of(new Fault("/name", "too long"), new Fault("/task/retries", "negative"));
        var exception = MusterException.invalid(faults);
        assertThat(exception).hasMessage("too long; negative");
        assertThat(exception.faults()).isEqualTo(faults);
        assertThat(exception.code()).isEqualTo(ErrorCode.INVALID);
        assertThat(exception.kind()).isEqualTo(ErrorKind.USER);
    }

    @Test
    void onlyWhatLiesOutsideMayHelpToTryAgain() {
        assertThat(ErrorKind.values()).filteredOn(ErrorKind::retryable).containsExactly(ErrorKind.EXTERNAL);
        assertThat(ErrorCode.values())
                .filteredOn(ErrorCode::retryable)
                .containsExactly(ErrorCode.TOO_MANY, ErrorCode.UNAVAILABLE);
    }

    @Test
    void statesAfterWhichNothingFollowsAreTerminal() {
        assertThat(TaskState.values())
                .filteredOn(TaskState::terminal)
                .containsExactly(TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELED, TaskState.IGNORED);
        assertThat(JobState.values())
                .filteredOn(JobState::terminal)
                .containsExactly(JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED);
    }
}
