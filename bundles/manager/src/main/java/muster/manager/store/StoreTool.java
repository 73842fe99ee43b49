package muster.manager.store;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteDataSource;

/**
 * Looks after a SQLite store from outside its manager: {@code verify STORE}, {@code backup STORE FILE}, {@code restore
 * STORE FILE}. Started by {@code muster store}, with no more than the bundles that it needs on its class path.
 */
public final class StoreTool {
    private static final int DAMAGED = 1;
    private static final int MOST_FAULTS = 20;

    /**
     * How far a restored store leaps ahead where nobody knows any more how far the one before it had come: beyond what it
     * may have given out.
     */
    private static final int EPOCH_LEAP = 1_000;

    private static final int JOB_LEAP = 1_000_000;

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Path store;
    private final PrintStream out;

    StoreTool(Path store, PrintStream out) {
        this.store = store;
        this.out = out;
    }

    /** Exits with 0; 1 if something is damaged; otherwise as the client does. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        try {
            var tool = new StoreTool(Path.of(arguments.get(1)), out);
            return switch (arguments.get(0)) {
                case "verify" -> tool.verify();
                case "backup" -> tool.backup(Path.of(arguments.get(2)));
                case "restore" -> tool.restore(Path.of(arguments.get(2)));
                default -> throw MusterException.invalid("'" + arguments.get(0) + "' is no verb of the store");
            };
        } catch (MusterException e) {
            err.println("muster: " + e.getMessage());
            return switch (e.kind()) {
                case USER -> 2;
                case RESOURCE -> 3;
                case EXTERNAL -> 4;
                case INTERNAL -> DAMAGED;
            };
        } catch (IOException e) {
            err.println("muster: " + e);
            return 4;
        }
    }

    // ---- verify

    /** Looks at every row. */
    int verify() throws IOException {
        if (Files.exists(SqliteDatabase.restored(store))) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "a restore of " + store + " was not ended; run 'muster store restore' again");
        }
        needed(store);
        if (Files.notExists(SqliteDatabase.lock(store))) {
            // a backup
            return tell(look(store), 0);
        }
        try (var mark = lock()) {
            return tell(look(store), mark.read());
        }
    }

    private int tell(Verification found, long commits) {
        var behind = SqliteDatabase.behind(found.lease(), commits);
        behind.ifPresent(out::println);
        found.faults().stream().limit(MOST_FAULTS).forEach(out::println);
        if (found.faults().size() > MOST_FAULTS) {
            out.println("and " + (found.faults().size() - MOST_FAULTS) + " more");
        }
        if (behind.isPresent() || !found.faults().isEmpty()) {
            out.println(store + " is damaged; restore a backup by 'muster store restore FILE'");
            return DAMAGED;
        }
        out.println(store + " is whole: " + found.count() + ", at commit "
                + found.lease().commits());
        return 0;
    }

    private static void needed(Path file) throws IOException {
        if (Files.notExists(file) || Files.size(file) == 0) {
            throw MusterException.notFound(
                    "there is no store in " + file + "; name the cluster's folder by --dir, or a file");
        }
    }

    private static Verification look(Path file) {
        try (var connection = SqliteDatabase.source(file, true).getConnection()) {
            return Verification.of(connection);
        } catch (SQLException e) {
            return new Verification(Lease.NONE, Map.of(), List.of(e.getMessage()));
        }
    }

    private CommitMark lock() throws IOException {
        var mark = CommitMark.lock(SqliteDatabase.lock(store));
        if (mark == null) {
            throw MusterException.conflict("a manager runs on the store " + store
                    + "; stop it first (a backup can be made while it runs, and is verified)");
        }
        return mark;
    }

    // ---- backup

    /** Copies all that is durable now into one file, and verifies that. The manager may run. */
    int backup(Path file) throws IOException {
        needed(store);
        var lock = SqliteDatabase.lock(store);
        var durable = Files.exists(lock) ? CommitMark.read(lock) : 0;
        var part = SqliteDatabase.sibling(file, ".part");
        if (Files.exists(file)) {
            throw MusterException.conflict(file + " is there already; name a new file");
        }
        try {
            var found = copy(store, part);
            var behind = SqliteDatabase.behind(found.lease(), durable);
            if (behind.isPresent()) {
                throw damaged(store, behind.get());
            }
            sync(part);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(file);
            out.println(file + " is a backup of " + store + ": " + found.count() + ", at commit "
                    + found.lease().commits());
            return 0;
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** One file of what is in another and the log beside it, verified. */
    private static Verification copy(Path from, Path to) throws IOException {
        Files.deleteIfExists(to);
        Files.createFile(to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var connection = SqliteDatabase.source(from, true).getConnection();
                var statement = connection.prepareStatement("vacuum into ?")) {
            statement.setString(1, to.toString());
            statement.execute();
        } catch (SQLException e) {
            throw damaged(from, e.getMessage());
        }
        var found = look(to);
        if (!found.faults().isEmpty()) {
            throw damaged(from, found.faults().get(0));
        }
        return found;
    }

    private static MusterException damaged(Path file, @Nullable String what) {
        return new MusterException(
                ErrorCode.INTERNAL, file + " is damaged: " + what + "; 'muster store verify' says more");
    }

    private static void sync(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static void syncFolder(Path file) throws IOException {
        try (var channel = FileChannel.open(file.toAbsolutePath().getParent())) {
            channel.force(true);
        }
    }

    // ---- restore

    /**
     * Puts a backup in the store's place, and what was there aside. Epochs and job ids go on behind those that were given
     * out since the backup: workers obey, and take no new job for one that is forgotten.
     */
    int restore(Path file) throws IOException {
        needed(file);
        Files.createDirectories(store.toAbsolutePath().getParent());
        var part = SqliteDatabase.sibling(store, ".part");
        var ready = SqliteDatabase.restored(store);
        try (var mark = lock()) {
            var backup = copy(file, part);
            var next = next(backup.lease(), mark.read());
            write(part, next);
            sync(part);
            Files.move(part, ready, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(store);
            // from here to the end a manager refuses to start
            var aside = putAside();
            mark.write(next.commits());
            Files.move(ready, store, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(store);
            out.println(
                    store + " is now " + file + ": " + backup.count() + "; the next job is " + (next.lastJob() + 1));
            aside.ifPresent(old -> out.println("what was there is now " + old));
            return 0;
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** The lease to begin with: behind all that is known of earlier ones. */
    private Lease next(Lease backup, long commits) {
        var before = lease(store);
        var unfinished = lease(SqliteDatabase.restored(store));
        var newest = before.commits() > unfinished.commits() ? before : unfinished;
        var known = newest.epoch() > 0 && newest.commits() >= commits;
        var epoch = Math.max(backup.epoch(), newest.epoch());
        var job = Math.max(backup.lastJob(), newest.lastJob());
        return new Lease(
                epoch + (known ? 1 : EPOCH_LEAP),
                Math.max(Math.max(backup.commits(), newest.commits()), commits) + 1,
                "",
                "",
                job + (known ? 0 : JOB_LEAP));
    }

    /** As it stands in a file that may be damaged; none if it cannot be read. */
    private static Lease lease(Path file) {
        try (var connection = SqliteDatabase.source(file, true).getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select " + Rows.LEASE + " from lease")) {
            return rows.next() ? Rows.lease(rows) : Lease.NONE;
        } catch (SQLException | DamagedException e) {
            return Lease.NONE;
        }
    }

    private static void write(Path file, Lease lease) {
        var source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + file);
        try (var connection = source.getConnection();
                var statement = connection.prepareStatement(
                        "insert into lease (id, epoch, commits, content) values (1, ?, ?, ?) on conflict (id) do update"
                                + " set epoch = excluded.epoch, commits = excluded.commits, content = excluded.content")) {
            statement.setLong(1, lease.epoch());
            statement.setLong(2, lease.commits());
            statement.setBytes(3, Rows.content(lease));
            statement.executeUpdate();
        } catch (SQLException e) {
            throw damaged(file, e.getMessage());
        }
    }

    /** Renames the files of the store that is there; its new name. */
    private Optional<Path> putAside() throws IOException {
        Files.deleteIfExists(SqliteDatabase.sharedMemory(store));
        var aside = SqliteDatabase.sibling(store, "." + STAMP.format(Instant.now()));
        if (Files.exists(SqliteDatabase.log(store))) {
            Files.move(SqliteDatabase.log(store), SqliteDatabase.log(aside));
        }
        if (Files.notExists(store)) {
            return Optional.empty();
        }
        Files.move(store, aside);
        return Optional.of(aside);
    }
}
