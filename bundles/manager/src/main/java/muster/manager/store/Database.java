package muster.manager.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import muster.api.MusterException;

/** A database that the store can be kept in: what differs from one to another. Thread-safe. */
public interface Database extends AutoCloseable {
    /** Connections to it. */
    DataSource source();

    /** Words of the migrations that are spelled differently: {@code bytes}, {@code rising_key}, {@code clustered}. */
    Map<String, String> words();

    /** Makes a connection ready for writing. */
    void prepareWriter(Connection connection) throws SQLException;

    /** Ends what others may still be writing, so that they hold no lock. What they commit no longer counts. */
    void evictWriters(Connection connection) throws SQLException;

    /**
     * Refuses, before anything else is done with it, a database that is not whole. Rows are looked at when they are read.
     *
     * @throws MusterException INTERNAL, as {@link #damaged} says it
     */
    void check();

    /** Refuses one that has fallen behind what {@link #committed} was told. */
    void check(Lease found);

    /** Takes note of a commit that is durable. On one thread. */
    void committed(Lease lease);

    /** Whether a failure means that the database is not what was written. */
    boolean tellsDamage(SQLException failure);

    /** INTERNAL: names the database, what is damaged in it, as the failure says, and the remedy. */
    MusterException damaged(Exception failure);

    /** What can be done when it cannot be reached. */
    String remedy();

    /** Names it, without secrets. */
    @Override
    String toString();

    @Override
    void close();
}
