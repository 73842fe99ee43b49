package muster.manager.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** One SQLite file: write-ahead log, {@code synchronous=FULL}. A lock file beside it keeps a second process out. */
public final class SqliteDatabase implements Database {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteDatabase.class);

    /** Pages of 4 KiB after which the log is copied into the file: rarely, since each copy waits for the disk. */
    private static final int CHECKPOINT_PAGES = 8_000;

    private static final int CACHE_KIBIBYTES = 32_000;

    private final Path file;
    private final FileChannel lock;
    private final DataSource source;

    /** Makes the file if it is not there. UNAVAILABLE if it cannot, or if another process uses it. */
    public SqliteDatabase(Path file) {
        this.file = file;
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (Files.notExists(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            lock = FileChannel.open(
                    file.resolveSibling(file.getFileName() + ".lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            if (!locked(lock)) {
                lock.close();
                throw new MusterException(
                        ErrorCode.UNAVAILABLE, "the store " + file + " is in use; stop the manager that uses it first");
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the store " + file + " cannot be opened: " + e.getMessage() + "; " + remedy(),
                    e);
        }
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(10_000);
        config.setCacheSize(-CACHE_KIBIBYTES);
        var sqlite = new SQLiteDataSource(config);
        sqlite.setUrl("jdbc:sqlite:" + file);
        source = sqlite;
    }

    private static boolean locked(FileChannel channel) throws IOException {
        @Nullable FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return false;
        }
        return held != null;
    }

    @Override
    public DataSource source() {
        return source;
    }

    @Override
    public Map<String, String> words() {
        return Map.of("bytes", "blob", "rising_key", "integer primary key", "clustered", "without rowid");
    }

    @Override
    public void prepareWriter(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("pragma wal_autocheckpoint = " + CHECKPOINT_PAGES);
        }
    }

    @Override
    public void evictWriters(Connection connection) {
        // the lock keeps them out
    }

    @Override
    public String remedy() {
        return "check the folder's permissions and space, or set data in etc/muster.manager.cfg";
    }

    @Override
    public String toString() {
        return file.toString();
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.debug("The lock of '{}' was not closed in order", file, e);
        }
    }
}
