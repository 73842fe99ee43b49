package muster.manager.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import javax.sql.DataSource;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.Usage;
import muster.transport.Codec;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** The store in one SQLite file: write-ahead log, {@code synchronous=FULL}. */
public final class SqliteStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteStore.class);
    private static final int MAX_BATCH = 1024;
    private static final int READERS = 4;
    private static final long RETRY_MILLIS = 500;

    private static final String ATTEMPT_COLUMNS =
            "job, task, number, standing, worker, cause, exit_code, signal, message,"
                    + " stderr_tail, assigned_at, started_at, finished_at, wall, cpu, peak_memory, stdout_bytes, stderr_bytes";

    private final Connection writer;
    private final BlockingQueue<Connection> readers = new ArrayBlockingQueue<>(READERS);
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private final BlockingQueue<Pending> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile String fault = "";
    private volatile boolean closing;

    private record Pending(@Nullable Write write, Runnable afterCommit, Consumer<Exception> failed) {}

    /** Opens the file, makes it if it is not there, and brings its tables up to date. */
    public SqliteStore(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (Files.notExists(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            var source = source(file);
            migrate(source);
            writer = source.getConnection();
            writer.setAutoCommit(false);
            for (var i = 0; i < READERS; i++) {
                readers.add(source.getConnection());
            }
        } catch (IOException | SQLException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the store " + file + " cannot be opened: " + e.getMessage()
                            + "; check the folder's permissions and space, or set data in etc/muster.manager.cfg",
                    e);
        }
        thread = new Thread(this::run, "muster-store");
        thread.start();
    }

    private static DataSource source(Path file) {
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(10_000);
        config.setCacheSize(-32_000);
        var source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        return source;
    }

    /** Flyway finds its parts through the thread's class loader. */
    private static void migrate(DataSource source) {
        var thread = Thread.currentThread();
        var before = thread.getContextClassLoader();
        var loader = SqliteStore.class.getClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Flyway.configure(loader)
                    .dataSource(source)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public long nextEpoch() {
        try {
            return read(connection -> {
                try (var bump = connection.prepareStatement("insert into meta (name, value) values ('epoch', 1)"
                                + " on conflict (name) do update set value = value + 1");
                        var get = connection.prepareStatement("select value from meta where name = 'epoch'")) {
                    bump.executeUpdate();
                    try (var rows = get.executeQuery()) {
                        rows.next();
                        return rows.getLong(1);
                    }
                }
            });
        } catch (MusterException e) {
            throw new MusterException(e.code(), "the store is read-only or damaged: " + e.getMessage(), e);
        }
    }

    @Override
    public long lastJob() {
        return read(connection -> {
            try (var get = connection.prepareStatement("select value from meta where name = 'last_job'");
                    var rows = get.executeQuery()) {
                return rows.next() ? rows.getLong(1) : 0L;
            }
        });
    }

    @Override
    public void write(Write write, Runnable afterCommit, Consumer<Exception> failed) {
        queue.add(new Pending(write, afterCommit, failed));
    }

    @Override
    public String fault() {
        return fault;
    }

    private void run() {
        var batch = new ArrayList<Pending>();
        var open = true;
        while (open) {
            try {
                batch.add(queue.take());
            } catch (InterruptedException e) {
                continue;
            }
            queue.drainTo(batch, MAX_BATCH - 1);
            open = batch.removeIf(pending -> pending.write == null) ? false : open;
            commit(batch);
            batch.clear();
        }
    }

    /** Commits the batch, however often that takes; only submits are given up. */
    private void commit(List<Pending> batch) {
        while (!batch.isEmpty()) {
            try {
                for (var pending : batch) {
                    if (pending.write != null) {
                        apply(pending.write);
                    }
                }
                for (var statement : statements.values()) {
                    statement.executeBatch();
                }
                writer.commit();
                if (!fault.isEmpty()) {
                    LOG.info("The store can be written again.");
                    fault = "";
                }
                batch.forEach(this::committed);
                return;
            } catch (SQLException e) {
                roll(batch, e);
            }
        }
    }

    private void committed(Pending pending) {
        try {
            pending.afterCommit.run();
        } catch (RuntimeException e) {
            LOG.error("A step after a commit failed", e);
        }
    }

    private void roll(List<Pending> batch, SQLException cause) {
        if (fault.isEmpty()) {
            LOG.error("The store cannot be written, trying again every {} ms: {}", RETRY_MILLIS, cause.getMessage());
        }
        fault = "the store cannot be written: " + cause.getMessage();
        try {
            for (var statement : statements.values()) {
                statement.clearBatch();
            }
            writer.rollback();
        } catch (SQLException e) {
            LOG.debug("Rollback failed", e);
        }
        var given = batch.stream()
                .filter(p -> p.write instanceof Write.Submitted || closing)
                .toList();
        given.forEach(p -> p.failed.accept(cause));
        batch.removeAll(given);
        if (!batch.isEmpty()) {
            try {
                Thread.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private PreparedStatement statement(String sql) throws SQLException {
        var statement = statements.get(sql);
        if (statement == null) {
            statement = writer.prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    /** Statements that must see what was batched before them. */
    private void flush() throws SQLException {
        for (var statement : statements.values()) {
            statement.executeBatch();
        }
    }

    private void apply(Write write) throws SQLException {
        if (write instanceof Write.Ended ended) {
            for (var attempt : ended.attempts()) {
                insert(attempt);
            }
        } else if (write instanceof Write.Dispatched dispatched) {
            insert(dispatched.dispatch());
        } else if (write instanceof Write.Submitted submitted) {
            insert(submitted.job());
        } else if (write instanceof Write.Canceled canceled) {
            flush();
            update(
                    "update job set canceled = 1, message = ? where id = ?",
                    canceled.message(),
                    canceled.job().value());
        } else if (write instanceof Write.JobEnded ended) {
            flush();
            update(
                    "update job set started_at = ?, finished_at = ?, message = ?, states = ? where id = ?",
                    micros(ended.startedAt()),
                    micros(ended.finishedAt()),
                    ended.message(),
                    deflate(ended.states()),
                    ended.job().value());
            update("delete from dispatch where job = ?", ended.job().value());
        } else if (write instanceof Write.Reopened reopened) {
            flush();
            var id = reopened.job().value();
            update("update job set finished_at = null, message = '', canceled = 0, states = null where id = ?", id);
            update("update attempt set standing = 2 where job = ? and cause <> 'SUCCESS'", id);
        } else if (write instanceof Write.Deleted deleted) {
            flush();
            for (var table : List.of("log", "attempt", "dispatch")) {
                update("delete from " + table + " where job = ?", deleted.job().value());
            }
            update("delete from job where id = ?", deleted.job().value());
        } else if (write instanceof Write.Worker worker) {
            var stored = worker.worker();
            update(
                    "insert into worker (id, address, version, draining, last_seen) values (?, ?, ?, ?, ?)"
                            + " on conflict (id) do update set address = excluded.address, version = excluded.version,"
                            + " draining = excluded.draining, last_seen = excluded.last_seen",
                    stored.id(),
                    stored.address(),
                    stored.version(),
                    stored.draining() ? 1 : 0,
                    micros(stored.lastSeen()));
        } else if (write instanceof Write.WorkerRemoved removed) {
            update("delete from worker where id = ?", removed.id());
        }
    }

    private void update(String sql, @Nullable Object... values) throws SQLException {
        try (var statement = writer.prepareStatement(sql)) {
            for (var i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private void insert(StoredJob job) throws SQLException {
        update(
                "insert into job (id, owner, spec, idempotency_key, fingerprint, submitted_at, message, canceled)"
                        + " values (?, ?, ?, ?, ?, ?, '', 0)",
                job.id().value(),
                job.owner(),
                Codec.encode(job.spec()),
                job.idempotencyKey(),
                job.fingerprint(),
                micros(job.submittedAt()));
        update(
                "insert into meta (name, value) values ('last_job', ?)"
                        + " on conflict (name) do update set value = max(value, excluded.value)",
                job.id().value());
    }

    private void insert(StoredDispatch dispatch) throws SQLException {
        var bytes = ByteBuffer.allocate(8 * dispatch.indices().length);
        for (var i = 0; i < dispatch.indices().length; i++) {
            bytes.putInt(dispatch.indices()[i]).putInt(dispatch.numbers()[i]);
        }
        var statement = statement("insert into dispatch (job, worker, assigned_at, attempts) values (?, ?, ?, ?)");
        statement.setLong(1, dispatch.job().value());
        statement.setString(2, dispatch.worker());
        statement.setLong(3, toMicros(dispatch.assignedAt()));
        statement.setBytes(4, bytes.array());
        statement.addBatch();
    }

    private void insert(EndedAttempt attempt) throws SQLException {
        var statement = statement("insert into attempt (" + ATTEMPT_COLUMNS
                + ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing");
        var id = attempt.id();
        statement.setLong(1, id.task().job().value());
        statement.setInt(2, id.task().index());
        statement.setInt(3, id.number());
        statement.setInt(4, attempt.standing().ordinal());
        statement.setString(5, attempt.worker());
        statement.setString(6, attempt.cause().name());
        statement.setInt(7, attempt.exitCode());
        statement.setInt(8, attempt.signal());
        statement.setString(9, attempt.message());
        statement.setString(10, attempt.stderrTail());
        setMicros(statement, 11, attempt.assignedAt());
        setMicros(statement, 12, attempt.startedAt());
        setMicros(statement, 13, attempt.finishedAt());
        statement.setLong(14, attempt.usage().wall().toNanos());
        statement.setLong(15, attempt.usage().cpu().toNanos());
        statement.setLong(16, attempt.usage().peakMemoryBytes());
        statement.setLong(17, attempt.stdoutBytes());
        statement.setLong(18, attempt.stderrBytes());
        statement.addBatch();
        insertLog(id, LogStream.STDOUT, attempt.stdout());
        insertLog(id, LogStream.STDERR, attempt.stderr());
    }

    private void insertLog(AttemptId id, LogStream stream, byte @Nullable [] bytes) throws SQLException {
        if (bytes == null || bytes.length == 0) {
            return;
        }
        var statement = statement(
                "insert into log (job, task, number, stream, bytes) values (?, ?, ?, ?, ?) on conflict do nothing");
        statement.setLong(1, id.task().job().value());
        statement.setInt(2, id.task().index());
        statement.setInt(3, id.number());
        statement.setInt(4, stream.ordinal());
        statement.setBytes(5, bytes);
        statement.addBatch();
    }

    @Override
    public void jobs(Consumer<StoredJob> consumer) {
        query("select * from job order by id", row -> consumer.accept(job(row)));
    }

    @Override
    public Optional<StoredJob> job(JobId id) {
        var found = new ArrayList<StoredJob>();
        query("select * from job where id = ?", row -> found.add(job(row)), id.value());
        return found.stream().findFirst();
    }

    private static StoredJob job(ResultSet row) throws SQLException {
        var states = row.getBytes("states");
        return new StoredJob(
                new JobId(row.getLong("id")),
                row.getString("owner"),
                Codec.decodeJob(row.getBytes("spec")),
                row.getString("idempotency_key"),
                row.getString("fingerprint"),
                fromMicros(row.getLong("submitted_at")),
                instant(row, "started_at"),
                instant(row, "finished_at"),
                row.getString("message"),
                row.getInt("canceled") != 0,
                states == null ? null : inflate(states));
    }

    @Override
    public List<StoredDispatch> dispatches(JobId job) {
        var found = new ArrayList<StoredDispatch>();
        query(
                "select worker, assigned_at, attempts from dispatch where job = ? order by id",
                row -> {
                    var bytes = ByteBuffer.wrap(row.getBytes(3));
                    var indices = new int[bytes.capacity() / 8];
                    var numbers = new int[indices.length];
                    for (var i = 0; i < indices.length; i++) {
                        indices[i] = bytes.getInt();
                        numbers[i] = bytes.getInt();
                    }
                    found.add(new StoredDispatch(job, row.getString(1), fromMicros(row.getLong(2)), indices, numbers));
                },
                job.value());
        return found;
    }

    @Override
    public void attempts(JobId job, Consumer<EndedAttempt> consumer) {
        query(
                "select " + ATTEMPT_COLUMNS + " from attempt where job = ? order by task, number",
                row -> consumer.accept(attempt(row)),
                job.value());
    }

    @Override
    public List<EndedAttempt> attempts(JobId job, Collection<Integer> indices) {
        var found = new ArrayList<EndedAttempt>();
        if (!indices.isEmpty()) {
            var values = new ArrayList<Object>(indices);
            values.add(0, job.value());
            query(
                    "select " + ATTEMPT_COLUMNS + " from attempt where job = ? and task in (?"
                            + ", ?".repeat(indices.size() - 1) + ") order by task, number",
                    row -> found.add(attempt(row)),
                    values.toArray());
        }
        return found;
    }

    private static EndedAttempt attempt(ResultSet row) throws SQLException {
        return new EndedAttempt(
                new AttemptId(new TaskId(new JobId(row.getLong(1)), row.getInt(2)), row.getInt(3)),
                EndedAttempt.Standing.values()[row.getInt(4)],
                row.getString(5),
                Cause.valueOf(row.getString(6)),
                row.getInt(7),
                row.getInt(8),
                row.getString(9),
                row.getString(10),
                instant(row, "assigned_at"),
                instant(row, "started_at"),
                fromMicros(row.getLong(13)),
                new Usage(Duration.ofNanos(row.getLong(14)), Duration.ofNanos(row.getLong(15)), row.getLong(16)),
                row.getLong(17),
                row.getLong(18),
                null,
                null);
    }

    @Override
    public Optional<byte[]> log(AttemptId attempt, LogStream stream) {
        var found = new ArrayList<byte[]>();
        query(
                "select bytes from log where job = ? and task = ? and number = ? and stream = ?",
                row -> found.add(row.getBytes(1)),
                attempt.task().job().value(),
                attempt.task().index(),
                attempt.number(),
                stream.ordinal());
        return found.stream().findFirst();
    }

    @Override
    public List<StoredWorker> workers() {
        var found = new ArrayList<StoredWorker>();
        query(
                "select id, address, version, draining, last_seen from worker order by id",
                row -> found.add(new StoredWorker(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getInt(4) != 0,
                        instant(row, "last_seen"))));
        return found;
    }

    @FunctionalInterface
    private interface Rows {
        void row(ResultSet row) throws SQLException;
    }

    @FunctionalInterface
    private interface Reading<T> {
        T read(Connection connection) throws SQLException;
    }

    private void query(String sql, Rows rows, Object... values) {
        read(connection -> {
            try (var statement = connection.prepareStatement(sql)) {
                for (var i = 0; i < values.length; i++) {
                    statement.setObject(i + 1, values[i]);
                }
                try (var found = statement.executeQuery()) {
                    while (found.next()) {
                        rows.row(found);
                    }
                }
            }
            return true;
        });
    }

    private <T> T read(Reading<T> reading) {
        Connection connection;
        try {
            connection = readers.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MusterException(ErrorCode.UNAVAILABLE, "interrupted while waiting for the store", e);
        }
        try {
            return reading.read(connection);
        } catch (SQLException e) {
            throw new MusterException(ErrorCode.UNAVAILABLE, "the store cannot be read: " + e.getMessage(), e);
        } finally {
            readers.add(connection);
        }
    }

    @Override
    public void close() {
        closing = true;
        queue.add(new Pending(null, () -> {}, e -> {}));
        try {
            thread.join(10_000);
            for (var statement : statements.values()) {
                statement.close();
            }
            writer.close();
            for (var reader : readers) {
                reader.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            LOG.warn("The store was not closed in order: {}", e.getMessage());
        }
    }

    private static long toMicros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }

    private static Instant fromMicros(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private static @Nullable Long micros(@Nullable Instant instant) {
        return instant == null ? null : toMicros(instant);
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var micros = row.getLong(column);
        return row.wasNull() ? null : fromMicros(micros);
    }

    private static void setMicros(PreparedStatement statement, int parameter, @Nullable Instant instant)
            throws SQLException {
        if (instant == null) {
            statement.setNull(parameter, Types.BIGINT);
        } else {
            statement.setLong(parameter, toMicros(instant));
        }
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
