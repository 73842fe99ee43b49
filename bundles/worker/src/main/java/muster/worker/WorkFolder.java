package muster.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder with all that a worker keeps on disk beside its key. Held by one worker at a time. Thread-safe. */
final class WorkFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkFolder.class);
    private static final Set<PosixFilePermission> ALL_OF_OWNER = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(ALL_OF_OWNER);

    private static final String SESSION = "session-";

    /** Others may go through it to what they know the name of. */
    private static final Set<PosixFilePermission> PASSAGE = PosixFilePermissions.fromString("rwx--x--x");

    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path root;
    private final Path attempts;
    private final FileChannel lock;
    private final Spares spares;

    private WorkFolder(Path root, FileChannel lock) throws IOException {
        this.root = root;
        this.lock = lock;
        attempts = Files.createDirectories(root.resolve("attempts"), OWNER_ONLY);
        Files.createDirectories(logs(), OWNER_ONLY);
        Files.createDirectories(spool(), OWNER_ONLY);
        Files.createDirectories(objects(), OWNER_ONLY);
        var spare = root.resolve("spares");
        if (Files.exists(spare)) {
            remove(spare);
        }
        spares = new Spares(Files.createDirectories(spare, OWNER_ONLY));
    }

    /**
     * Makes the folder if it is not there, and takes hold of it.
     *
     * @throws MusterException CONFLICT if another worker holds it
     */
    static WorkFolder open(Path root) {
        try {
            Files.createDirectories(root, OWNER_ONLY);
            var lock = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(lock)) {
                lock.close();
                throw MusterException.conflict("work folder '" + root
                        + "' is in use by another worker; give each worker a folder of its own (key 'work')");
            }
            return new WorkFolder(root.toRealPath(), lock);
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "cannot use work folder '" + root + "': " + e + "; make it writable", e);
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /**
     * Lets users that tasks run as through to what is theirs, and to nothing else.
     *
     * @throws MusterException INVALID if a folder above keeps one out
     */
    void admit(TaskUsers users) {
        if (!users.isEmpty()) {
            letThrough(root);
            letThrough(attempts);
            users.requireReach(attempts);
        }
    }

    /** Takes a folder of the worker's from all others; what is in it is out of their reach too. */
    static void keep(Path folder) {
        try {
            Files.setPosixFilePermissions(folder, ALL_OF_OWNER);
        } catch (IOException e) {
            throw cannotMake(folder, e);
        }
    }

    /** Lets others go through a folder of the worker's. */
    static void letThrough(Path folder) {
        try {
            Files.setPosixFilePermissions(folder, PASSAGE);
        } catch (IOException e) {
            throw cannotMake(folder, e);
        }
    }

    Path root() {
        return root;
    }

    Path logs() {
        return root.resolve("logs");
    }

    Path spool() {
        return root.resolve("spool");
    }

    /** The cache of files. */
    Path objects() {
        return root.resolve("objects");
    }

    /** What attempts left, for later ones. */
    Spares spares() {
        return spares;
    }

    /** Where the folder of an attempt is to be: in that of its session if it has one. */
    Path attempt(AttemptId attempt, @Nullable Path session) {
        return (session == null ? attempts : session).resolve(attempt.toString());
    }

    /** A fresh folder for one session, for its owner alone. */
    Path makeSession(long number) {
        return makeFolder(attempts.resolve(SESSION + number), Identity.WORKER);
    }

    /** A folder for its owner alone, in one of the worker's. */
    static Path makeFolder(Path folder, Identity owner) {
        try {
            return owner.own(Files.createDirectory(folder, OWNER_ONLY));
        } catch (IOException e) {
            throw cannotMake(folder, e);
        }
    }

    /** A file for its owner alone, in one of the owner's folders, which nobody but the worker knows of yet. */
    static void makeFile(Path file, byte[] bytes, Identity owner) {
        try (var channel = owner.run(() -> Files.newByteChannel(
                file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY_FILE))) {
            var left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        } catch (IOException e) {
            throw cannotMake(file, e);
        }
    }

    private static MusterException cannotMake(Path folder, IOException e) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                "cannot make '" + folder + "': " + e + "; see whether the worker's disk is full",
                e);
    }

    /** Removes the folders of attempts and sessions that a crash left behind, and says how many there were. */
    int clear() {
        var count = 0;
        try (var left = Files.newDirectoryStream(attempts)) {
            for (var folder : left) {
                if (folder.getFileName().toString().startsWith(SESSION)) {
                    removeSession(folder);
                } else {
                    remove(folder);
                }
                count++;
            }
        } catch (IOException e) {
            LOG.warn("Cannot list '{}': {}", attempts, e.toString());
        }
        return count;
    }

    /** Removes a folder that holds at most these folders, all empty, as most are left; false if something is there. */
    static boolean removeEmpty(Path folder, String... inside) {
        try {
            for (var name : inside) {
                Files.deleteIfExists(folder.resolve(name));
            }
            return Files.deleteIfExists(folder);
        } catch (IOException e) {
            LOG.trace("'{}' is not empty", folder, e);
            return false;
        }
    }

    /** Removes the folder of a session, and first those of its attempts, in which there may be folders of other users. */
    static void removeSession(Path folder) {
        try (var inside = Files.newDirectoryStream(folder)) {
            for (var attempt : inside) {
                if (Files.isDirectory(attempt, LinkOption.NOFOLLOW_LINKS)
                        && Identity.ofOwner(attempt) == Identity.WORKER) {
                    remove(attempt);
                }
            }
        } catch (IOException e) {
            LOG.warn("Cannot list '{}': {}", folder, e.toString());
        }
        remove(folder);
    }

    /**
     * Removes the folder of an attempt and all in it; does not follow links. What is in a folder of another user's goes
     * with that user's rights. What cannot be removed is told to the log.
     */
    static void remove(Path folder) {
        try {
            if (FileRights.ofRoot()) {
                removeAsOwners(folder);
            }
            removeTree(folder);
        } catch (IOException e) {
            LOG.warn("Cannot remove '{}': {}; remove it by hand", folder, e.toString());
        }
    }

    private static void removeAsOwners(Path folder) throws IOException {
        try (var inside = Files.newDirectoryStream(folder)) {
            for (var theirs : inside) {
                var owner = Identity.ofOwner(theirs);
                if (owner != Identity.WORKER) {
                    owner.run(() -> Files.walkFileTree(theirs, new Remover(theirs)));
                    // empty now, or it stays: with the worker's own rights nobody goes into it
                    Files.delete(theirs);
                }
            }
        }
    }

    private static void removeTree(Path folder) throws IOException {
        Files.walkFileTree(folder, new Remover(null));
    }

    /** Removes what it visits, but for one folder. */
    private static final class Remover extends SimpleFileVisitor<Path> {
        private final @Nullable Path spared;

        Remover(@Nullable Path spared) {
            this.spared = spared;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            takeBack(directory);
            return FileVisitResult.CONTINUE;
        }

        /** A task may have taken its owner's rights away. */
        private static boolean takeBack(Path directory) throws IOException {
            if (Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS)
                    .containsAll(ALL_OF_OWNER)) {
                return false;
            }
            Files.setPosixFilePermissions(directory, ALL_OF_OWNER);
            return true;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
            // that it cannot be read is found before it is visited
            if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) && takeBack(file)) {
                Files.walkFileTree(file, this);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
            if (!directory.equals(spared)) {
                Files.deleteIfExists(directory);
            }
            return FileVisitResult.CONTINUE;
        }
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.debug("Cannot close the lock of '{}': {}", root, e.toString());
        }
    }
}
