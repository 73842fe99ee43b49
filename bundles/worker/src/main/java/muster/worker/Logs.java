package muster.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.MusterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What attempts wrote: {@code <job>/<index>@<attempt>.stdout} and {@code .stderr}. The logs of ended attempts are kept
 * until they are forgotten or take more than a limit; then those go first that were longest not read. Thread-safe.
 */
final class Logs {
    private static final Logger LOG = LoggerFactory.getLogger(Logs.class);
    private static final int MOST_NAMED = 20_000;
    private static final int LARGEST_CHUNK = 1 << 20;
    private static final Set<OpenOption> PRIVATE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path root;
    private final Spares spares;
    private final long limitBytes;
    private final Map<JobId, Integer> openByJob = new HashMap<>();
    private final LinkedHashMap<Path, Long> kept = new LinkedHashMap<>(16, 0.75f, true);
    private final LinkedHashMap<Key, Log> named = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Log> eldest) {
            return size() > MOST_NAMED;
        }
    };
    private long keptBytes;

    /** Takes over the logs that are there. */
    Logs(Path root, Spares spares, long limitBytes) {
        this.root = root;
        this.spares = spares;
        this.limitBytes = limitBytes;
        var found = new ArrayList<Found>();
        try (var files = Files.walk(root, 2)) {
            for (var file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                found.add(new Found(file, Files.size(file), Files.getLastModifiedTime(file)));
            }
        } catch (IOException e) {
            LOG.warn("Cannot list the logs in '{}': {}", root, e.toString());
        }
        found.sort(Comparator.comparing(Found::modified));
        found.forEach(log -> keep(log.file, log.bytes));
    }

    /** Says that an attempt will write logs of this job: its folder is there until {@link #close}. */
    synchronized void open(JobId job) {
        var folder = root.resolve(job.toString());
        try {
            if (!openByJob.containsKey(job)) {
                Files.createDirectories(folder);
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "cannot make folder '" + folder + "': " + e + "; see whether the worker's disk is full",
                    e);
        }
        openByJob.merge(job, 1, Integer::sum);
    }

    /** Undoes one {@link #open}. */
    synchronized void close(JobId job) {
        openByJob.computeIfPresent(job, (j, count) -> count == 1 ? null : count - 1);
        removeIfEmpty(job);
    }

    private void removeIfEmpty(JobId job) {
        if (openByJob.containsKey(job)) {
            return;
        }
        try {
            Files.deleteIfExists(root.resolve(job.toString()));
        } catch (DirectoryNotEmptyException e) {
            LOG.trace("Logs of job {} are kept", job);
        } catch (IOException e) {
            LOG.warn("Cannot remove the log folder of job {}: {}", job, e.toString());
        }
    }

    /** Where an attempt is to write, after {@link #open}; an empty file may be there. */
    Path make(AttemptId attempt, LogStream stream) {
        var path = path(attempt, stream);
        spares.takeFile(path);
        return path;
    }

    /** Where an attempt's log is, if it has one. */
    private Path path(AttemptId attempt, LogStream stream) {
        var suffix = stream == LogStream.STDOUT ? ".stdout" : ".stderr";
        return root.resolve(attempt.task().job().toString())
                .resolve(attempt.task().index() + "@" + attempt.number() + suffix);
    }

    /** Keeps an ended attempt's log, and deletes others if that is too much. */
    synchronized void keep(Path file, long bytes) {
        var before = kept.put(file, bytes);
        keptBytes += bytes - (before == null ? 0 : before);
        while (keptBytes > limitBytes && !kept.isEmpty()) {
            var eldest = kept.keySet().iterator().next();
            delete(eldest);
            var folder = eldest.getParent();
            if (folder != null) {
                removeIfEmpty(JobId.parse(folder.getFileName().toString()));
            }
        }
    }

    /** Keeps what an attempt wrote into its workspace, which goes away. */
    void keepMoved(Path file, Identity reader, AttemptId attempt, LogStream stream, long bytes) throws IOException {
        var target = path(attempt, stream);
        open(attempt.task().job());
        try {
            if (reader == Identity.WORKER) {
                Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
            } else {
                copy(file, reader, target);
            }
        } finally {
            close(attempt.task().job());
        }
        keep(target, bytes);
    }

    private static void copy(Path file, Identity reader, Path target) throws IOException {
        try (var in = reader.run(() -> FileChannel.open(file));
                var out = FileChannel.open(target, PRIVATE, OWNER_ONLY)) {
            var size = in.size();
            for (var copied = 0L; copied < size; ) {
                var more = in.transferTo(copied, size - copied, out);
                if (more <= 0) {
                    return; // it became shorter
                }
                copied += more;
            }
        }
    }

    /** Remembers where the user had the output written, and with whose rights it is read. */
    synchronized void remember(AttemptId attempt, LogStream stream, Path file, Identity reader) {
        named.put(new Key(attempt, stream), new Log(file, reader));
    }

    /** The file of an ended attempt's output, if it is still there. */
    synchronized Optional<Log> find(AttemptId attempt, LogStream stream) {
        var path = path(attempt, stream);
        if (kept.get(path) != null) {
            return Optional.of(new Log(path, Identity.WORKER));
        }
        return Optional.ofNullable(named.get(new Key(attempt, stream)))
                .filter(log -> log.reader.run(() -> Files.isRegularFile(log.file)));
    }

    /** Deletes the logs of a job. */
    synchronized void forget(JobId job) {
        named.keySet().removeIf(key -> key.attempt.task().job().equals(job));
        var folder = root.resolve(job.toString());
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (var files = Files.newDirectoryStream(folder)) {
            for (var file : files) {
                // those of attempts that still run are in use
                if (kept.containsKey(file)) {
                    delete(file);
                }
            }
        } catch (IOException e) {
            LOG.warn("Cannot remove the logs of job {}: {}", job, e.toString());
        }
        removeIfEmpty(job);
    }

    /**
     * Removes a log of which nothing is kept.
     *
     * @param shown whether somebody may have it open; asked when nobody finds it any more
     */
    void discard(Path file, BooleanSupplier shown) {
        if (!spares.keepFile(file, shown)) {
            delete(file);
        }
    }

    /** Deletes one log. */
    synchronized void delete(Path file) {
        var bytes = kept.remove(file);
        keptBytes -= bytes == null ? 0 : bytes;
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("Cannot remove log '{}': {}", file, e.toString());
        }
    }

    /**
     * Reads part of a file.
     *
     * @param whole whether nothing will be added to it any more
     */
    static LogChunk read(Log log, long offset, int limit, boolean whole) throws IOException {
        try (var channel = log.reader.run(() -> FileChannel.open(log.file))) {
            var size = channel.size();
            var length = (int) Math.max(0, Math.min(Math.min(limit, LARGEST_CHUNK), size - offset));
            var buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
                // until it is full or the file ends
            }
            var bytes = buffer.position() == length ? buffer.array() : Arrays.copyOf(buffer.array(), buffer.position());
            return new LogChunk(offset, bytes, whole && offset + bytes.length >= size);
        }
    }

    /** A file, and with whose rights it is read. */
    record Log(Path file, Identity reader) {}

    private record Key(AttemptId attempt, LogStream stream) {}

    private record Found(Path file, long bytes, FileTime modified) {}
}
