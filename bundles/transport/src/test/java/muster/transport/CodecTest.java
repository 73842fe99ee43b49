package muster.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.IndexSet;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Parameters;
import muster.api.TaskSpec;
import muster.api.Work;
import org.junit.jupiter.api.Test;

final class CodecTest {
    /** Writes what some other version might send. */
    private interface Writing {
        void to(CBORGenerator out) throws IOException;
    }

    private static byte[] cbor(Writing writing) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new CBORFactory().createGenerator(bytes)) {
            writing.to(out);
        }
        return bytes.toByteArray();
    }

    @Test
    void keepsTheOrderOfMessages() {
        var messages = List.<ToManager>of(
                new ToManager.Heartbeat("a"), new ToManager.Goodbye("b"), new ToManager.Heartbeat("c"));
        assertThat(Codec.decodeToManager(Codec.encodeToManager(messages)).messages())
                .isEqualTo(messages);
    }

    @Test
    void ignoresFieldsItDoesNotKnow() throws IOException {
        var bytes = cbor(out -> {
            out.writeStartObject();
            out.writeArrayFieldStart("news");
            out.writeStartObject();
            out.writeStringField("a", "b");
            out.writeEndObject();
            out.writeEndArray();
            out.writeNumberField("epoch", 9);
            out.writeArrayFieldStart("messages");
            out.writeStartObject();
            out.writeObjectFieldStart("refused");
            out.writeObjectFieldStart("unknown");
            out.writeEndObject();
            out.writeStringField("reason", "why");
            out.writeNullField("nothing");
            out.writeEndObject();
            out.writeEndObject();
            out.writeEndArray();
            out.writeNumberField("protocol", 2);
            out.writeEndObject();
        });
        assertThat(Codec.decodeToWorker(bytes))
                .isEqualTo(new Codec.FromManager(2, 9, List.of(new ToWorker.Refused("", "why"))));
    }

    @Test
    void skipsMessagesItDoesNotKnow() throws IOException {
        var bytes = cbor(out -> {
            out.writeStartObject();
            out.writeArrayFieldStart("messages");
            out.writeStartObject();
            out.writeObjectFieldStart("teleport");
            out.writeStringField("to", "mars");
            out.writeEndObject();
            out.writeEndObject();
            out.writeStartObject();
            out.writeObjectFieldStart("heartbeat");
            out.writeStringField("session", "s");
            out.writeEndObject();
            out.writeEndObject();
            out.writeEndArray();
            out.writeEndObject();
        });
        assertThat(Codec.decodeToManager(bytes).messages()).containsExactly(new ToManager.Heartbeat("s"));
    }

    @Test
    void readsACauseItDoesNotKnowAsInternal() {
        var bytes = Codec.encode(Samples.fullResult());
        var changed = new String(bytes, StandardCharsets.ISO_8859_1)
                .replace("memory_limit", "quantum_leap")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThat(Codec.decodeResult(changed).cause()).isEqualTo(Cause.INTERNAL);
    }

    @Test
    void leavesOutDefaults() {
        assertThat(Codec.encode(Samples.plainResult(17, 3))).hasSizeLessThan(50);
    }

    @Test
    void refusesTruncatedBytesAtEveryLength() {
        var bytes = Codec.encodeToManager(List.of(new ToManager.Finished("s", List.of(Samples.fullResult()))));
        for (var length = 0; length < bytes.length; length++) {
            var truncated = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> Codec.decodeToManager(truncated))
                    .as("the first %s bytes", length)
                    .isInstanceOf(MusterException.class);
        }
    }

    @Test
    void refusesBytesThatAreNoMessage() {
        assertThatThrownBy(() -> Codec.decodeToWorker("GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith("14 bytes are no message of the manager: ");
    }

    @Test
    void refusesABatchWithMoreIndicesThanAttempts() {
        var batch = new ToWorker.Batch(
                new muster.api.JobId(1), "ada", TaskSpec.command("true"), new int[] {1, 2}, new int[] {1}, null);
        var bytes = Codec.encodeToWorker(1, List.of(new ToWorker.Run(List.of(batch))));
        assertThatThrownBy(() -> Codec.decodeToWorker(bytes))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("2 indices and 1 attempts");
    }

    @Test
    void keepsEveryKindOfWork() {
        var kinds = List.of(
                new Work.Single(TaskSpec.command("echo", "hi")),
                new Work.Array(TaskSpec.command("true"), IndexSet.parse("1,3,7-9"), null, 0),
                Samples.arrayOfItems(),
                Samples.fullJob().work(),
                new Work.Single(TaskSpec.builder()
                        .command(List.of("true"))
                        .category("a category")
                        .mayFail(true)
                        .build()));
        for (var work : kinds) {
            assertThat(Codec.decodeWork(Codec.encode(work))).isEqualTo(work);
            assertThat(Codec.decodeJob(Codec.encode(JobSpec.of("name", work)))).isEqualTo(JobSpec.of("name", work));
        }
    }

    @Test
    void keepsTasksWithNamesAndTextsThatAreLong() {
        var spec = TaskSpec.builder()
                .executor("noop")
                .command(List.of("x".repeat(3_000_000), "\ud83d\ude00"))
                .parameters(new Parameters(Map.of("y".repeat(70_000), "")))
                .environment(Map.of("z".repeat(70_000), "1"))
                .timeLimit(Duration.ofNanos(1))
                .build();
        assertThat(Codec.decodeTask(Codec.encode(spec))).isEqualTo(spec);
    }

    @Test
    void replacesHalfCharactersInsteadOfFailing() {
        var returned = new ToManager.Returned("s", List.of(), "cut \ud83d");
        assertThat(Codec.decodeToManager(Codec.encodeToManager(List.of(returned)))
                        .messages())
                .hasSize(1);
    }

    @Test
    void readsADurationBeyond292YearsAs292Years() {
        var lease = Duration.ofDays(1_000_000);
        var welcome = new ToWorker.Welcome("s", lease, Duration.ZERO, 0);
        assertThat(Codec.decodeToWorker(Codec.encodeToWorker(1, List.of(welcome)))
                        .messages())
                .containsExactly(new ToWorker.Welcome("s", Duration.ofNanos(Long.MAX_VALUE), Duration.ZERO, 0));
    }
}
