package muster.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One attempt as it ended or stands.
 *
 * @param cause null while it has not ended
 * @param exitCode null when it did not exit by itself
 * @param signal null when no signal ended it
 * @param message why it failed, or what it was taken from instead of being run, in one line; else empty
 * @param stderrTail the last lines of standard error of a failed attempt; else empty
 */
public record AttemptView(
        int number,
        String worker,
        @Nullable Cause cause,
        @Nullable Integer exitCode,
        @Nullable Integer signal,
        String message,
        String stderrTail,
        @Nullable Instant assignedAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        Usage usage) {}
