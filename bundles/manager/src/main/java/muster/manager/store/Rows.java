package muster.manager.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Usage;
import muster.api.language.WorkflowRequest;
import muster.transport.Codec;
import org.jspecify.annotations.Nullable;

/**
 * The rows of each table: which columns are read, what their content is made of, and its name, which tells the key. Every
 * row is read here, and is refused with a {@link DamagedException} if it is not what was written.
 */
final class Rows {
    static final String LEASE = "epoch, commits, content";
    static final String JOB = "id, content, progress";
    static final String DISPATCH = "job, content";
    static final String ATTEMPT = "job, task, number, standing, succeeded, content";
    static final String LOG = "job, task, number, stream, content";
    static final String STEP = "job, number, content";
    static final String CACHE = "job, id, content";
    static final String WORKER = "id, content";
    static final String SECRET = "name, content";
    static final String TASK_SECRET = "job, content";

    private Rows() {}

    // ---- the lease

    static byte[] content(Lease lease) {
        return new Content()
                .text(lease.holder())
                .text(lease.url())
                .number(lease.lastJob())
                .seal(leaseName(lease.epoch(), lease.commits()));
    }

    static Lease lease(ResultSet row) throws SQLException {
        var epoch = row.getLong(1);
        var commits = row.getLong(2);
        var content = Content.open(row.getBytes(3), leaseName(epoch, commits));
        return new Lease(epoch, commits, content.text(), content.text(), content.number());
    }

    private static String leaseName(long epoch, long commits) {
        return "lease of epoch " + epoch + " at commit " + commits;
    }

    // ---- jobs

    /**
     * What became of a job.
     *
     * @param deleted whether it is on its way out: to users it is gone
     */
    record Progress(
            boolean canceled,
            boolean failed,
            boolean deleted,
            String message,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            byte @Nullable [] states) {
        static final Progress NONE = reopened(null);
        static final Progress DELETED = new Progress(false, false, true, "", null, null, null);

        private static final int CANCELED_BIT = 1;
        private static final int DELETED_BIT = 2;
        private static final int FAILED_BIT = 4;

        static Progress reopened(byte @Nullable [] states) {
            return new Progress(false, false, false, "", null, null, states);
        }

        Progress canceled(Write.Canceled why) {
            return new Progress(true, failed || why.failed(), deleted, why.message(), startedAt, finishedAt, states);
        }

        Progress ended(Write.JobEnded end) {
            return new Progress(
                    canceled, failed, deleted, end.message(), end.startedAt(), end.finishedAt(), end.states());
        }

        private static boolean deleted(int bits) {
            return (bits & DELETED_BIT) != 0;
        }

        byte[] content(JobId job) {
            return new Content()
                    .number((canceled ? CANCELED_BIT : 0) | (deleted ? DELETED_BIT : 0) | (failed ? FAILED_BIT : 0))
                    .text(message)
                    .instant(startedAt)
                    .instant(finishedAt)
                    .bytes(states == null ? null : deflate(states))
                    .seal("progress of job " + job);
        }

        static Progress of(JobId job, byte @Nullable [] sealed) {
            var content = Content.open(sealed, "progress of job " + job);
            var bits = content.integer();
            var message = content.text();
            var startedAt = content.instantOrNull();
            var finishedAt = content.instantOrNull();
            var states = content.bytes();
            return new Progress(
                    (bits & CANCELED_BIT) != 0,
                    (bits & FAILED_BIT) != 0,
                    deleted(bits),
                    message,
                    startedAt,
                    finishedAt,
                    states == null ? null : inflate(states));
        }
    }

    static byte[] content(StoredJob job) {
        var content = new Content()
                .text(job.owner())
                .bytes(Codec.encode(job.spec()))
                .text(job.idempotencyKey())
                .text(job.fingerprint())
                .instant(job.submittedAt());
        if (job.driver() != null) {
            write(content, job.driver());
        }
        return content.seal("job " + job.id());
    }

    /** Whether a job is on its way out, by its id and progress alone. */
    static boolean deleted(ResultSet row) throws SQLException {
        var name = "progress of job " + row.getLong(1);
        return Progress.deleted(Content.open(row.getBytes(2), name).integer());
    }

    /** Null if it is on its way out. */
    static @Nullable StoredJob job(ResultSet row) throws SQLException {
        var id = jobId(row, "job " + row.getLong(1));
        var content = Content.open(row.getBytes(2), "job " + id);
        var progress = Progress.of(id, row.getBytes(3));
        if (progress.deleted()) {
            return null;
        }
        return new StoredJob(
                id,
                content.text(),
                Codec.decodeJob(Objects.requireNonNull(content.bytes())),
                content.textOrNull(),
                content.text(),
                content.instant(),
                progress.startedAt(),
                progress.finishedAt(),
                progress.message(),
                progress.canceled(),
                progress.failed(),
                progress.states(),
                content.more() ? driver(content) : null);
    }

    private static void write(Content content, StoredDriver driver) {
        var script = driver.script();
        content.text(driver.language())
                .text(driver.version())
                .number(driver.begun())
                .text(script.file())
                .text(script.text());
        for (var map : List.of(script.settings(), script.options(), script.files(), script.variables())) {
            content.number(map.size());
            map.forEach((name, value) -> content.text(name).text(value));
        }
        content.number(script.undefined().size());
        script.undefined().forEach(content::text);
        content.number(script.contents().size());
        script.contents().forEach((path, objects) -> {
            content.text(path).number(objects.size());
            for (var object : objects) {
                content.text(object.name()).text(object.object()).number(object.executable() ? 1 : 0);
            }
        });
        content.number(script.mayFail() ? 1 : 0);
    }

    private static StoredDriver driver(Content.Reader content) {
        var language = content.text();
        var version = content.text();
        var begun = content.integer();
        var file = content.text();
        var text = content.text();
        var settings = texts(content);
        var options = texts(content);
        var files = texts(content);
        var variables = texts(content);
        var undefined = new HashSet<String>();
        for (var left = content.integer(); left > 0; left--) {
            undefined.add(content.text());
        }
        var contents = new HashMap<String, List<muster.api.language.Content>>();
        for (var left = content.integer(); left > 0; left--) {
            var path = content.text();
            var objects = new ArrayList<muster.api.language.Content>();
            for (var more = content.integer(); more > 0; more--) {
                objects.add(new muster.api.language.Content(content.text(), content.text(), content.number() != 0));
            }
            contents.put(path, objects);
        }
        return new StoredDriver(
                language,
                version,
                begun,
                new WorkflowRequest(
                        language,
                        file,
                        text,
                        settings,
                        options,
                        files,
                        variables,
                        undefined,
                        contents,
                        "",
                        List.of(),
                        0,
                        false,
                        null,
                        content.more() && content.number() != 0,
                        List.of()));
    }

    private static Map<String, String> texts(Content.Reader content) {
        var texts = new HashMap<String, String>();
        for (var left = content.integer(); left > 0; left--) {
            texts.put(content.text(), content.text());
        }
        return texts;
    }

    // ---- steps of drivers

    static byte[] content(JobId job, StoredStep step) {
        var content = new Content().number(step.told().size());
        for (var told : step.told()) {
            content.number(told.task())
                    .number(told.attempt())
                    .number(told.state().ordinal())
                    .number(told.asked());
        }
        content.number(step.asked().size());
        step.asked().forEach(task -> content.bytes(Codec.encode(task)));
        return content.text(step.failure()).seal(stepName(job, step.number()));
    }

    static StoredStep step(ResultSet row) throws SQLException {
        var name = "a step of job " + row.getLong(1);
        var number = integer(row, 2, name);
        var content = Content.open(row.getBytes(3), stepName(jobId(row, name), number));
        var told = new ArrayList<StoredStep.Told>();
        for (var left = content.integer(); left > 0; left--) {
            told.add(new StoredStep.Told(
                    content.integer(), content.integer(), TaskState.values()[content.integer()], content.integer()));
        }
        var asked = new ArrayList<TaskSpec>();
        for (var left = content.integer(); left > 0; left--) {
            asked.add(Codec.decodeTask(Objects.requireNonNull(content.bytes())));
        }
        return new StoredStep(number, told, asked, content.text());
    }

    private static String stepName(JobId job, int number) {
        return "step " + number + " of job " + job;
    }

    // ---- dispatches

    static byte[] content(StoredDispatch dispatch) {
        var content = new Content()
                .text(dispatch.worker())
                .instant(dispatch.assignedAt())
                .number(dispatch.indices().length);
        for (var i = 0; i < dispatch.indices().length; i++) {
            content.number(dispatch.indices()[i]).number(dispatch.numbers()[i]);
        }
        return content.seal("dispatch of job " + dispatch.job());
    }

    static StoredDispatch dispatch(ResultSet row) throws SQLException {
        var job = jobId(row, "a dispatch of job " + row.getLong(1));
        var content = Content.open(row.getBytes(2), "dispatch of job " + job);
        var worker = content.text();
        var assignedAt = content.instant();
        var indices = new int[content.integer()];
        var numbers = new int[indices.length];
        for (var i = 0; i < indices.length; i++) {
            indices[i] = content.integer();
            numbers[i] = content.integer();
        }
        return new StoredDispatch(job, worker, assignedAt, indices, numbers);
    }

    // ---- attempts

    static byte[] content(EndedAttempt attempt) {
        return new Content()
                .text(attempt.worker())
                .number(attempt.cause().ordinal())
                .number(attempt.exitCode() + 1L)
                .number(attempt.signal())
                .text(attempt.message())
                .text(attempt.stderrTail())
                .instant(attempt.assignedAt())
                .instant(attempt.startedAt())
                .instant(attempt.finishedAt())
                .number(attempt.usage().wall().toNanos())
                .number(attempt.usage().cpu().toNanos())
                .number(attempt.usage().peakMemoryBytes())
                .number(attempt.stdoutBytes())
                .number(attempt.stderrBytes())
                .seal(name(attempt.id(), attempt.standing().ordinal()));
    }

    static EndedAttempt attempt(ResultSet row) throws SQLException {
        var id = attemptId(row);
        var standing = integer(row, 4, "attempt " + id);
        var content = Content.open(row.getBytes(6), name(id, standing));
        var worker = content.text();
        var cause = Cause.values()[content.integer()];
        if ((cause == Cause.SUCCESS) != (row.getInt(5) == 1)) {
            throw new DamagedException(name(id, standing));
        }
        return new EndedAttempt(
                id,
                EndedAttempt.Standing.values()[standing],
                worker,
                cause,
                content.integer() - 1,
                content.integer(),
                content.text(),
                content.text(),
                content.instantOrNull(),
                content.instantOrNull(),
                content.instant(),
                new Usage(Duration.ofNanos(content.number()), Duration.ofNanos(content.number()), content.number()),
                content.number(),
                content.number(),
                null,
                null);
    }

    private static AttemptId attemptId(ResultSet row) throws SQLException {
        var name = "a row of job " + row.getLong(1) + ", task " + row.getLong(2) + ", attempt " + row.getLong(3);
        var job = jobId(row, name);
        var number = integer(row, 3, name);
        if (number < 1) {
            throw new DamagedException(name);
        }
        return new AttemptId(new TaskId(job, integer(row, 2, name)), number);
    }

    // ---- the cache

    static byte[] content(Write.Cached cached) {
        var task = cached.attempt().task();
        return new Content()
                .number(task.index())
                .number(cached.attempt().number())
                .seal(cacheName(cached.id(), task.job()));
    }

    static AttemptId cached(ResultSet row) throws SQLException {
        var id = row.getString(2);
        var job = jobId(row, "entry " + id + " of the cache");
        var content = Content.open(row.getBytes(3), cacheName(id, job));
        return new AttemptId(new TaskId(job, content.integer()), content.integer());
    }

    private static String cacheName(String id, JobId job) {
        return "entry " + id + " of the cache, of job " + job;
    }

    private static JobId jobId(ResultSet row, String name) throws SQLException {
        var value = row.getLong(1);
        if (value < 1) {
            throw new DamagedException(name);
        }
        return new JobId(value);
    }

    /** A number that is not negative, as all in keys are. */
    private static int integer(ResultSet row, int column, String name) throws SQLException {
        var value = row.getLong(column);
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new DamagedException(name);
        }
        return (int) value;
    }

    private static String name(AttemptId id, int standing) {
        return "attempt " + id + " of standing " + standing;
    }

    // ---- logs

    static byte[] content(AttemptId id, LogStream stream, byte[] bytes) {
        return new Content().bytes(bytes).seal(logName(id, stream.ordinal()));
    }

    static byte[] log(ResultSet row) throws SQLException {
        var id = attemptId(row);
        var stream = integer(row, 4, "log of attempt " + id);
        if (stream >= LogStream.values().length) {
            throw new DamagedException("log of attempt " + id);
        }
        return Objects.requireNonNull(
                Content.open(row.getBytes(5), logName(id, stream)).bytes());
    }

    private static String logName(AttemptId id, int stream) {
        return (stream == LogStream.STDOUT.ordinal() ? LogStream.STDOUT : LogStream.STDERR) + " of attempt " + id;
    }

    // ---- workers

    static byte[] content(StoredWorker worker) {
        return new Content()
                .text(worker.address())
                .text(worker.version())
                .number(worker.draining() ? 1 : 0)
                .instant(worker.lastSeen())
                .text(worker.session())
                .seal("worker " + worker.id());
    }

    static StoredWorker worker(ResultSet row) throws SQLException {
        var id = row.getString(1);
        var content = Content.open(row.getBytes(2), "worker " + id);
        return new StoredWorker(
                id,
                content.text(),
                content.text(),
                content.number() != 0,
                content.instantOrNull(),
                content.more() ? content.textOrNull() : null);
    }

    // ---- secrets

    static byte[] content(String secret, byte[] bytes) {
        return new Content().bytes(bytes).seal("secret " + secret);
    }

    static byte[] secret(ResultSet row) throws SQLException {
        var content = Content.open(row.getBytes(2), "secret " + row.getString(1));
        return Objects.requireNonNull(content.bytes());
    }

    static byte[] content(JobId job, byte[] secrets) {
        return new Content().bytes(secrets).seal("secrets of job " + job);
    }

    static byte[] taskSecrets(ResultSet row) throws SQLException {
        var name = "secrets of job " + row.getLong(1);
        var content = Content.open(row.getBytes(2), "secrets of job " + jobId(row, name));
        return Objects.requireNonNull(content.bytes());
    }

    private static byte[] deflate(byte[] bytes) {
        var out = new ByteArrayOutputStream();
        try (var deflater = new DeflaterOutputStream(out)) {
            deflater.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] inflate(byte[] bytes) {
        try (var inflater = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
            return inflater.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
