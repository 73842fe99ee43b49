package muster.transport.internal;

import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.JobId;
import muster.api.SessionId;
import muster.api.Usage;
import muster.transport.ToManager;
import org.jspecify.annotations.Nullable;

/** {@link ToManager} on the wire: a map of one field, named as the message, whose value holds the message's fields. */
public final class ToManagerFormat {
    /** By the name of the message. */
    public static final Map<String, Cbor.ValueReader<ToManager>> READERS = Map.of(
            "hello", ToManagerFormat::readHello,
            "heartbeat", in -> new ToManager.Heartbeat(readSession(in)),
            "executors", ToManagerFormat::readExecutors,
            "goodbye", in -> new ToManager.Goodbye(readSession(in)),
            "started", ToManagerFormat::readStarted,
            "finished", ToManagerFormat::readFinished,
            "returned", ToManagerFormat::readReturned,
            "log", ToManagerFormat::readLog,
            "deployed", ToManagerFormat::readDeployed);

    private static final Capacity NO_CAPACITY = new Capacity(0, 0, 0, List.of(), Map.of(), List.of());
    private static final Map<Cause, String> CAUSE_NAMES = new EnumMap<>(Arrays.stream(Cause.values())
            .collect(Collectors.toMap(Function.identity(), cause -> cause.name().toLowerCase(Locale.ROOT))));
    private static final Map<String, Cause> CAUSES = CAUSE_NAMES.entrySet().stream()
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

    private ToManagerFormat() {}

    public static void write(CBORGenerator out, ToManager message) throws IOException {
        out.writeStartObject();
        if (message instanceof ToManager.Hello hello) {
            writeHello(out, hello);
        } else if (message instanceof ToManager.Heartbeat heartbeat) {
            out.writeObjectFieldStart("heartbeat");
            Cbor.writeText(out, "session", heartbeat.session());
        } else if (message instanceof ToManager.Executors executors) {
            out.writeObjectFieldStart("executors");
            Cbor.writeText(out, "session", executors.session());
            Cbor.writeList(out, "executors", executors.executors(), ToManagerFormat::writeExecutor);
        } else if (message instanceof ToManager.Goodbye goodbye) {
            out.writeObjectFieldStart("goodbye");
            Cbor.writeText(out, "session", goodbye.session());
        } else if (message instanceof ToManager.Started started) {
            out.writeObjectFieldStart("started");
            Cbor.writeText(out, "session", started.session());
            Cbor.writeAttempts(
                    out,
                    "attempts",
                    started.starts().stream().map(ToManager.Start::attempt).toList());
            Cbor.writeList(out, "at", started.starts(), (times, start) -> times.writeNumber(Cbor.nanos(start.at())));
        } else if (message instanceof ToManager.Finished finished) {
            out.writeObjectFieldStart("finished");
            Cbor.writeText(out, "session", finished.session());
            Cbor.writeList(out, "results", finished.results(), ToManagerFormat::writeResult);
        } else if (message instanceof ToManager.Returned returned) {
            out.writeObjectFieldStart("returned");
            Cbor.writeText(out, "session", returned.session());
            Cbor.writeAttempts(out, "attempts", returned.attempts());
            Cbor.writeText(out, "reason", returned.reason());
        } else if (message instanceof ToManager.Log log) {
            out.writeObjectFieldStart("log");
            Cbor.writeNumber(out, "request", log.request());
            Cbor.writeNumber(out, "offset", log.offset());
            Cbor.writeBytes(out, "bytes", log.bytes());
            Cbor.writeFlag(out, "ended", log.ended());
            Cbor.writeText(out, "error", log.error());
        } else if (message instanceof ToManager.Deployed deployed) {
            out.writeObjectFieldStart("deployed");
            Cbor.writeNumber(out, "request", deployed.request());
            Cbor.writeText(out, "message", deployed.message());
            Cbor.writeText(out, "error", deployed.error());
        } else {
            throw new IllegalStateException("no format for " + message.getClass());
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeHello(CBORGenerator out, ToManager.Hello hello) throws IOException {
        out.writeObjectFieldStart("hello");
        Cbor.writeText(out, "session", hello.session());
        Cbor.writeNumber(out, "oldestProtocol", hello.oldestProtocol());
        Cbor.writeNumber(out, "newestProtocol", hello.newestProtocol());
        Cbor.writeText(out, "version", hello.version());
        Cbor.writeText(out, "address", hello.address());
        out.writeObjectFieldStart("capacity");
        out.writeNumberField("cores", hello.capacity().cores());
        Cbor.writeNumber(out, "memoryBytes", hello.capacity().memoryBytes());
        Cbor.writeNumber(out, "diskBytes", hello.capacity().diskBytes());
        Cbor.writeTexts(out, "gpus", hello.capacity().gpus());
        Cbor.writeMap(out, "custom", hello.capacity().custom(), CBORGenerator::writeNumber);
        Cbor.writeTexts(out, "labels", hello.capacity().labels());
        out.writeEndObject();
        Cbor.writeList(out, "executors", hello.executors(), ToManagerFormat::writeExecutor);
        Cbor.writeAttempts(out, "running", hello.running());
        Cbor.writeAttempts(out, "finished", hello.finished());
        Cbor.writeNumber(out, "dataPort", hello.dataPort());
        SpecFormat.writeSessions(out, hello.sessions());
        Cbor.writeJobs(out, "keeps", hello.keeps());
    }

    private static void writeExecutor(CBORGenerator out, ExecutorView executor) throws IOException {
        out.writeStartObject();
        Cbor.writeText(out, "name", executor.name());
        Cbor.writeFlag(out, "available", executor.available());
        Cbor.writeText(out, "reason", executor.reason());
        out.writeEndObject();
    }

    public static void writeResult(CBORGenerator out, ToManager.Result result) throws IOException {
        out.writeStartObject();
        Cbor.writeAttempt(out, "attempt", result.attempt());
        if (result.cause() != Cause.SUCCESS) {
            Cbor.writeText(out, "cause", CAUSE_NAMES.get(result.cause()));
        }
        Cbor.writeNumber(out, "exit", result.exitCode());
        Cbor.writeNumber(out, "signal", result.signal());
        Cbor.writeText(out, "message", result.message());
        Cbor.writeInstant(out, "started", result.startedAt());
        Cbor.writeInstant(out, "finished", result.finishedAt());
        Cbor.writeDuration(out, "wall", result.usage().wall());
        Cbor.writeDuration(out, "cpu", result.usage().cpu());
        Cbor.writeNumber(out, "memory", result.usage().peakMemoryBytes());
        Cbor.writeBytes(out, "stdout", result.stdout());
        Cbor.writeBytes(out, "stderr", result.stderr());
        Cbor.writeNumber(out, "stdoutBytes", result.stdoutBytes());
        Cbor.writeNumber(out, "stderrBytes", result.stderrBytes());
        Cbor.writeText(out, "stderrTail", result.stderrTail());
        Cbor.writeTexts(out, "missing", result.missing());
        out.writeEndObject();
    }

    private static ToManager readHello(CBORParser in) throws IOException {
        var session = "";
        var oldestProtocol = 0;
        var newestProtocol = 0;
        var version = "";
        var address = "";
        var capacity = NO_CAPACITY;
        List<ExecutorView> executors = List.of();
        List<AttemptId> running = List.of();
        List<AttemptId> finished = List.of();
        var dataPort = 0;
        List<SessionId> sessions = List.of();
        List<JobId> keeps = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "oldestProtocol" -> oldestProtocol = Cbor.readInt(in);
                case "newestProtocol" -> newestProtocol = Cbor.readInt(in);
                case "version" -> version = Cbor.readText(in);
                case "address" -> address = Cbor.readText(in);
                case "capacity" -> capacity = readCapacity(in);
                case "executors" -> executors = Cbor.readList(in, ToManagerFormat::readExecutor);
                case "running" -> running = Cbor.readAttempts(in);
                case "finished" -> finished = Cbor.readAttempts(in);
                case "dataPort" -> dataPort = Cbor.readInt(in);
                case "sessions" -> sessions = SpecFormat.readSessions(in);
                case "keeps" -> keeps = Cbor.readJobs(in);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Hello(
                session,
                oldestProtocol,
                newestProtocol,
                version,
                address,
                capacity,
                executors,
                running,
                finished,
                dataPort,
                sessions,
                keeps);
    }

    private static Capacity readCapacity(CBORParser in) throws IOException {
        var cores = 0.0;
        var memoryBytes = 0L;
        var diskBytes = 0L;
        List<String> gpus = List.of();
        Map<String, Long> custom = Map.of();
        List<String> labels = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "cores" -> cores = in.getDoubleValue();
                case "memoryBytes" -> memoryBytes = Cbor.readLong(in);
                case "diskBytes" -> diskBytes = Cbor.readLong(in);
                case "gpus" -> gpus = Cbor.readTexts(in);
                case "custom" -> custom = Cbor.readMap(in, Cbor::readLong);
                case "labels" -> labels = Cbor.readTexts(in);
                default -> in.skipChildren();
            }
        }
        return new Capacity(cores, memoryBytes, diskBytes, gpus, custom, labels);
    }

    private static ExecutorView readExecutor(CBORParser in) throws IOException {
        var name = "";
        var available = false;
        var reason = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "name" -> name = Cbor.readText(in);
                case "available" -> available = in.getBooleanValue();
                case "reason" -> reason = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ExecutorView(name, available, reason);
    }

    private static String readSession(CBORParser in) throws IOException {
        var session = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return session;
    }

    private static ToManager readExecutors(CBORParser in) throws IOException {
        var session = "";
        List<ExecutorView> executors = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "executors" -> executors = Cbor.readList(in, ToManagerFormat::readExecutor);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Executors(session, executors);
    }

    private static ToManager readStarted(CBORParser in) throws IOException {
        var session = "";
        List<AttemptId> attempts = List.of();
        List<Instant> times = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "attempts" -> attempts = Cbor.readAttempts(in);
                case "at" -> times = Cbor.readList(in, Cbor::readInstant);
                default -> in.skipChildren();
            }
        }
        if (attempts.size() != times.size()) {
            throw new IllegalArgumentException(attempts.size() + " attempts started at " + times.size() + " instants");
        }
        var starts = new ArrayList<ToManager.Start>(attempts.size());
        for (var i = 0; i < attempts.size(); i++) {
            starts.add(new ToManager.Start(attempts.get(i), times.get(i)));
        }
        return new ToManager.Started(session, starts);
    }

    private static ToManager readFinished(CBORParser in) throws IOException {
        var session = "";
        List<ToManager.Result> results = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "results" -> results = Cbor.readList(in, ToManagerFormat::readResult);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Finished(session, results);
    }

    /** A cause that is not known here is INTERNAL. */
    public static ToManager.Result readResult(CBORParser in) throws IOException {
        @Nullable AttemptId attempt = null;
        var cause = Cause.SUCCESS;
        var exitCode = 0;
        var signal = 0;
        var message = "";
        @Nullable Instant startedAt = null;
        @Nullable Instant finishedAt = null;
        var wall = Duration.ZERO;
        var cpu = Duration.ZERO;
        var memory = 0L;
        byte @Nullable [] stdout = null;
        byte @Nullable [] stderr = null;
        var stdoutBytes = 0L;
        var stderrBytes = 0L;
        var stderrTail = "";
        List<String> missing = List.of();
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "attempt" -> attempt = Cbor.readAttempt(in);
                case "cause" -> cause = CAUSES.getOrDefault(Cbor.readText(in), Cause.INTERNAL);
                case "exit" -> exitCode = Cbor.readInt(in);
                case "signal" -> signal = Cbor.readInt(in);
                case "message" -> message = Cbor.readText(in);
                case "started" -> startedAt = Cbor.readInstant(in);
                case "finished" -> finishedAt = Cbor.readInstant(in);
                case "wall" -> wall = Cbor.readDuration(in);
                case "cpu" -> cpu = Cbor.readDuration(in);
                case "memory" -> memory = Cbor.readLong(in);
                case "stdout" -> stdout = in.getBinaryValue();
                case "stderr" -> stderr = in.getBinaryValue();
                case "stdoutBytes" -> stdoutBytes = Cbor.readLong(in);
                case "stderrBytes" -> stderrBytes = Cbor.readLong(in);
                case "stderrTail" -> stderrTail = Cbor.readText(in);
                case "missing" -> missing = Cbor.readTexts(in);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Result(
                Cbor.present(in, attempt, "attempt"),
                cause,
                exitCode,
                signal,
                message,
                startedAt,
                Cbor.present(in, finishedAt, "finished"),
                wall.isZero() && cpu.isZero() && memory == 0 ? Usage.NONE : new Usage(wall, cpu, memory),
                stdout,
                stderr,
                stdoutBytes,
                stderrBytes,
                stderrTail,
                missing);
    }

    private static ToManager readReturned(CBORParser in) throws IOException {
        var session = "";
        List<AttemptId> attempts = List.of();
        var reason = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "session" -> session = Cbor.readText(in);
                case "attempts" -> attempts = Cbor.readAttempts(in);
                case "reason" -> reason = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Returned(session, attempts, reason);
    }

    private static ToManager readLog(CBORParser in) throws IOException {
        var request = 0L;
        var offset = 0L;
        var bytes = new byte[0];
        var ended = false;
        var error = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "request" -> request = Cbor.readLong(in);
                case "offset" -> offset = Cbor.readLong(in);
                case "bytes" -> bytes = in.getBinaryValue();
                case "ended" -> ended = in.getBooleanValue();
                case "error" -> error = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Log(request, offset, bytes, ended, error);
    }

    private static ToManager readDeployed(CBORParser in) throws IOException {
        var request = 0L;
        var message = "";
        var error = "";
        for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
            switch (field) {
                case "request" -> request = Cbor.readLong(in);
                case "message" -> message = Cbor.readText(in);
                case "error" -> error = Cbor.readText(in);
                default -> in.skipChildren();
            }
        }
        return new ToManager.Deployed(request, message, error);
    }
}
