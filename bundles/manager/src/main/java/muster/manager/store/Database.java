package muster.manager.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;

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

    /** What can be done when it cannot be reached. */
    String remedy();

    /** Names it, without secrets. */
    @Override
    String toString();

    @Override
    void close();
}
