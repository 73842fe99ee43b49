package muster.transport.internal;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskId;
import org.jspecify.annotations.Nullable;

/**
 * What all formats are made of. Fields that hold their default are left out. A reader is called with the parser on the
 * first token of the value and leaves it on the last.
 */
public final class Cbor {
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private static final CBORFactory FACTORY = CBORFactory.builder()
            .enable(CBORGenerator.Feature.LENIENT_UTF_ENCODING)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private Cbor() {}

    /** Writes one document. */
    @FunctionalInterface
    public interface Writing {
        void to(CBORGenerator out) throws IOException;
    }

    /** Writes one value. */
    @FunctionalInterface
    public interface ValueWriter<T> {
        void write(CBORGenerator out, T value) throws IOException;
    }

    /** Reads one value. */
    @FunctionalInterface
    public interface ValueReader<T> {
        T read(CBORParser in) throws IOException;
    }

    public static byte[] write(Writing writing) {
        var bytes = new ByteArrayOutputStream(1024);
        try (var out = FACTORY.createGenerator(bytes)) {
            writing.to(out);
        } catch (IOException e) {
            throw new UncheckedIOException("CBOR cannot be written to memory", e);
        }
        return bytes.toByteArray();
    }

    public static <T> T read(String what, byte[] bytes, ValueReader<T> reader) {
        try (var in = FACTORY.createParser(bytes)) {
            in.nextToken();
            return reader.read(in);
        } catch (JsonProcessingException e) {
            throw unreadable(what, bytes, e.getOriginalMessage(), e);
        } catch (IOException | IllegalArgumentException | ArithmeticException e) {
            throw unreadable(what, bytes, String.valueOf(e.getMessage()), e);
        }
    }

    private static MusterException unreadable(String what, byte[] bytes, String fault, Exception cause) {
        return new MusterException(ErrorCode.INVALID, bytes.length + " bytes are no " + what + ": " + fault, cause);
    }

    /** Enters a map and moves to the value of its first field; the name of that, or null if there is none. */
    public static @Nullable String firstField(CBORParser in) throws IOException {
        require(in, JsonToken.START_OBJECT);
        return nextField(in);
    }

    /** Moves to the value of the next field; the name of that, or null at the end of the map. */
    public static @Nullable String nextField(CBORParser in) throws IOException {
        var name = in.nextFieldName();
        if (name != null) {
            in.nextToken();
        } else {
            require(in, JsonToken.END_OBJECT);
        }
        return name;
    }

    public static <T> T present(CBORParser in, @Nullable T value, String field) throws IOException {
        if (value == null) {
            throw new JsonParseException(in, "field '" + field + "' is missing");
        }
        return value;
    }

    static void writeText(CBORGenerator out, String field, @Nullable String value) throws IOException {
        if (value != null && !value.isEmpty()) {
            out.writeFieldName(field);
            out.writeString(value);
        }
    }

    static String readText(CBORParser in) throws IOException {
        require(in, JsonToken.VALUE_STRING);
        return in.getText();
    }

    static void writeNumber(CBORGenerator out, String field, long value) throws IOException {
        if (value != 0) {
            out.writeFieldName(field);
            out.writeNumber(value);
        }
    }

    public static long readLong(CBORParser in) throws IOException {
        require(in, JsonToken.VALUE_NUMBER_INT);
        return in.getLongValue();
    }

    public static int readInt(CBORParser in) throws IOException {
        require(in, JsonToken.VALUE_NUMBER_INT);
        return in.getIntValue();
    }

    static void writeFlag(CBORGenerator out, String field, boolean value) throws IOException {
        if (value) {
            out.writeFieldName(field);
            out.writeBoolean(true);
        }
    }

    static void writeBytes(CBORGenerator out, String field, byte @Nullable [] value) throws IOException {
        if (value != null) {
            out.writeFieldName(field);
            out.writeBinary(value);
        }
    }

    static void writeInstant(CBORGenerator out, String field, @Nullable Instant value) throws IOException {
        if (value != null) {
            out.writeFieldName(field);
            out.writeNumber(nanos(value));
        }
    }

    static Instant readInstant(CBORParser in) throws IOException {
        return instant(readLong(in));
    }

    static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS_PER_SECOND), instant.getNano());
    }

    static Instant instant(long nanos) {
        return Instant.ofEpochSecond(
                Math.floorDiv(nanos, (long) NANOS_PER_SECOND), Math.floorMod(nanos, (long) NANOS_PER_SECOND));
    }

    static void writeDuration(CBORGenerator out, String field, @Nullable Duration value) throws IOException {
        if (value != null && !value.isZero()) {
            out.writeFieldName(field);
            out.writeNumber(value.toSeconds() >= Long.MAX_VALUE / NANOS_PER_SECOND ? Long.MAX_VALUE : value.toNanos());
        }
    }

    static Duration readDuration(CBORParser in) throws IOException {
        return Duration.ofNanos(readLong(in));
    }

    public static <T> void writeList(CBORGenerator out, String field, List<? extends T> values, ValueWriter<T> writer)
            throws IOException {
        if (!values.isEmpty()) {
            out.writeFieldName(field);
            out.writeStartArray(values, values.size());
            for (var value : values) {
                writer.write(out, value);
            }
            out.writeEndArray();
        }
    }

    static void writeJobs(CBORGenerator out, String field, List<JobId> jobs) throws IOException {
        writeList(out, field, jobs, (numbers, job) -> numbers.writeNumber(job.value()));
    }

    static List<JobId> readJobs(CBORParser in) throws IOException {
        return readList(in, job -> new JobId(readLong(job)));
    }

    static <T> List<T> readList(CBORParser in, ValueReader<T> reader) throws IOException {
        require(in, JsonToken.START_ARRAY);
        var values = new ArrayList<T>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            values.add(reader.read(in));
        }
        return values;
    }

    /** Reads maps whose one field says by its name what its value is, and leaves out those whose name is not known. */
    public static <T> List<T> readKnown(CBORParser in, Map<String, ? extends ValueReader<? extends T>> readers)
            throws IOException {
        require(in, JsonToken.START_ARRAY);
        var values = new ArrayList<T>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            for (var field = firstField(in); field != null; field = nextField(in)) {
                var reader = readers.get(field);
                if (reader == null) {
                    in.skipChildren();
                } else {
                    values.add(reader.read(in));
                }
            }
        }
        return values;
    }

    static void writeTexts(CBORGenerator out, String field, List<String> values) throws IOException {
        writeList(out, field, values, CBORGenerator::writeString);
    }

    static List<String> readTexts(CBORParser in) throws IOException {
        return readList(in, Cbor::readText);
    }

    static void writeInts(CBORGenerator out, String field, int[] values) throws IOException {
        out.writeFieldName(field);
        out.writeArray(values, 0, values.length);
    }

    static int[] readInts(CBORParser in) throws IOException {
        require(in, JsonToken.START_ARRAY);
        var values = new int[64];
        var count = 0;
        while (in.nextToken() != JsonToken.END_ARRAY) {
            if (count == values.length) {
                values = Arrays.copyOf(values, count * 2);
            }
            values[count++] = readInt(in);
        }
        return Arrays.copyOf(values, count);
    }

    /** Job, index and number of each, in one flat array. */
    static void writeAttempts(CBORGenerator out, String field, List<AttemptId> attempts) throws IOException {
        if (!attempts.isEmpty()) {
            out.writeFieldName(field);
            out.writeStartArray(attempts, attempts.size() * 3);
            for (var attempt : attempts) {
                writeNumbers(out, attempt);
            }
            out.writeEndArray();
        }
    }

    static List<AttemptId> readAttempts(CBORParser in) throws IOException {
        return readList(in, Cbor::readNumbers);
    }

    static void writeAttempt(CBORGenerator out, String field, AttemptId attempt) throws IOException {
        out.writeFieldName(field);
        out.writeStartArray(attempt, 3);
        writeNumbers(out, attempt);
        out.writeEndArray();
    }

    static AttemptId readAttempt(CBORParser in) throws IOException {
        require(in, JsonToken.START_ARRAY);
        in.nextToken();
        var attempt = readNumbers(in);
        in.nextToken();
        require(in, JsonToken.END_ARRAY);
        return attempt;
    }

    private static void writeNumbers(CBORGenerator out, AttemptId attempt) throws IOException {
        out.writeNumber(attempt.task().job().value());
        out.writeNumber(attempt.task().index());
        out.writeNumber(attempt.number());
    }

    private static AttemptId readNumbers(CBORParser in) throws IOException {
        var job = readLong(in);
        in.nextToken();
        var index = readInt(in);
        in.nextToken();
        return new AttemptId(new TaskId(new JobId(job), index), readInt(in));
    }

    static <V> void writeMap(CBORGenerator out, String field, Map<String, V> values, ValueWriter<? super V> writer)
            throws IOException {
        if (!values.isEmpty()) {
            out.writeFieldName(field);
            writeMap(out, values, writer);
        }
    }

    static <V> void writeMap(CBORGenerator out, Map<String, V> values, ValueWriter<? super V> writer)
            throws IOException {
        out.writeStartObject(values, values.size());
        for (var entry : values.entrySet()) {
            out.writeFieldName(entry.getKey());
            writer.write(out, entry.getValue());
        }
        out.writeEndObject();
    }

    static <V> Map<String, V> readMap(CBORParser in, ValueReader<V> reader) throws IOException {
        var values = new LinkedHashMap<String, V>();
        for (var field = firstField(in); field != null; field = nextField(in)) {
            values.put(field, reader.read(in));
        }
        return values;
    }

    private static void require(CBORParser in, JsonToken expected) throws IOException {
        if (in.currentToken() != expected) {
            throw new JsonParseException(in, "found " + in.currentToken() + " where " + expected + " is expected");
        }
    }
}
