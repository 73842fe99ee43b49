package muster.manager.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL database, of one cluster alone. */
public final class PostgresqlDatabase implements Database {
    private static final String WRITER = "muster-writer";

    /** data_corrupted and index_corrupted. */
    private static final Set<String> DAMAGED_STATES = Set.of("XX001", "XX002");

    private static final int CONNECT_SECONDS = 5;

    /** Longer than any statement of the store takes: a server that is silent for so long is gone. */
    private static final int SILENCE_SECONDS = 60;

    private final PGSimpleDataSource source = new PGSimpleDataSource();

    /**
     * @param url {@code jdbc:postgresql://host[:port]/database}, with the driver's parameters if need be
     * @param user empty for what the URL or the system says
     * @param password empty for none
     */
    public PostgresqlDatabase(String url, String user, String password) {
        try {
            source.setUrl(url);
        } catch (IllegalArgumentException e) {
            throw MusterException.invalid(
                    "store in etc/muster.manager.cfg is no PostgreSQL URL; write jdbc:postgresql://host:5432/database");
        }
        if (!user.isEmpty()) {
            source.setUser(user);
        }
        if (!password.isEmpty()) {
            source.setPassword(password);
        }
        source.setReWriteBatchedInserts(true);
        source.setTcpKeepAlive(true);
        source.setConnectTimeout(CONNECT_SECONDS);
        source.setSocketTimeout(SILENCE_SECONDS);
        source.setApplicationName("muster");
    }

    @Override
    public DataSource source() {
        return source;
    }

    @Override
    public Map<String, String> words() {
        return Map.of(
                "bytes", "bytea", "rising_key", "bigint generated always as identity primary key", "clustered", "");
    }

    @Override
    public void prepareWriter(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("set application_name = '" + WRITER + "'");
            statement.execute("set synchronous_commit = on");
        }
    }

    @Override
    public void evictWriters(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = '"
                    + WRITER + "' and datname = current_database() and usename = current_user"
                    + " and pid <> pg_backend_pid()");
        }
    }

    @Override
    public void check() {
        // the server checks its pages itself, where it was set up with checksums
    }

    @Override
    public void check(Lease found) {
        // the server keeps its log whole
    }

    @Override
    public void committed(Lease lease) {
        // the server knows
    }

    @Override
    public boolean tellsDamage(SQLException failure) {
        var state = failure.getSQLState();
        return state != null && DAMAGED_STATES.contains(state);
    }

    @Override
    public MusterException damaged(Exception failure) {
        return new MusterException(
                ErrorCode.INTERNAL,
                "the store " + this + " is damaged: " + failure.getMessage()
                        + "; stop the manager and restore a backup by pg_restore",
                failure);
    }

    @Override
    public String remedy() {
        return "check that the server runs and lets this user in, or set store in etc/muster.manager.cfg";
    }

    @Override
    public String toString() {
        var servers = source.getServerNames();
        var ports = source.getPortNumbers();
        return "postgresql://" + servers[0] + (ports[0] == 0 ? "" : ":" + ports[0]) + "/" + source.getDatabaseName();
    }

    @Override
    public void close() {
        // nothing is held open
    }
}
