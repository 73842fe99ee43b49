package muster.rest.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Locale;
import muster.api.AttemptView;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskView;
import muster.api.Usage;

/** Reads bodies within limits and writes the API's types. Thread-safe. */
public final class Json {
    /** Of lists and objects within each other. */
    public static final int MAX_DEPTH = 32;

    private static final long MAX_SMALL_BYTES = 16 << 10;
    private static final int MAX_STRING = 16 << 20;
    private static final ObjectMapper MAPPER = mapper();

    private Json() {}

    private static ObjectMapper mapper() {
        var factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxStringLength(MAX_STRING)
                        .maxNumberLength(400)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .build();
        return JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .addModule(views())
                .build();
    }

    private static SimpleModule views() {
        var module = new SimpleModule("views");
        module.addSerializer(JobId.class, ToStringSerializer.instance);
        module.addSerializer(TaskId.class, ToStringSerializer.instance);
        module.addSerializer(Instant.class, ToStringSerializer.instance);
        module.addSerializer(Enum.class, new LowerCase());
        module.addKeySerializer(Enum.class, new LowerCaseKey());
        module.addSerializer(Usage.class, writer(Usage.class, (usage, out) -> {
            out.writeNumberField("wallSeconds", usage.wall().toNanos() / 1e9);
            out.writeNumberField("cpuSeconds", usage.cpu().toNanos() / 1e9);
            out.writeNumberField("peakMemoryBytes", usage.peakMemoryBytes());
        }));
        module.addSerializer(AttemptView.class, writer(AttemptView.class, (attempt, out) -> {
            var cause = attempt.cause();
            out.writeNumberField("number", attempt.number());
            out.writeStringField("worker", attempt.worker());
            out.writePOJOField("cause", cause);
            out.writePOJOField("kind", cause == null ? null : cause.kind());
            out.writePOJOField("exitCode", attempt.exitCode());
            out.writePOJOField("signal", attempt.signal());
            out.writeStringField("message", attempt.message());
            out.writeStringField("stderrTail", attempt.stderrTail());
            out.writePOJOField("assignedAt", attempt.assignedAt());
            out.writePOJOField("startedAt", attempt.startedAt());
            out.writePOJOField("finishedAt", attempt.finishedAt());
            out.writePOJOField("usage", attempt.usage());
        }));
        module.addSerializer(TaskView.class, writer(TaskView.class, (task, out) -> {
            out.writePOJOField("id", task.id());
            out.writePOJOField("job", task.id().job());
            out.writeNumberField("index", task.id().index());
            out.writeStringField("name", task.name());
            out.writeStringField("executor", task.executor());
            out.writeStringField("item", task.item());
            out.writePOJOField("state", task.state());
            out.writePOJOField("attempts", task.attempts());
            out.writeStringField("message", task.message());
            out.writeBooleanField("cached", task.cached());
        }));
        return module;
    }

    /** A word of the API as it stands in JSON: {@code exit_code}. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads one JSON value.
     *
     * @param limit of its length in bytes
     * @throws MusterException INVALID for malformed JSON, naming line and column; TOO_LARGE above the limits
     * @throws IOException if the client went away
     */
    public static JsonNode read(InputStream body, long limit) throws IOException {
        try {
            var root = MAPPER.readTree(new BoundedInput(body, limit));
            if (root == null || root.isMissingNode()) {
                throw MusterException.invalid("the body is empty; send JSON");
            }
            return root;
        } catch (StreamConstraintsException e) {
            throw new MusterException(
                    ErrorCode.TOO_LARGE,
                    at(e) + " is beyond a limit; nest at most " + MAX_DEPTH + " deep, strings of at most " + MAX_STRING
                            + " characters, numbers of at most 400",
                    e);
        } catch (JsonProcessingException e) {
            throw new MusterException(ErrorCode.INVALID, "the body is not JSON: " + at(e) + ": " + reason(e), e);
        } catch (CharConversionException e) {
            throw new MusterException(ErrorCode.INVALID, "the body is not UTF-8; send JSON in UTF-8", e);
        }
    }

    /** Likewise, of at most {@value #MAX_SMALL_BYTES} bytes: for those whom we do not know yet. */
    public static JsonNode readSmall(InputStream body) throws IOException {
        return read(body, MAX_SMALL_BYTES);
    }

    /** Writes a value of the API. */
    public static void write(Object value, OutputStream out) throws IOException {
        MAPPER.writeValue(out, value);
    }

    /** A value of the API on one line. */
    public static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass().getName(), e);
        }
    }

    private static String at(JsonProcessingException e) {
        var location = e.getLocation();
        return location == null ? "its end" : "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private static String reason(JsonProcessingException e) {
        var message = String.valueOf(e.getOriginalMessage());
        var line = message.lines().findFirst().orElse("");
        return Words.shown(line, 200);
    }

    private interface Body<T> {
        void write(T value, JsonGenerator out) throws IOException;
    }

    private static <T> JsonSerializer<T> writer(Class<T> type, Body<T> body) {
        return new StdSerializer<T>(type) {
            @Override
            public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
                out.writeStartObject(value);
                body.write(value, out);
                out.writeEndObject();
            }
        };
    }

    @SuppressWarnings("rawtypes") // Jackson names every enum by the raw class
    private static final class LowerCase extends StdSerializer<Enum> {
        private LowerCase() {
            super(Enum.class);
        }

        @Override
        public void serialize(Enum value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(word(value));
        }
    }

    @SuppressWarnings("rawtypes") // likewise
    private static final class LowerCaseKey extends StdSerializer<Enum> {
        private LowerCaseKey() {
            super(Enum.class);
        }

        @Override
        public void serialize(Enum value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeFieldName(word(value));
        }
    }

    /** A body of at most so many bytes; more are TOO_LARGE. */
    private static final class BoundedInput extends InputStream {
        private final InputStream body;
        private final long limit;
        private long left;

        private BoundedInput(InputStream body, long limit) {
            this.body = body;
            this.limit = limit;
            this.left = limit;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            var count = body.read(bytes, offset, length);
            left -= Math.max(count, 0);
            if (left < 0) {
                throw new MusterException(
                        ErrorCode.TOO_LARGE,
                        "the body is larger than " + limit + " bytes; submit several jobs, or pass data by files");
            }
            return count;
        }
    }
}
