package muster.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import muster.api.Cause;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.executor.Outcome;
import muster.transport.ToManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the result of an attempt that has ended from its outcome and its files, and clears up after it. */
final class Finisher {
    /** How much of each stream travels with the result. */
    static final int INLINE_BYTES = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Finisher.class);
    private static final int TAIL_BYTES = 4096;
    private static final int TAIL_LINES = 20;

    private final Logs logs;

    Finisher(Logs logs) {
        this.logs = logs;
    }

    /** The result of an attempt with files. Reads and deletes; call it off the agent's thread. */
    ToManager.Result finish(TaskAttempt attempt, @Nullable Instant startedAt, Outcome outcome, Instant finishedAt) {
        try {
            var tail = outcome.cause() == Cause.SUCCESS ? "" : tail(attempt.log(LogStream.STDERR));
            var out = collect(attempt, LogStream.STDOUT);
            var err = collect(attempt, LogStream.STDERR);
            return ToManager.Result.of(attempt.id(), outcome, startedAt, finishedAt)
                    .wrote(out.head, out.bytes, err.head, err.bytes, tail);
        } finally {
            attempt.clear();
        }
    }

    /** Clears up after an attempt that goes back: another worker runs its task, so nothing of it counts. */
    void discard(TaskAttempt attempt) {
        for (var stream : LogStream.values()) {
            var file = attempt.output(stream);
            if (file != null && !attempt.named(stream)) {
                logs.discard(file, attempt::wasShown);
            }
        }
        attempt.clear();
    }

    private Collected collect(TaskAttempt attempt, LogStream stream) {
        var log = attempt.log(stream);
        // not from devices and pipes, which a user may name
        if (log == null || !isRegular(log)) {
            return Collected.NOTHING;
        }
        var file = log.file();
        long bytes;
        byte[] head;
        try {
            bytes = size(log);
            head = bytes == 0
                    ? new byte[0]
                    : Logs.read(log, 0, INLINE_BYTES, true).bytes();
        } catch (IOException e) {
            LOG.warn("Cannot read what attempt {} wrote to '{}': {}", attempt.id(), file, e.toString());
            return Collected.NOTHING;
        }
        try {
            keep(attempt, stream, log, bytes, head.length >= bytes);
        } catch (IOException | MusterException e) {
            LOG.warn("Cannot keep all that attempt {} wrote to '{}': {}", attempt.id(), file, e.toString());
        }
        return head.length == 0 ? Collected.NOTHING : new Collected(head, bytes);
    }

    /** @param all whether all of it travels with the result */
    private void keep(TaskAttempt attempt, LogStream stream, Logs.Log log, long bytes, boolean all) throws IOException {
        var file = log.file();
        if (attempt.owns(file)) {
            if (!all) {
                logs.keepMoved(file, log.reader(), attempt.id(), stream, bytes);
            }
        } else if (attempt.named(stream)) {
            if (!all) {
                logs.remember(attempt.id(), stream, file, log.reader());
            }
        } else if (all) {
            logs.discard(file, attempt::wasShown);
        } else {
            logs.keep(file, bytes);
        }
    }

    /** The last lines, with control characters as they are. */
    private static String tail(Logs.@Nullable Log log) {
        if (log == null || !isRegular(log)) {
            return "";
        }
        try {
            var from = Math.max(0, size(log) - TAIL_BYTES);
            var bytes = Logs.read(log, from, TAIL_BYTES, true).bytes();
            var begin = 0;
            // not in the middle of a character
            while (from > 0 && begin < Math.min(3, bytes.length) && (bytes[begin] & 0xC0) == 0x80) {
                begin++;
            }
            return lastLines(new String(bytes, begin, bytes.length - begin, StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.warn("Cannot read '{}': {}", log.file(), e.toString());
            return "";
        }
    }

    private static boolean isRegular(Logs.Log log) {
        return log.reader().run(() -> Files.isRegularFile(log.file()));
    }

    private static long size(Logs.Log log) throws IOException {
        return log.reader().run(() -> Files.size(log.file()));
    }

    private static String lastLines(String text) {
        var from = text.endsWith("\n") ? text.length() - 1 : text.length();
        for (var lines = 0; lines < TAIL_LINES; lines++) {
            from = text.lastIndexOf('\n', from - 1);
            if (from < 0) {
                return text;
            }
        }
        return text.substring(from + 1);
    }

    private record Collected(byte @Nullable [] head, long bytes) {
        static final Collected NOTHING = new Collected(null, 0);
    }
}
