package muster.manager.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How far a store has come, in a small file of its own: SQLite drops without a word what follows a damaged place of its
 * write-ahead log, as if it had never been committed. The file's lock keeps a second process out of the store.
 *
 * <p>It holds the number of commits, eight bytes, and a CRC32C of them, four bytes. It is written after each commit and
 * not synced: after a power failure it may be behind the store, never ahead of it.
 */
final class CommitMark implements AutoCloseable {
    private static final int BYTES = Long.BYTES + Integer.BYTES;

    private final FileChannel channel;

    private CommitMark(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens and locks it, and makes it if it is not there; null if another process, or another of this one, has it. */
    static @Nullable CommitMark lock(Path file) throws IOException {
        var channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        @Nullable FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            channel.close();
            return null;
        }
        return new CommitMark(channel);
    }

    /** What it says; 0 if it says nothing. Needs no lock. */
    static long read(Path file) throws IOException {
        try (var channel = FileChannel.open(file)) {
            return new CommitMark(channel).read();
        }
    }

    /** What it says; 0 if it says nothing, or is itself not what was written. */
    long read() throws IOException {
        var bytes = ByteBuffer.allocate(BYTES);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, bytes.position()) < 0) {
                return 0;
            }
        }
        var commits = bytes.getLong(0);
        return bytes.getInt(Long.BYTES) == checksum(commits) ? commits : 0;
    }

    void write(long commits) {
        var bytes = ByteBuffer.allocate(BYTES).putLong(0, commits).putInt(Long.BYTES, checksum(commits));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes, bytes.position());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the number of commits cannot be noted", e);
        }
    }

    private static int checksum(long commits) {
        var checksum = new CRC32C();
        checksum.update(ByteBuffer.allocate(Long.BYTES).putLong(0, commits));
        return (int) checksum.getValue();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
