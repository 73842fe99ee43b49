package muster.rest.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import muster.api.AttemptView;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.api.Usage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    private static MusterException failure(byte[] body) {
        return catchThrowableOfType(MusterException.class, () -> Json.read(new ByteArrayInputStream(body), 64 << 20));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{                  | line 1, column 2",
                "{`n`\"a\":\\n }    | line 1, column 2",
                "{\"a\":1,\"a\":2}  | Duplicate field 'a'",
                "{} {}              | line 1, column",
                "{\"a\":NaN}        | line 1, column",
                "{'a':1}            | line 1, column 2",
                "{\"a\":01}         | line 1, column",
                "``                 | the body is empty",
            })
    void malformedJsonNamesItsPlace(String json, String expected) {
        var e = failure(json.getBytes(StandardCharsets.UTF_8));
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID);
        assertThat(e.getMessage()).contains(expected).doesNotContain("\n");
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        for (var body : List.of(new byte[] {'"', (byte) 0xff, '"'}, new byte[] {'"', (byte) 0xc3, '"'})) {
            assertThat(failure(body).code()).isEqualTo(ErrorCode.INVALID);
        }
    }

    @Test
    void depthIsBounded() throws IOException {
        var ok = "[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH);
        assertThat(Json.read(new ByteArrayInputStream(ok.getBytes(StandardCharsets.UTF_8)), 64 << 20)
                        .isArray())
                .isTrue();
        var deep = "[".repeat(Json.MAX_DEPTH + 1);
        assertThat(failure(deep.getBytes(StandardCharsets.UTF_8)).code()).isEqualTo(ErrorCode.TOO_LARGE);
    }

    @Test
    void numbersAreBounded() {
        assertThat(failure("9".repeat(5000).getBytes(StandardCharsets.UTF_8)).code())
                .isEqualTo(ErrorCode.TOO_LARGE);
    }

    @Test
    void smallBodiesAreSmall() {
        var body = ("\"" + "x".repeat(20_000) + "\"").getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Json.readSmall(new ByteArrayInputStream(body)))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("larger than 16384 bytes");
    }

    @Test
    void jobsAreWrittenInFull() {
        var time = Instant.parse("2026-11-20T08:00:00Z");
        assertThat(Json.text(new JobView(
                        new JobId(17),
                        "days",
                        "admin",
                        List.of("demo"),
                        0,
                        "graph",
                        JobState.RUNNING,
                        379,
                        Map.of(TaskState.RUNNING, 2),
                        time,
                        time,
                        null,
                        "")))
                .isEqualTo("{\"id\":\"17\",\"name\":\"days\",\"owner\":\"admin\",\"tags\":[\"demo\"],\"priority\":0,"
                        + "\"kind\":\"graph\",\"state\":\"running\",\"size\":379,\"tasks\":{\"waiting\":0,\"ready\":0,"
                        + "\"assigned\":0,\"running\":2,\"succeeded\":0,\"failed\":0,\"canceled\":0,\"ignored\":0},"
                        + "\"submittedAt\":\"2026-11-20T08:00:00Z\",\"startedAt\":\"2026-11-20T08:00:00Z\","
                        + "\"finishedAt\":null,\"message\":\"\"}");
    }

    @Test
    void tasksAreWrittenWithKindAndUsage() {
        var attempt = new AttemptView(
                2,
                "w1",
                Cause.TIME_LIMIT,
                null,
                15,
                "ran longer than 90s",
                "",
                null,
                null,
                null,
                new Usage(Duration.ofMillis(1250), Duration.ZERO, 123));
        assertThat(Json.text(new TaskView(
                        new TaskId(new JobId(17), 3),
                        "t",
                        "native",
                        "x",
                        TaskState.FAILED,
                        List.of(attempt),
                        "",
                        false)))
                .isEqualTo("{\"id\":\"17.3\",\"job\":\"17\",\"index\":3,\"name\":\"t\",\"executor\":\"native\","
                        + "\"item\":\"x\",\"state\":\"failed\",\"attempts\":[{\"number\":2,\"worker\":\"w1\","
                        + "\"cause\":\"time_limit\",\"kind\":\"resource\",\"exitCode\":null,\"signal\":15,"
                        + "\"message\":\"ran longer than 90s\",\"stderrTail\":\"\",\"assignedAt\":null,"
                        + "\"startedAt\":null,\"finishedAt\":null,\"usage\":{\"wallSeconds\":1.25,\"cpuSeconds\":0.0,"
                        + "\"peakMemoryBytes\":123}}],\"message\":\"\",\"cached\":false}");
    }

    @Test
    void eventsAreOneLine() {
        assertThat(Json.text(new Event(9, Instant.EPOCH, "task.failed", new JobId(1), 3, 1, "w1", "line\nbreak")))
                .isEqualTo("{\"id\":9,\"time\":\"1970-01-01T00:00:00Z\",\"type\":\"task.failed\",\"job\":\"1\","
                        + "\"task\":3,\"attempt\":1,\"worker\":\"w1\",\"message\":\"line\\nbreak\"}");
    }
}
