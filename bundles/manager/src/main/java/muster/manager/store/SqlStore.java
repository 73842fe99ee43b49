package muster.manager.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.TaskSpec;
import muster.api.Work;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in an SQL database.
 *
 * <p>Each transaction ends by raising the lease's number of commits, under this store's epoch. So a store whose lease was
 * taken changes nothing any more, and after a commit whose answer was lost the number tells whether it happened.
 */
public final class SqlStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(SqlStore.class);

    /** Writes in one transaction. One write may have hundreds of rows. */
    private static final int MAX_BATCH = 1024;

    /** Rows of deleted jobs that go with one commit: some milliseconds of it. */
    private static final int SWEPT_ROWS = 2_000;

    /** Tables with rows of jobs, and their keys. */
    private static final Map<String, String> KEYS = Map.of(
            "log",
            "job, task, number, stream",
            "attempt",
            "job, task, number",
            "dispatch",
            "id",
            "cache",
            "id",
            "step",
            "job, number");

    private static final int READERS = 4;
    private static final int FETCH_ROWS = 1000;
    private static final long RETRY_MILLIS = 500;

    private final Database database;
    private final HikariDataSource readers;
    private final Map<String, PreparedStatement> statements = new LinkedHashMap<>();
    private final BlockingQueue<Pending> queue = new LinkedBlockingQueue<>();
    private final Thread thread;

    /** Deleted jobs whose rows are still there. Once the lease is taken, of the store's thread. */
    private final Queue<JobId> leaving = new ArrayDeque<>();

    /** Whether the first of them has gone with the last piece. */
    private boolean swept;

    private @Nullable Connection writer;
    private volatile Lease lease = Lease.NONE;
    private volatile String fault = "this manager does not hold the store's lease";
    private volatile boolean lost;
    private volatile boolean closing;
    private volatile Runnable whenLost = () -> {};

    private record Pending(@Nullable Write write, Runnable afterCommit, Consumer<Exception> failed) {}

    /** What another manager does to this one's transactions. */
    private static final class LeaseLost extends SQLException {
        private static final long serialVersionUID = 1L;

        static final String WHY = "another manager has taken the store's lease";

        LeaseLost() {
            super(WHY);
        }
    }

    /** Brings the tables up to date. The database is closed with the store. */
    public SqlStore(Database database) {
        this.database = database;
        HikariDataSource pool = null;
        try {
            database.check();
            migrate(database);
            var config = new HikariConfig();
            config.setPoolName("muster-store-readers");
            config.setDataSource(database.source());
            config.setMaximumPoolSize(READERS);
            config.setAutoCommit(false);
            pool = new HikariDataSource(config);
        } catch (FlywayException | PoolInitializationException e) {
            database.close();
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the store " + database + " cannot be opened: " + e.getMessage() + "; " + database.remedy(),
                    e);
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
        readers = pool;
        try {
            database.check(lease());
        } catch (RuntimeException e) {
            readers.close();
            database.close();
            throw e;
        }
        thread = new Thread(this::run, "muster-store");
        thread.start();
    }

    /** Flyway finds its parts through the thread's class loader. */
    private static void migrate(Database database) {
        var thread = Thread.currentThread();
        var before = thread.getContextClassLoader();
        var loader = SqlStore.class.getClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Flyway.configure(loader)
                    .dataSource(database.source())
                    .locations("classpath:db/migration")
                    .placeholders(database.words())
                    .load()
                    .migrate();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    // ---- the lease

    @Override
    public Lease lease() {
        return read(SqlStore::lease);
    }

    private static Lease lease(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement("select " + Rows.LEASE + " from lease where id = 1");
                var rows = statement.executeQuery()) {
            if (!rows.next()) {
                return Lease.NONE;
            }
            return Rows.lease(rows);
        }
    }

    @Override
    public boolean take(Lease seen, String holder, String url) {
        var next = new Lease(seen.epoch() + 1, seen.commits() + 1, holder, url, seen.lastJob());
        var taken = read(connection -> {
            if (!lease(connection).equals(seen)) {
                return false;
            }
            database.evictWriters(connection);
            var sql = seen.epoch() == 0
                    ? "insert into lease (epoch, commits, content, id) values (?, ?, ?, 1) on conflict do nothing"
                    : "update lease set epoch = ?, commits = ?, content = ? where id = 1 and epoch = ? and commits = ?";
            try (var statement = connection.prepareStatement(sql)) {
                statement.setLong(1, next.epoch());
                statement.setLong(2, next.commits());
                statement.setBytes(3, Rows.content(next));
                if (seen.epoch() != 0) {
                    statement.setLong(4, seen.epoch());
                    statement.setLong(5, seen.commits());
                }
                var changed = statement.executeUpdate() == 1;
                connection.commit();
                return changed;
            }
        });
        if (taken) {
            database.committed(next);
            lease = next;
            fault = "";
            leaving.addAll(read(SqlStore::leaving));
            sweep();
        }
        return taken;
    }

    @Override
    public long epoch() {
        return lease.epoch();
    }

    @Override
    public void whenLost(Runnable told) {
        whenLost = told;
    }

    @Override
    public boolean leads() {
        var now = lease();
        return now.epoch() == epoch() && !now.holder().isEmpty();
    }

    @Override
    public long lastJob() {
        return lease.lastJob();
    }

    // ---- writing

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
        giveBack();
        disconnect();
    }

    /** Commits the batch, however often that takes; only what is awaited is given up. Returns once the store can be written. */
    private void commit(List<Pending> batch) {
        while (!batch.isEmpty() || !(fault.isEmpty() || closing || lost)) {
            var next = lease.next();
            var decided = false;
            try {
                var connection = connect();
                if (fault.isEmpty() && batch.stream().allMatch(p -> p.write instanceof Write.Barrier)) {
                    // nothing to write: what was given before is durable already
                    done(batch);
                    return;
                }
                for (var pending : batch) {
                    if (pending.write != null) {
                        next = next.with(pending.write);
                        apply(connection, pending.write);
                    }
                }
                flush();
                raise(connection, next);
                decided = true;
                connection.commit();
                lease = next;
                database.committed(next);
                done(batch);
                return;
            } catch (LeaseLost e) {
                lose(batch, e);
                return;
            } catch (SQLException | RuntimeException | AssertionError e) {
                // a driver may fail in other ways than it should when its connection breaks
                if (roll(batch, failure(e), decided, next)) {
                    done(batch);
                    return;
                }
            }
        }
    }

    /** What is told of it: of damage with the remedy. */
    private SQLException failure(Throwable cause) {
        if (cause instanceof DamagedException damage) {
            return new SQLException(database.damaged(damage).getMessage(), cause);
        }
        if (!(cause instanceof SQLException known)) {
            return new SQLException(cause);
        }
        return database.tellsDamage(known)
                ? new SQLException(database.damaged(known).getMessage(), known)
                : known;
    }

    private void done(List<Pending> batch) {
        if (!fault.isEmpty()) {
            LOG.info("The store can be written again.");
            fault = "";
        }
        for (var pending : batch) {
            if (pending.write instanceof Write.Deleted deleted) {
                leave(deleted.job());
            }
            try {
                pending.afterCommit.run();
            } catch (RuntimeException e) {
                LOG.error("A step after a commit failed", e);
            }
        }
    }

    /** Raises the number of commits, as the last of a transaction: the row is locked for no longer than that. */
    private void raise(Connection connection, Lease next) throws SQLException {
        if (lost) {
            throw new LeaseLost();
        }
        var statement = statement(
                connection, "update lease set commits = ?, content = ? where id = 1 and epoch = ? and commits = ?");
        statement.setLong(1, next.commits());
        statement.setBytes(2, Rows.content(next));
        statement.setLong(3, next.epoch());
        statement.setLong(4, next.commits() - 1);
        if (statement.executeUpdate() != 1) {
            throw new LeaseLost();
        }
    }

    private void lose(List<Pending> batch, LeaseLost cause) {
        fault = LeaseLost.WHY;
        disconnect();
        if (!lost) {
            lost = true;
            LOG.error("Another manager has taken the store's lease; this one changes nothing any more");
            whenLost.run();
        }
        batch.forEach(pending -> pending.failed.accept(cause));
    }

    /**
     * After a failure: says whether the transaction was committed nevertheless.
     *
     * @param decided whether it had come to the commit itself, whose answer may be all that was lost
     */
    private boolean roll(List<Pending> batch, SQLException cause, boolean decided, Lease next) {
        if (fault.isEmpty()) {
            LOG.error("The store cannot be written, trying again every {} ms: {}", RETRY_MILLIS, cause.getMessage());
        }
        fault = "the store cannot be written: " + cause.getMessage();
        disconnect();
        var unknown = decided;
        while (unknown && !closing) {
            try {
                var now = lease(connect());
                if (now.epoch() == next.epoch() && now.commits() == next.commits()) {
                    lease = next;
                    return true;
                }
                unknown = false;
            } catch (SQLException | RuntimeException | AssertionError e) {
                LOG.debug("The store cannot be reached yet", e);
                disconnect();
                pause();
            }
        }
        var given = batch.stream()
                .filter(p -> closing || (p.write != null && p.write.awaited()))
                .toList();
        given.forEach(p -> p.failed.accept(cause));
        batch.removeAll(given);
        queue.removeIf(pending -> refuse(pending, cause));
        if (!closing) {
            pause();
        }
        return false;
    }

    /** Nobody is kept waiting while the store cannot be written. */
    private static boolean refuse(Pending pending, SQLException cause) {
        if (pending.write != null && pending.write.awaited()) {
            pending.failed.accept(cause);
            return true;
        }
        return false;
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Connection connect() throws SQLException {
        var connection = writer;
        if (connection == null) {
            connection = database.source().getConnection();
            database.prepareWriter(connection);
            connection.setAutoCommit(false);
            writer = connection;
        }
        return connection;
    }

    /** Closes the writer's connection, and so rolls back what it had begun. */
    private void disconnect() {
        var connection = writer;
        writer = null;
        statements.clear();
        if (connection != null) {
            try {
                connection.rollback();
            } catch (SQLException e) {
                LOG.debug("Rollback failed", e);
            }
            try {
                connection.close();
            } catch (SQLException e) {
                LOG.debug("The store's connection was not closed in order", e);
            }
        }
    }

    /** Lets the next manager go on at once. */
    private void giveBack() {
        if (lost || lease.epoch() == 0) {
            return;
        }
        var next = lease.next();
        try {
            var connection = connect();
            raise(connection, new Lease(next.epoch(), next.commits(), "", "", next.lastJob()));
            connection.commit();
            database.committed(next);
        } catch (SQLException e) {
            LOG.info("The store's lease was not given back: {}", e.getMessage());
        }
    }

    private PreparedStatement statement(Connection connection, String sql) throws SQLException {
        var statement = statements.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    /** Carries out what was batched: before statements that must see it. */
    private void flush() throws SQLException {
        for (var statement : statements.values()) {
            statement.executeBatch();
        }
    }

    private void apply(Connection connection, Write write) throws SQLException {
        if (write instanceof Write.Ended ended) {
            for (var attempt : ended.attempts()) {
                insert(connection, attempt);
            }
        } else if (write instanceof Write.Dispatched dispatched) {
            insert(connection, dispatched.dispatch());
        } else if (write instanceof Write.Stepped stepped) {
            var statement = statement(connection, "insert into step (" + Rows.STEP + ") values (?, ?, ?)");
            statement.setLong(1, stepped.job().value());
            statement.setInt(2, stepped.step().number());
            statement.setBytes(3, Rows.content(stepped.job(), stepped.step()));
            statement.addBatch();
        } else if (write instanceof Write.Submitted submitted) {
            insert(connection, submitted.job());
            if (submitted.secrets() != null) {
                insert(connection, submitted.job().id(), submitted.secrets());
            }
            for (var attempt : submitted.taken()) {
                insert(connection, attempt);
            }
        } else if (write instanceof Write.Cached cached) {
            var statement = statement(
                    connection,
                    "insert into cache (" + Rows.CACHE + ") values (?, ?, ?)"
                            + " on conflict (id) do update set job = excluded.job, content = excluded.content");
            statement.setLong(1, cached.attempt().task().job().value());
            statement.setString(2, cached.id());
            statement.setBytes(3, Rows.content(cached));
            statement.addBatch();
        } else if (write instanceof Write.OutputsLost lost) {
            flush();
            var id = lost.attempt();
            restand(
                    connection,
                    EndedAttempt.Standing.LOST,
                    "job = ? and task = ? and number = ?",
                    id.task().job().value(),
                    id.task().index(),
                    id.number());
        } else if (write instanceof Write.Canceled canceled) {
            flush();
            change(connection, canceled.job(), before -> before.canceled(canceled));
        } else if (write instanceof Write.JobEnded ended) {
            flush();
            change(connection, ended.job(), before -> before.ended(ended));
            update(connection, "delete from dispatch where job = ?", ended.job().value());
        } else if (write instanceof Write.Reopened reopened) {
            flush();
            change(connection, reopened.job(), before -> Rows.Progress.reopened(reopened.states()));
            // what failed or was canceled counts no longer
            restand(
                    connection,
                    EndedAttempt.Standing.FORGIVEN,
                    "job = ? and succeeded = 0 and standing < 2",
                    reopened.job().value());
        } else if (write instanceof Write.Deleted deleted) {
            flush();
            update(
                    connection,
                    "update job set progress = ? where id = ?",
                    Rows.Progress.DELETED.content(deleted.job()),
                    deleted.job().value());
            update(
                    connection,
                    "delete from task_secret where job = ?",
                    deleted.job().value());
        } else if (write instanceof Write.Swept) {
            flush();
            sweep(connection);
        } else if (write instanceof Write.Worker worker) {
            update(
                    connection,
                    "insert into worker (id, content) values (?, ?)"
                            + " on conflict (id) do update set content = excluded.content",
                    worker.worker().id(),
                    Rows.content(worker.worker()));
        } else if (write instanceof Write.WorkerRemoved removed) {
            update(connection, "delete from worker where id = ?", removed.id());
        } else if (write instanceof Write.Secret secret) {
            update(
                    connection,
                    "insert into secret (name, content) values (?, ?)"
                            + " on conflict (name) do update set content = excluded.content",
                    secret.name(),
                    Rows.content(secret.name(), secret.content()));
        }
    }

    private static int update(Connection connection, String sql, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (var i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }

    // ---- deleted jobs

    /** Those that were marked when an earlier store ended. */
    private static List<JobId> leaving(Connection connection) throws SQLException {
        var found = new ArrayList<JobId>();
        query(connection, "select id, progress from job order by id", row -> {
            if (Rows.deleted(row)) {
                found.add(new JobId(row.getLong(1)));
            }
        });
        return found;
    }

    /** Takes note of a job that was marked, and begins to remove rows unless that goes on already. */
    private void leave(JobId job) {
        leaving.add(job);
        if (leaving.size() == 1) {
            sweep();
        }
    }

    /** Gives the next piece of that work to the queue, behind what waits there. */
    private void sweep() {
        if (!leaving.isEmpty()) {
            write(
                    new Write.Swept(),
                    () -> {
                        if (swept) {
                            leaving.remove();
                        }
                        sweep();
                    },
                    e -> {});
        }
    }

    /** Removes some rows of the first, and the job itself with its last ones. */
    private void sweep(Connection connection) throws SQLException {
        var job = leaving.element();
        var left = SWEPT_ROWS;
        for (var table : KEYS.entrySet()) {
            var keys = table.getValue();
            left -= update(
                    connection,
                    "delete from " + table.getKey() + " where (" + keys + ") in (select " + keys + " from "
                            + table.getKey() + " where job = ? limit ?)",
                    job.value(),
                    left);
        }
        swept = left > 0;
        if (swept) {
            update(connection, "delete from job where id = ?", job.value());
        }
    }

    // ---- jobs

    private static void insert(Connection connection, StoredJob job) throws SQLException {
        update(
                connection,
                "insert into job (id, content, progress) values (?, ?, ?)",
                job.id().value(),
                Rows.content(job),
                Rows.Progress.NONE.content(job.id()));
    }

    private static void insert(Connection connection, JobId job, byte[] secrets) throws SQLException {
        update(
                connection,
                "insert into task_secret (" + Rows.TASK_SECRET + ") values (?, ?)",
                job.value(),
                Rows.content(job, secrets));
    }

    private static void change(Connection connection, JobId job, UnaryOperator<Rows.Progress> change)
            throws SQLException {
        try (var statement = connection.prepareStatement("select progress from job where id = ?")) {
            statement.setLong(1, job.value());
            try (var rows = statement.executeQuery()) {
                if (!rows.next()) {
                    return;
                }
                var after = change.apply(Rows.Progress.of(job, rows.getBytes(1)));
                update(connection, "update job set progress = ? where id = ?", after.content(job), job.value());
            }
        }
    }

    /** Some attempts mean something else for their tasks from now on. */
    private void restand(Connection connection, EndedAttempt.Standing standing, String where, long... keys)
            throws SQLException {
        var found = new ArrayList<EndedAttempt>();
        try (var select = connection.prepareStatement(
                "select " + Rows.ATTEMPT + " from attempt where " + where + " order by task, number")) {
            for (var i = 0; i < keys.length; i++) {
                select.setLong(i + 1, keys[i]);
            }
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    found.add(Rows.attempt(rows));
                }
            }
        }
        var statement = statement(
                connection, "update attempt set standing = ?, content = ? where job = ? and task = ? and number = ?");
        for (var attempt : found) {
            statement.setInt(1, standing.ordinal());
            statement.setBytes(2, Rows.content(attempt.with(standing)));
            statement.setLong(3, attempt.id().task().job().value());
            statement.setInt(4, attempt.id().task().index());
            statement.setInt(5, attempt.id().number());
            statement.addBatch();
        }
    }

    @Override
    public void jobs(Consumer<StoredJob> consumer) {
        query("select " + Rows.JOB + " from job order by id", row -> {
            var job = Rows.job(row);
            if (job != null) {
                consumer.accept(whole(job));
            }
        });
    }

    /** With the tasks that its driver asked for. */
    private StoredJob whole(StoredJob job) {
        if (job.driver() == null || !(job.spec().work() instanceof Work.Graph graph)) {
            return job;
        }
        var asked = new ArrayList<TaskSpec>();
        steps(job.id()).forEach(step -> asked.addAll(step.asked()));
        var states = job.states();
        if (states != null && graph.size() + asked.size() > states.length) {
            // it was canceled while its last step was written: nobody knows these tasks
            asked.subList(states.length - graph.size(), asked.size()).clear();
        }
        return job.with(job.spec().with(graph.with(asked)));
    }

    @Override
    public List<StoredStep> steps(JobId job) {
        var found = new ArrayList<StoredStep>();
        query(
                "select " + Rows.STEP + " from step where job = ? order by number",
                row -> found.add(Rows.step(row)),
                job.value());
        return found;
    }

    @Override
    public Optional<StoredJob> job(JobId id) {
        var found = new ArrayList<StoredJob>();
        query("select " + Rows.JOB + " from job where id = ?", row -> found.add(Rows.job(row)), id.value());
        return found.stream().filter(Objects::nonNull).findFirst().map(this::whole);
    }

    // ---- dispatches

    private void insert(Connection connection, StoredDispatch dispatch) throws SQLException {
        var statement = statement(connection, "insert into dispatch (job, content) values (?, ?)");
        statement.setLong(1, dispatch.job().value());
        statement.setBytes(2, Rows.content(dispatch));
        statement.addBatch();
    }

    @Override
    public List<StoredDispatch> dispatches(JobId job) {
        var found = new ArrayList<StoredDispatch>();
        query(
                "select " + Rows.DISPATCH + " from dispatch where job = ? order by id",
                row -> found.add(Rows.dispatch(row)),
                job.value());
        return found;
    }

    // ---- attempts

    private void insert(Connection connection, EndedAttempt attempt) throws SQLException {
        var statement = statement(
                connection,
                "insert into attempt (" + Rows.ATTEMPT + ") values (?, ?, ?, ?, ?, ?) on conflict do nothing");
        var id = attempt.id();
        statement.setLong(1, id.task().job().value());
        statement.setInt(2, id.task().index());
        statement.setInt(3, id.number());
        statement.setInt(4, attempt.standing().ordinal());
        statement.setInt(5, attempt.cause() == Cause.SUCCESS ? 1 : 0);
        statement.setBytes(6, Rows.content(attempt));
        statement.addBatch();
        insertLog(connection, id, LogStream.STDOUT, attempt.stdout());
        insertLog(connection, id, LogStream.STDERR, attempt.stderr());
    }

    @Override
    public void attempts(JobId job, Consumer<EndedAttempt> consumer) {
        query(
                "select " + Rows.ATTEMPT + " from attempt where job = ? order by task, number",
                row -> consumer.accept(Rows.attempt(row)),
                job.value());
    }

    @Override
    public List<EndedAttempt> attempts(JobId job, Collection<Integer> indices) {
        var found = new ArrayList<EndedAttempt>();
        if (!indices.isEmpty()) {
            var values = new ArrayList<Object>(indices);
            values.add(0, job.value());
            query(
                    "select " + Rows.ATTEMPT + " from attempt where job = ? and task in (?"
                            + ", ?".repeat(indices.size() - 1) + ") order by task, number",
                    row -> found.add(Rows.attempt(row)),
                    values.toArray());
        }
        return found;
    }

    @Override
    public Map<String, AttemptId> cached(Collection<String> ids) {
        var found = new HashMap<String, AttemptId>();
        if (!ids.isEmpty()) {
            query(
                    "select " + Rows.CACHE + " from cache where id in (?" + ", ?".repeat(ids.size() - 1) + ")",
                    row -> found.put(row.getString(2), Rows.cached(row)),
                    ids.toArray());
        }
        return found;
    }

    private void insertLog(Connection connection, AttemptId id, LogStream stream, byte @Nullable [] bytes)
            throws SQLException {
        if (bytes == null || bytes.length == 0) {
            return;
        }
        var statement = statement(
                connection,
                "insert into log (job, task, number, stream, content) values (?, ?, ?, ?, ?) on conflict do nothing");
        statement.setLong(1, id.task().job().value());
        statement.setInt(2, id.task().index());
        statement.setInt(3, id.number());
        statement.setInt(4, stream.ordinal());
        statement.setBytes(5, Rows.content(id, stream, bytes));
        statement.addBatch();
    }

    @Override
    public Optional<byte[]> log(AttemptId attempt, LogStream stream) {
        var found = new ArrayList<byte[]>();
        query(
                "select " + Rows.LOG + " from log where job = ? and task = ? and number = ? and stream = ?",
                row -> found.add(Rows.log(row)),
                attempt.task().job().value(),
                attempt.task().index(),
                attempt.number(),
                stream.ordinal());
        return found.stream().findFirst();
    }

    // ---- workers

    @Override
    public List<StoredWorker> workers() {
        var found = new ArrayList<StoredWorker>();
        query("select " + Rows.WORKER + " from worker order by id", row -> found.add(Rows.worker(row)));
        return found;
    }

    // ---- secrets

    @Override
    public Optional<byte[]> taskSecrets(JobId job) {
        var found = new ArrayList<byte[]>();
        query(
                "select " + Rows.TASK_SECRET + " from task_secret where job = ?",
                row -> found.add(Rows.taskSecrets(row)),
                job.value());
        return found.stream().findFirst();
    }

    @Override
    public Optional<byte[]> secret(String name) {
        var found = new ArrayList<byte[]>();
        query("select " + Rows.SECRET + " from secret where name = ?", row -> found.add(Rows.secret(row)), name);
        return found.stream().findFirst();
    }

    @Override
    public boolean addSecrets(SortedMap<String, byte[]> contents) {
        return read(connection -> {
            for (var secret : contents.entrySet()) {
                var added = update(
                        connection,
                        "insert into secret (name, content) values (?, ?) on conflict do nothing",
                        secret.getKey(),
                        Rows.content(secret.getKey(), secret.getValue()));
                if (added == 0) {
                    connection.rollback();
                    return false;
                }
            }
            connection.commit();
            return true;
        });
    }

    // ---- reading

    @FunctionalInterface
    private interface RowReader {
        void row(ResultSet row) throws SQLException;
    }

    @FunctionalInterface
    private interface Reading<T> {
        T read(Connection connection) throws SQLException;
    }

    private void query(String sql, RowReader reader, Object... values) {
        read(connection -> {
            query(connection, sql, reader, values);
            return true;
        });
    }

    private static void query(Connection connection, String sql, RowReader reader, Object... values)
            throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            statement.setFetchSize(FETCH_ROWS);
            for (var i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (var found = statement.executeQuery()) {
                while (found.next()) {
                    reader.row(found);
                }
            }
        }
    }

    private <T> T read(Reading<T> reading) {
        try (var connection = readers.getConnection()) {
            return reading.read(connection);
        } catch (DamagedException e) {
            throw database.damaged(e);
        } catch (SQLException e) {
            if (database.tellsDamage(e)) {
                throw database.damaged(e);
            }
            throw new MusterException(
                    ErrorCode.UNAVAILABLE, "the store " + database + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        closing = true;
        queue.add(new Pending(null, () -> {}, e -> {}));
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        readers.close();
        database.close();
    }
}
