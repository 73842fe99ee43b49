package muster.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import muster.api.MusterException;
import muster.api.Names;
import muster.data.TransferException.Failure;

/**
 * Files in a folder, each named by the SHA-256 of its content: {@code sha256/ab/cdef…}. A file appears there whole or not
 * at all, is read-only, and is looked at again before it is given out: one that was changed since is thrown away. Thread-safe.
 *
 * <p>With a limit, those go first that were longest not asked for; never one that is pinned.
 */
public final class ObjectStore implements Depot {
    private static final Pattern NAME = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final int BUFFER_BYTES = 256 << 10;

    private final Path root;
    private final Path partial;
    private final long limitBytes;
    private final boolean durable;

    /** What is here, the longest not asked for first. */
    private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<String, Integer> pins = new HashMap<>();
    private long bytes;

    /** What comes now into the file from which its upload can go on when it breaks off. */
    private final Set<String> uploading = new HashSet<>();

    private record Entry(long bytes, FileTime modified) {
        static Entry of(Path file) throws IOException {
            return new Entry(Files.size(file), Files.getLastModifiedTime(file));
        }
    }

    /**
     * Takes over what is in a folder.
     *
     * @param limitBytes how much it may hold; {@link Long#MAX_VALUE} for no bound
     * @param durable whether what was taken in must outlive a loss of power
     */
    public ObjectStore(Path folder, long limitBytes, boolean durable) throws IOException {
        this.limitBytes = limitBytes;
        this.durable = durable;
        root = Files.createDirectories(folder.resolve("sha256"));
        partial = Files.createDirectories(folder.resolve("partial"));
        var found = new ArrayList<Path>();
        try (var files = Files.walk(root, 2)) {
            files.filter(Files::isRegularFile).forEach(found::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        found.sort(Comparator.comparing(ObjectStore::modified));
        for (var file : found) {
            var parent = file.getParent();
            if (parent != null) {
                add("sha256:" + parent.getFileName() + file.getFileName(), file);
            }
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    /** Refuses what is no name of an object. */
    public static String requireName(String object) {
        if (!isName(object)) {
            throw MusterException.invalid("'" + Names.escape(object)
                    + "' is not the name of an object; write sha256: and 64 hexadecimal digits");
        }
        return object;
    }

    static boolean isName(String object) {
        return NAME.matcher(object).matches();
    }

    /** The name of some content. */
    public static String name(MessageDigest digest) {
        return "sha256:" + HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private Path path(String object) {
        var hex = requireName(object).substring("sha256:".length());
        return root.resolve(hex.substring(0, 2)).resolve(hex.substring(2));
    }

    /** The file with an object; empty if it is not here, or was changed and thrown away. */
    @Override
    public Optional<Path> find(String object) {
        var file = path(object);
        synchronized (this) {
            var entry = entries.get(object);
            if (entry == null) {
                return Optional.empty();
            }
            try {
                if (Entry.of(file).equals(entry)) {
                    return Optional.of(file);
                }
            } catch (NoSuchFileException e) {
                forget(object);
                return Optional.empty();
            } catch (IOException e) {
                return Optional.empty();
            }
        }
        return rightAgain(object, file) ? Optional.of(file) : Optional.empty();
    }

    /** Reads a file that was touched: another node that has the same folder may have brought the same once more. */
    private boolean rightAgain(String object, Path file) {
        try (var in = FileChannel.open(file, StandardOpenOption.READ)) {
            var before = Entry.of(file);
            var digest = ObjectStore.digest();
            read(in, digest);
            if (name(digest).equals(object)) {
                add(object, file);
                return true;
            }
            synchronized (this) {
                // or else another was put in its place meanwhile
                if (Entry.of(file).equals(before)) {
                    remove(object);
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens an object to be read. */
    public FileChannel open(String object) throws IOException {
        return FileChannel.open(require(object), StandardOpenOption.READ);
    }

    private Path require(String object) throws TransferException {
        return find(object)
                .orElseThrow(() -> new TransferException(Failure.SOURCE_GONE, object + " is not here any more"));
    }

    @Override
    public OptionalLong size(String object) throws IOException {
        var file = find(object);
        return file.isPresent() ? OptionalLong.of(Files.size(file.get())) : OptionalLong.empty();
    }

    /** Keeps an object from being thrown out until {@link #unpin}; as often as it was pinned. */
    public synchronized void pin(String object) {
        pins.merge(object, 1, Integer::sum);
    }

    public synchronized void unpin(String object) {
        pins.computeIfPresent(object, (name, count) -> count == 1 ? null : count - 1);
    }

    /** What is held, in bytes. */
    public synchronized long bytes() {
        return bytes;
    }

    @Override
    public void list(BiConsumer<String, Instant> objects) {
        List<Map.Entry<String, Entry>> all;
        synchronized (this) {
            all = entries.entrySet().stream().map(Map.Entry::copyOf).toList();
        }
        all.forEach(entry ->
                objects.accept(entry.getKey(), entry.getValue().modified.toInstant()));
    }

    @Override
    public void removePartial(Instant before) throws IOException {
        try (var files = Files.list(partial)) {
            for (var file : (Iterable<Path>) files::iterator) {
                if (modified(file).toInstant().isBefore(before)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Throws an object away, whether it is pinned or not. */
    @Override
    public synchronized void remove(String object) {
        try {
            Files.deleteIfExists(path(object));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        forget(object);
    }

    private void forget(String object) {
        var gone = entries.remove(object);
        if (gone != null) {
            bytes -= gone.bytes;
        }
    }

    private synchronized void add(String object, Path file) throws IOException {
        var entry = Entry.of(file);
        var before = entries.put(object, entry);
        bytes += entry.bytes - (before == null ? 0 : before.bytes);
        if (bytes > limitBytes) {
            for (var candidate : List.copyOf(entries.keySet())) {
                if (bytes <= limitBytes) {
                    break;
                }
                if (!pins.containsKey(candidate) && !candidate.equals(object)) {
                    remove(candidate);
                }
            }
        }
    }

    @Override
    public Incoming receive(String object) throws IOException {
        requireName(object);
        return new Incoming(object, partial.resolve(UUID.randomUUID().toString()), 0);
    }

    @Override
    public long uploaded(String object) throws IOException {
        var file = upload(object);
        synchronized (uploading) {
            return Files.exists(file) && !uploading.contains(object) ? Files.size(file) : 0;
        }
    }

    private Path upload(String object) {
        return partial.resolve(requireName(object).substring("sha256:".length()));
    }

    @Override
    public Incoming resume(String object, long offset) throws IOException {
        synchronized (uploading) {
            var there = uploaded(object);
            if (there != offset) {
                throw MusterException.conflict("the upload of " + object + " stands at byte " + there + ", not at "
                        + offset + "; go on from there");
            }
            if (!uploading.add(object)) {
                // two in one file would each change what the other has completed
                return receive(object);
            }
        }
        try {
            return new Incoming(object, upload(object), offset);
        } catch (IOException | RuntimeException e) {
            release(object);
            throw e;
        }
    }

    private void release(String object) {
        synchronized (uploading) {
            uploading.remove(object);
        }
    }

    /**
     * Takes a file of this file system in and says what its content is called. The file is linked where that can be, else
     * copied; it must not be changed any more.
     */
    public String adopt(Path file) throws IOException {
        var digest = ObjectStore.digest();
        var before = Entry.of(file);
        try (var in = FileChannel.open(file, StandardOpenOption.READ)) {
            read(in, digest);
        } catch (IOException e) {
            throw TransferException.local("'" + file.getFileName() + "'", e);
        }
        if (!before.equals(Entry.of(file))) {
            throw new TransferException(Failure.CHANGED, "'" + file.getFileName() + "' was changed while it was read");
        }
        var object = name(digest);
        if (find(object).isEmpty()) {
            var fresh = partial.resolve(UUID.randomUUID().toString());
            try {
                try {
                    Files.createLink(fresh, file);
                } catch (IOException | UnsupportedOperationException e) {
                    // another file system, or one without links
                    Files.copy(file, fresh, StandardCopyOption.COPY_ATTRIBUTES);
                }
                settle(object, fresh);
            } catch (IOException e) {
                Files.deleteIfExists(fresh);
                throw TransferException.local("'" + file.getFileName() + "'", e);
            }
        }
        return object;
    }

    /** Takes in a copy of what a file holds from where it stands, and says what that is called. */
    public String copy(FileChannel in) throws IOException {
        var digest = ObjectStore.digest();
        var fresh = partial.resolve(UUID.randomUUID().toString());
        try {
            try (var out = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
                while (in.read(buffer) >= 0) {
                    digest.update(buffer.flip().duplicate());
                    while (buffer.hasRemaining()) {
                        out.write(buffer);
                    }
                    buffer.clear();
                }
            }
            var object = name(digest);
            if (find(object).isEmpty()) {
                settle(object, fresh);
            }
            return object;
        } catch (IOException e) {
            throw TransferException.local("a copy", e);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static void read(FileChannel in, MessageDigest digest) throws IOException {
        var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        while (in.read(buffer) >= 0) {
            digest.update(buffer.flip());
            buffer.clear();
        }
    }

    private void settle(String object, Path fresh) throws IOException {
        var file = path(object);
        var parent = file.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("r--r--r--"));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        add(object, file);
    }

    /** An object on its way in: hashed as it comes, in place once it is whole and right. */
    public final class Incoming implements Sink {
        private final String object;
        private final Path fresh;
        private final boolean resumable;
        private final FileChannel channel;
        private final MessageDigest digest = ObjectStore.digest();
        private boolean ended;

        private Incoming(String object, Path fresh, long offset) throws IOException {
            this.object = object;
            this.fresh = fresh;
            resumable = fresh.equals(upload(object));
            try {
                channel = FileChannel.open(
                        fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ);
            } catch (IOException e) {
                throw TransferException.local(object, e);
            }
            if (offset > 0) {
                read(channel, digest);
            }
        }

        @Override
        public void write(ByteBuffer more) throws IOException {
            digest.update(more.duplicate());
            try {
                while (more.hasRemaining()) {
                    channel.write(more);
                }
            } catch (IOException e) {
                throw TransferException.local(object, e);
            }
        }

        /** What is written there goes on behind what came before, and an end or a break is not that of the object. */
        public Sink further() {
            return new Piece() {
                @Override
                public void write(ByteBuffer more) throws IOException {
                    Incoming.this.write(more);
                }
            };
        }

        /** A piece from an offset on, which may come beside others once nothing comes in order any more. */
        public Sink piece(long from) {
            return new Piece() {
                private long at = from;

                @Override
                public void write(ByteBuffer more) throws IOException {
                    try {
                        while (more.hasRemaining()) {
                            at += channel.write(more, at);
                        }
                    } catch (IOException e) {
                        throw TransferException.local(object, e);
                    }
                }
            };
        }

        @Override
        public void complete() throws IOException {
            try (channel) {
                // pieces are hashed only now
                read(channel, digest);
                if (!name(digest).equals(object)) {
                    Files.deleteIfExists(fresh);
                    throw new TransferException(
                            Failure.HASH_MISMATCH, "the bytes that came are not those of " + object);
                }
                if (durable) {
                    channel.force(true);
                }
                settle(object, fresh);
            } catch (IOException e) {
                throw TransferException.local(object, e);
            } finally {
                end();
            }
        }

        private void end() {
            if (resumable && !ended) {
                ended = true;
                release(object);
            }
        }

        /** Closes without an end: an upload can go on later. */
        @Override
        public void abort() {
            try {
                channel.close();
                if (!resumable) {
                    Files.deleteIfExists(fresh);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                end();
            }
        }
    }

    /** A part of something, whose end tells nothing. */
    private abstract static class Piece implements Sink {
        @Override
        public void complete() {}

        @Override
        public void abort() {}
    }

    /**
     * Puts an object where a task sees it: linked if it need not be run, else copied. The link is read-only; a change all
     * the same is noticed the next time the object is asked for.
     */
    public void place(String object, Path to, boolean executable) throws IOException {
        var file = require(object);
        try {
            if (!executable) {
                try {
                    Files.createLink(to, file);
                    return;
                } catch (FileAlreadyExistsException e) {
                    throw e;
                } catch (IOException | UnsupportedOperationException e) {
                    // another file system, or one without links: a copy does
                    Files.copy(file, to);
                    return;
                }
            }
            Files.copy(file, to);
            Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw TransferException.local("'" + to.getFileName() + "'", e);
        }
    }
}
