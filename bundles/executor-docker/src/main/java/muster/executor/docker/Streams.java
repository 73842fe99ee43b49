package muster.executor.docker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import muster.api.executor.Attempt;
import org.jspecify.annotations.Nullable;

/**
 * The files of an attempt. What a command prints is written to them: the daemon sends frames, a byte that names the stream (1
 * standard output, 2 standard error), three zeros, a length of four bytes, then as many bytes.
 */
final class Streams {
    private static final int HEADER_BYTES = 8;
    private static final int ERROR = 2;
    private static final int START_LENGTH = 256;

    private final @Nullable FileChannel in;
    private final FileChannel out;
    private final FileChannel err;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    private final StringBuilder start = new StringBuilder();
    private int missing;
    private boolean toError;
    private @Nullable IOException failure;

    Streams(Plan plan, Attempt attempt) throws IOException {
        var task = attempt.task();
        var opened = new ArrayList<FileChannel>();
        try {
            var input = plan.stdin();
            in = input == null ? null : attempt.asUser(() -> FileChannel.open(input));
            if (in != null) {
                opened.add(in);
            }
            out = open(plan.stdout(), task.stdout() == null, attempt);
            opened.add(out);
            err = plan.oneFile() ? out : open(plan.stderr(), task.stderr() == null, attempt);
        } catch (IOException e) {
            for (var file : opened) {
                file.close();
            }
            throw e;
        }
    }

    /** What the command reads; null for nothing. */
    @Nullable
    FileChannel input() {
        return in;
    }

    private static FileChannel open(Path file, boolean isPrivate, Attempt attempt) throws IOException {
        return isPrivate ? open(file, true) : attempt.asUser(() -> open(file, false));
    }

    private static FileChannel open(Path file, boolean isPrivate) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString(isPrivate ? "rw-------" : "rw-r--r--")));
    }

    /** Takes bytes; once a file cannot be written, what follows is dropped. */
    void take(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            if (missing == 0) {
                header.put(bytes.get());
                if (!header.hasRemaining()) {
                    beginFrame();
                }
            } else {
                var length = Math.min(missing, bytes.remaining());
                write(bytes.slice(bytes.position(), length));
                bytes.position(bytes.position() + length);
                missing -= length;
            }
        }
    }

    /** Why a file cannot be written. */
    Optional<IOException> failure() {
        return Optional.ofNullable(failure);
    }

    private void beginFrame() {
        toError = header.get(0) == ERROR;
        missing = header.getInt(4);
        header.clear();
    }

    private void write(ByteBuffer part) {
        for (var i = part.position(); i < part.limit() && start.length() < START_LENGTH; i++) {
            start.append((char) (part.get(i) & 0xff));
        }
        try {
            while (failure == null && part.hasRemaining()) {
                (toError ? err : out).write(part);
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    /** The first line of what was printed, or its start. */
    String firstLine() {
        return start.toString().lines().findFirst().orElse("");
    }

    void close() {
        for (var file : new FileChannel[] {in, out, err}) {
            try {
                if (file != null) {
                    file.close();
                }
            } catch (IOException e) {
                failure = e;
            }
        }
    }
}
