package muster.manager.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;

/**
 * One SQLite file: write-ahead log, {@code synchronous=FULL}. A file beside it, {@code .lock}, keeps a second process out
 * and is the {@link CommitMark}.
 */
public final class SqliteDatabase implements Database {
    /** Pages of 4 KiB after which the log is copied into the file: rarely, since each copy waits for the disk. */
    private static final int CHECKPOINT_PAGES = 8_000;

    private static final int CACHE_KIBIBYTES = 32_000;

    private final Path file;
    private final CommitMark mark;
    private final DataSource source;

    /**
     * Makes the file if there never was one. UNAVAILABLE if it cannot, or if another process uses it; INTERNAL if it is
     * gone.
     */
    public SqliteDatabase(Path file) {
        this.file = file;
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            var locked = CommitMark.lock(lock(file));
            if (locked == null) {
                throw new MusterException(
                        ErrorCode.UNAVAILABLE, "the store " + file + " is in use; stop the manager that uses it first");
            }
            mark = locked;
            try {
                begin();
            } catch (IOException | MusterException e) {
                mark.close();
                throw e;
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE, "the store " + file + " cannot be opened: " + e + "; " + remedy(), e);
        }
        source = source(file, false);
    }

    /** Before SQLite sees the file: it takes an empty one for new, and removes the log beside it. */
    private void begin() throws IOException {
        if (Files.exists(restored(file))) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "a restore of the store " + file + " was not ended; run 'muster store restore' again");
        }
        if ((Files.notExists(file) || Files.size(file) == 0) && (mark.read() > 0 || Files.exists(log(file)))) {
            throw damaged("it is " + (Files.exists(file) ? "empty" : "not there") + ", but has had " + mark.read()
                    + " commits (to begin anew, remove all that is named " + file.getFileName() + ")");
        }
        if (Files.notExists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
    }

    static Path lock(Path file) {
        return sibling(file, ".lock");
    }

    static Path log(Path file) {
        return sibling(file, "-wal");
    }

    static Path sharedMemory(Path file) {
        return sibling(file, "-shm");
    }

    /** What a restore has made ready to take the file's place. */
    static Path restored(Path file) {
        return sibling(file, ".restored");
    }

    static Path sibling(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    /** Connections to a file, without a lock. */
    static DataSource source(Path file, boolean readOnly) {
        var config = new SQLiteConfig();
        if (readOnly) {
            config.setReadOnly(true);
        } else {
            config.setJournalMode(SQLiteConfig.JournalMode.WAL);
            config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        }
        config.setBusyTimeout(10_000);
        config.setCacheSize(-CACHE_KIBIBYTES);
        var sqlite = new SQLiteDataSource(config);
        sqlite.setUrl("jdbc:sqlite:" + file);
        return sqlite;
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
    public void check() {
        List<String> faults;
        try (var connection = source.getConnection()) {
            faults = faults(connection);
        } catch (SQLException e) {
            if (tellsDamage(e)) {
                throw damaged(e);
            }
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the store " + file + " cannot be opened: " + e.getMessage() + "; " + remedy(),
                    e);
        }
        if (!faults.isEmpty()) {
            throw damaged(faults.get(0) + (faults.size() == 1 ? "" : ", and more"));
        }
    }

    /** What is wrong with the form of a file: the pages of each table and index, and whether they agree. */
    static List<String> faults(Connection connection) throws SQLException {
        var faults = new ArrayList<String>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("pragma integrity_check")) {
            while (rows.next()) {
                faults.add(rows.getString(1).strip().replace("\n", ", "));
            }
        }
        return faults.equals(List.of("ok")) ? List.of() : faults;
    }

    @Override
    public void check(Lease found) {
        try {
            behind(found, mark.read()).ifPresent(fault -> {
                throw damaged(fault);
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + lock(file), e);
        }
    }

    /** What is wrong with a store that stands there while it is known to have come so far. */
    static Optional<String> behind(Lease found, long commits) {
        return found.commits() >= commits
                ? Optional.empty()
                : Optional.of("it stands at commit " + found.commits() + ", but commit " + commits + " was durable");
    }

    @Override
    public void committed(Lease lease) {
        mark.write(lease.commits());
    }

    @Override
    public boolean tellsDamage(SQLException failure) {
        var code = failure.getErrorCode() & 0xff;
        return code == SQLiteErrorCode.SQLITE_CORRUPT.code
                || code == SQLiteErrorCode.SQLITE_NOTADB.code
                || code == SQLiteErrorCode.SQLITE_ERROR.code;
    }

    @Override
    public MusterException damaged(Exception failure) {
        return damaged(failure.getMessage(), failure);
    }

    private MusterException damaged(String what) {
        return damaged(what, null);
    }

    private MusterException damaged(@Nullable String what, @Nullable Exception cause) {
        return new MusterException(
                ErrorCode.INTERNAL,
                "the store " + file + " is damaged: " + what + "; stop the manager and restore a backup by"
                        + " 'muster store restore FILE'",
                cause);
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
            mark.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + lock(file), e);
        }
    }
}
