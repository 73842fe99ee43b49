package muster.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.transport.Codec;
import muster.transport.ToManager.Result;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Results that the manager has not confirmed, on disk. Thread-safe.
 *
 * <p>A thread of its own writes what has gathered and syncs it with one call, behind the sending of the same results: a
 * result is lost only if this worker dies before the writing, or its machine before the sync, and the message before the
 * manager stored it; and then the manager runs the task again, as for any lost worker. A result that is confirmed before
 * it was written never is: so the writing waits a moment, and while the manager answers at once the disk has rest.
 *
 * <p>Segments {@code <number>.spool} hold records: length and CRC32C of the content, four bytes each, then the content as
 * CBOR. A segment goes once all in it is confirmed. After a restart whatever is whole and was not in such a segment is
 * sent again; the manager knows what it has.
 */
final class Spool implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);
    private static final String SUFFIX = ".spool";
    private static final int HEADER_BYTES = 8;
    private static final int LARGEST_RECORD_BYTES = 16 << 20;
    private static final int BATCH_BYTES = 4 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** How old a result is written at the latest, and how many gather at most. */
    private static final Duration WRITE_PAUSE = Duration.ofMillis(50);

    private static final int MOST_UNWRITTEN = 16_384;

    private final Path folder;
    private final long segmentBytes;
    private final Map<AttemptId, Entry> entries = new LinkedHashMap<>();
    private final ArrayDeque<Entry> unwritten = new ArrayDeque<>();
    private final Thread writer;
    private Segment active;
    private boolean writing;
    private boolean hurried;
    private boolean broken;
    private boolean closed;
    private boolean lost;

    private Spool(Path folder, long segmentBytes) throws IOException {
        this.folder = folder;
        this.segmentBytes = segmentBytes;
        active = new Segment(folder.resolve(name(recover() + 1)));
        writer = new Thread(this::write, "muster-worker-spool");
        writer.setDaemon(true);
    }

    /**
     * Takes over what is in the folder.
     *
     * @param segmentBytes how large a file grows before the next is begun
     */
    static Spool open(Path folder, long segmentBytes) {
        try {
            var spool = new Spool(folder, segmentBytes);
            spool.writer.start();
            return spool;
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "cannot use spool '" + folder + "': " + e + "; make it readable", e);
        }
    }

    // ---- what is in it

    /** Keeps a result; at once in memory, soon on disk. */
    void add(Result result) {
        synchronized (entries) {
            var entry = new Entry(result, System.nanoTime());
            var before = entries.put(result.attempt(), entry);
            if (before != null) {
                release(before);
            }
            unwritten.add(entry);
            if (!writing && (unwritten.size() == 1 || unwritten.size() == MOST_UNWRITTEN)) {
                entries.notifyAll();
            }
        }
    }

    /** Forgets results: the manager has them. */
    void confirm(List<AttemptId> attempts) {
        synchronized (entries) {
            for (var attempt : attempts) {
                var entry = entries.remove(attempt);
                if (entry != null) {
                    release(entry);
                }
            }
        }
    }

    private void release(Entry entry) {
        entry.confirmed = true;
        entry.result = null;
        var segment = entry.segment;
        if (segment != null && --segment.live == 0 && segment != active) {
            segment.delete();
        }
    }

    boolean holds(AttemptId attempt) {
        synchronized (entries) {
            return entries.containsKey(attempt);
        }
    }

    /** Whether one could not be read back since this was asked last: only who hears what is here misses it. */
    boolean lost() {
        synchronized (entries) {
            var was = lost;
            lost = false;
            return was;
        }
    }

    /** All that is not confirmed, oldest first. */
    List<AttemptId> unconfirmed() {
        synchronized (entries) {
            return List.copyOf(entries.keySet());
        }
    }

    /** What was last sent, or added, before this time. */
    List<AttemptId> sentBefore(long nanos) {
        synchronized (entries) {
            var found = new ArrayList<AttemptId>();
            entries.forEach((attempt, entry) -> {
                if (entry.sentNanos - nanos < 0) {
                    found.add(attempt);
                }
            });
            return found;
        }
    }

    /** One result, if it is not confirmed. May read from disk. */
    Optional<Result> find(AttemptId attempt) {
        Entry entry;
        synchronized (entries) {
            entry = entries.get(attempt);
        }
        return entry == null ? Optional.empty() : Optional.ofNullable(load(entry));
    }

    /** The next of these results that are not confirmed, to be sent now; empty at the end. May read from disk. */
    List<Result> next(Iterator<AttemptId> attempts, int mostBytes) {
        var found = new ArrayList<Result>();
        var bytes = 0L;
        while (attempts.hasNext() && bytes < mostBytes) {
            Entry entry;
            synchronized (entries) {
                entry = entries.get(attempts.next());
                if (entry != null) {
                    entry.sentNanos = System.nanoTime();
                }
            }
            var result = entry == null ? null : load(entry);
            if (result != null) {
                found.add(result);
                bytes += size(result);
            }
        }
        return found;
    }

    /** About how many bytes a result takes in a message. */
    static long size(Result result) {
        return 100L
                + result.message().length()
                + result.stderrTail().length()
                + (result.stdout() == null ? 0 : result.stdout().length)
                + (result.stderr() == null ? 0 : result.stderr().length);
    }

    private @Nullable Result load(Entry entry) {
        Segment segment;
        synchronized (entries) {
            if (entry.result != null || entry.confirmed) {
                return entry.result;
            }
            segment = entry.segment;
        }
        if (segment == null) {
            return null;
        }
        try (var channel = FileChannel.open(segment.path)) {
            var header = ByteBuffer.allocate(HEADER_BYTES);
            readFully(channel, header, entry.position);
            var content = ByteBuffer.allocate(entry.length);
            readFully(channel, content, entry.position + HEADER_BYTES);
            if (checksum(content.array()) != header.getInt(HEADER_BYTES - Integer.BYTES)) {
                throw new IOException("the record at byte " + entry.position + " is not what was written");
            }
            return Codec.decodeResult(content.array());
        } catch (IOException | MusterException e) {
            synchronized (entries) {
                if (entries.values().remove(entry)) {
                    release(entry);
                    lost = true;
                    LOG.error("Cannot read a result back from '{}'; its task will run again", segment.path, e);
                }
            }
            return null;
        }
    }

    // ---- the writer

    private void write() {
        try {
            for (var batch = take(); !batch.isEmpty(); batch = take()) {
                try {
                    write(batch);
                    tellMended();
                } catch (IOException e) {
                    tellBroken(e);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Spool '{}' was interrupted", folder);
        } finally {
            synchronized (entries) {
                writing = false;
                entries.notifyAll();
            }
        }
    }

    /** What has gathered, up to a bound; waits for something; empty once closed. */
    private List<Entry> take() throws InterruptedException {
        synchronized (entries) {
            writing = false;
            var batch = new ArrayList<Entry>();
            while (batch.isEmpty()) {
                if (unwritten.isEmpty()) {
                    hurried = false;
                    entries.notifyAll();
                    if (closed) {
                        break;
                    }
                    entries.wait();
                }
                awaitAge();
                var bytes = 0L;
                while (bytes < BATCH_BYTES && !unwritten.isEmpty()) {
                    var entry = unwritten.remove();
                    var result = entry.result;
                    if (result != null) {
                        batch.add(entry);
                        bytes += size(result);
                    }
                }
            }
            writing = true;
            return batch;
        }
    }

    /** Waits until the oldest that is not confirmed is to be written; drops those before it. Holds the monitor. */
    private void awaitAge() throws InterruptedException {
        for (var oldest = unwritten.peek(); oldest != null; oldest = unwritten.peek()) {
            if (oldest.confirmed) {
                unwritten.remove();
                continue;
            }
            var left = oldest.addedNanos + WRITE_PAUSE.toNanos() - System.nanoTime();
            if (left <= 0 || hurried || closed || unwritten.size() >= MOST_UNWRITTEN) {
                return;
            }
            TimeUnit.NANOSECONDS.timedWait(entries, left);
        }
    }

    private void write(List<Entry> batch) throws IOException {
        if (active.size >= segmentBytes) {
            rotate();
        }
        var out = new Records();
        for (var entry : batch) {
            Result result;
            synchronized (entries) {
                result = entry.result;
            }
            if (result != null) {
                var content = Codec.encode(result);
                entry.position = active.size + out.add(content);
                entry.length = content.length;
            }
        }
        var segment = active;
        segment.append(out.buffer());
        synchronized (entries) {
            for (var entry : batch) {
                if (!entry.confirmed) {
                    entry.segment = segment;
                    entry.result = null;
                    segment.live++;
                }
            }
            if (segment.live == 0 && segment.size >= segmentBytes) {
                segment.empty();
            }
        }
    }

    private void rotate() throws IOException {
        var next = new Segment(folder.resolve(name(number(active.path) + 1)));
        synchronized (entries) {
            var full = active;
            active = next;
            full.close();
            if (full.live == 0) {
                full.delete();
            }
        }
    }

    private void tellBroken(IOException e) {
        if (!broken) {
            broken = true;
            LOG.error(
                    "Results cannot be kept in '{}' and stay in memory until they are confirmed; see whether the disk"
                            + " is full",
                    folder,
                    e);
        }
    }

    private void tellMended() {
        if (broken) {
            broken = false;
            LOG.info("Results can be kept in '{}' again", folder);
        }
    }

    /** Waits until all that was added is on disk. */
    void sync() throws InterruptedException {
        synchronized (entries) {
            hurried = true;
            entries.notifyAll();
            while ((writing || !unwritten.isEmpty()) && writer.isAlive()) {
                entries.wait(PATIENCE.toMillis());
            }
        }
    }

    /** Writes what is left, and removes what is confirmed. */
    @Override
    public void close() {
        synchronized (entries) {
            closed = true;
            entries.notifyAll();
        }
        try {
            writer.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (entries) {
            active.close();
            if (active.live == 0) {
                active.delete();
            }
        }
    }

    // ---- recovery

    /** Reads what an earlier process left, and returns the largest segment's number. */
    private long recover() throws IOException {
        var paths = new ArrayList<Path>();
        try (var files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            files.forEach(paths::add);
        }
        paths.sort(null);
        for (var path : paths) {
            recover(path);
        }
        return paths.isEmpty() ? 0 : number(paths.get(paths.size() - 1));
    }

    /** Reads one segment, up to the first record that is not whole. */
    private void recover(Path path) throws IOException {
        var segment = new Segment(path);
        try (var channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var size = channel.size();
            var position = 0L;
            var header = ByteBuffer.allocate(HEADER_BYTES);
            while (position + HEADER_BYTES <= size) {
                header.clear();
                readFully(channel, header, position);
                header.flip();
                var length = header.getInt();
                var checksum = header.getInt();
                if (length <= 0 || length > LARGEST_RECORD_BYTES || position + HEADER_BYTES + length > size) {
                    break;
                }
                var content = ByteBuffer.allocate(length);
                readFully(channel, content, position + HEADER_BYTES);
                if (checksum(content.array()) != checksum || !recover(segment, content.array(), position)) {
                    break;
                }
                position += HEADER_BYTES + length;
            }
            if (position < size) {
                LOG.warn(
                        "'{}' is damaged at byte {} of {}: what follows is cut off, and the tasks whose results it held"
                                + " will run again",
                        path,
                        position,
                        size);
                channel.truncate(position);
                channel.force(true);
            }
            segment.size = position;
            if (segment.live == 0) {
                segment.delete();
            }
        }
    }

    private boolean recover(Segment segment, byte[] content, long position) {
        try {
            var entry = new Entry(null, System.nanoTime());
            entry.segment = segment;
            entry.position = position;
            entry.length = content.length;
            var before = entries.put(Codec.decodeResult(content).attempt(), entry);
            segment.live++;
            if (before != null) {
                release(before);
            }
            return true;
        } catch (MusterException e) {
            LOG.debug("A record of '{}' is no result", segment.path, e);
            return false;
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer into, long position) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into, position + into.position()) < 0) {
                throw new IOException("the file is shorter than what was written");
            }
        }
    }

    private static int checksum(byte[] content) {
        var checksum = new CRC32C();
        checksum.update(content);
        return (int) checksum.getValue();
    }

    private static String name(long number) {
        return String.format(Locale.ROOT, "%016d%s", number, SUFFIX);
    }

    private static long number(Path path) {
        var name = path.getFileName().toString();
        try {
            return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
        } catch (NumberFormatException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "'" + path + "' is not a file of this spool; move it away", e);
        }
    }

    private static final class Entry {
        @Nullable
        Result result;

        @Nullable
        Segment segment;

        final long addedNanos;
        long position;
        int length;
        long sentNanos;
        boolean confirmed;

        Entry(@Nullable Result result, long addedNanos) {
            this.result = result;
            this.addedNanos = addedNanos;
            sentNanos = addedNanos;
        }
    }

    /** A growing buffer of records. */
    private static final class Records {
        private ByteBuffer buffer = ByteBuffer.allocate(64 << 10);

        /** Adds a record and returns where in the buffer it begins. */
        int add(byte[] content) {
            var needed = buffer.position() + HEADER_BYTES + content.length;
            if (needed > buffer.capacity()) {
                var larger = ByteBuffer.allocate(Math.max(needed, 2 * buffer.capacity()));
                buffer.flip();
                buffer = larger.put(buffer);
            }
            var position = buffer.position();
            buffer.putInt(content.length).putInt(checksum(content)).put(content);
            return position;
        }

        ByteBuffer buffer() {
            return buffer.flip();
        }
    }

    /** One file. Its channel is open while it is written. */
    private static final class Segment {
        final Path path;

        /** How many records in it are not confirmed. */
        int live;

        long size;
        private @Nullable FileChannel channel;

        Segment(Path path) {
            this.path = path;
        }

        /** All of it or nothing, and synced. */
        void append(ByteBuffer bytes) throws IOException {
            var open = channel;
            if (open == null) {
                open = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                channel = open;
            }
            var length = bytes.remaining();
            var position = size;
            while (bytes.hasRemaining()) {
                position += open.write(bytes, position);
            }
            open.force(false);
            size += length;
        }

        void empty() throws IOException {
            var open = channel;
            if (open != null) {
                open.truncate(0);
            }
            size = 0;
        }

        void close() {
            try {
                var open = channel;
                if (open != null) {
                    open.close();
                }
            } catch (IOException e) {
                LOG.debug("Cannot close '{}': {}", path, e.toString());
            }
            channel = null;
        }

        void delete() {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                LOG.warn("Cannot remove '{}': {}", path, e.toString());
            }
        }
    }
}
