package muster.manager.store;

import java.time.Instant;
import muster.api.AttemptId;
import muster.api.AttemptView;
import muster.api.Cause;
import muster.api.Usage;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that has ended.
 *
 * @param standing what it means for its task
 * @param exitCode -1 if there is none
 * @param signal 0 if there is none
 * @param stdout the first bytes of standard output; null if none were sent, and when read back
 */
public record EndedAttempt(
        AttemptId id,
        Standing standing,
        String worker,
        Cause cause,
        int exitCode,
        int signal,
        String message,
        String stderrTail,
        @Nullable Instant assignedAt,
        @Nullable Instant startedAt,
        Instant finishedAt,
        Usage usage,
        long stdoutBytes,
        long stderrBytes,
        byte @Nullable [] stdout,
        byte @Nullable [] stderr) {

    /** What an ended attempt means for its task. Stored by ordinal. */
    public enum Standing {
        /** The task may run again. */
        TRY,
        /** It ended the task. */
        LAST,
        /** It ended the task once; then the user asked to try again. */
        FORGIVEN,
        /** Files were lost: what it made, and others needed, if it succeeded; else what it was to take. */
        LOST,
        /** It was not run: what it made was taken from an earlier job. */
        CACHED
    }

    /**
     * One that stands for what a task of an earlier job made on a worker.
     *
     * @param origin what made it, for users
     */
    public static EndedAttempt taken(AttemptId id, String worker, String origin, Instant at) {
        return new EndedAttempt(
                id,
                Standing.CACHED,
                worker,
                Cause.SUCCESS,
                0,
                0,
                "taken from the cache: " + origin,
                "",
                null,
                null,
                at,
                Usage.NONE,
                0,
                0,
                null,
                null);
    }

    EndedAttempt with(Standing other) {
        return new EndedAttempt(
                id,
                other,
                worker,
                cause,
                exitCode,
                signal,
                message,
                stderrTail,
                assignedAt,
                startedAt,
                finishedAt,
                usage,
                stdoutBytes,
                stderrBytes,
                stdout,
                stderr);
    }

    public AttemptView view() {
        return new AttemptView(
                id.number(),
                worker,
                cause,
                exitCode < 0 ? null : exitCode,
                signal == 0 ? null : signal,
                message,
                stderrTail,
                assignedAt,
                startedAt,
                finishedAt,
                usage);
    }
}
