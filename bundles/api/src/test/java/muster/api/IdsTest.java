package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {
    @Test
    void idsAreReadAsTheyAreWritten() {
        assertThat(JobId.parse("17")).isEqualTo(new JobId(17)).hasToString("17");
        assertThat(JobId.parse("9223372036854775807")).hasToString("9223372036854775807");
        assertThat(TaskId.parse("17.3")).isEqualTo(new TaskId(new JobId(17), 3)).hasToString("17.3");
        assertThat(TaskId.parse("1.2147483646").index()).isEqualTo(2147483646);
        assertThat(new AttemptId(TaskId.parse("17.3"), 2)).hasToString("17.3@2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "0", "-1", "1.5", "17 ", "9223372036854775808"})
    void refusesWhatIsNoJobId(String text) {
        assertInvalid(() -> JobId.parse(text), text);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\"\", '' is not a task id",
                "17, '17' is not a task id",
                "17., '17.' is not a task id",
                "17.x, '17.x' is not a task id",
                "17.3.4, '17.3.4' is not a task id",
                "17.2147483648, '17.2147483648' is not a task id",
                ".3, '' is not a job id",
                "x.3, 'x' is not a job id",
                "0.1, job id 0 is not positive",
                "17.-1, task index -1 is negative"
            })
    void refusesWhatIsNoTaskId(String text, String message) {
        assertInvalid(() -> TaskId.parse(text), message);
    }

    @Test
    void numbersBeginAtOneAndIndicesAtZero() {
        assertInvalid(() -> new JobId(0), "job id 0 is not positive");
        assertInvalid(() -> new TaskId(new JobId(1), -1), "task index -1 is negative");
        assertInvalid(() -> new AttemptId(TaskId.parse("1.0"), 0), "attempt number 0 is not positive");
    }

    @Test
    void idsSortAsNumbers() {
        assertThat(Stream.of("10.1", "9.20", "9.3", "10.0").map(TaskId::parse).sorted())
                .map(TaskId::toString)
                .containsExactly("9.3", "9.20", "10.0", "10.1");
        assertThat(Stream.of("10", "9", "100").map(JobId::parse).sorted())
                .map(JobId::toString)
                .containsExactly("9", "10", "100");
    }
}
