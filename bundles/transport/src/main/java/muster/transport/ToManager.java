package muster.transport;

import java.time.Instant;
import java.util.List;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.JobId;
import muster.api.SessionId;
import muster.api.Usage;
import muster.api.executor.Outcome;
import org.jspecify.annotations.Nullable;

/** What a worker tells its manager. */
public sealed interface ToManager {
    /**
     * The first message of a worker's connection, repeated until it is answered.
     *
     * @param session made anew by each start of the worker
     * @param oldestProtocol oldest version of the protocol it speaks
     * @param newestProtocol newest version it speaks
     * @param running attempts that it holds and that have not ended
     * @param finished attempts whose outcome it will send again, since it was not confirmed
     * @param dataPort where it serves files, at its address; 0 if it serves none
     * @param sessions that are open on it
     * @param keeps jobs whose tasks made here what it keeps until it is told to release it
     */
    record Hello(
            String session,
            int oldestProtocol,
            int newestProtocol,
            String version,
            String address,
            Capacity capacity,
            List<ExecutorView> executors,
            List<AttemptId> running,
            List<AttemptId> finished,
            int dataPort,
            List<SessionId> sessions,
            List<JobId> keeps)
            implements ToManager {
        /** Where it serves files, {@code host:port}; empty if it serves none. */
        public String dataAddress() {
            return dataPort == 0 ? "" : (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + dataPort;
        }
    }

    /** Renews the lease. */
    record Heartbeat(String session) implements ToManager {}

    /** The executors have changed. */
    record Executors(String session, List<ExecutorView> executors) implements ToManager {}

    /** The worker is going down in order; what it ran has been stopped or handed back. */
    record Goodbye(String session) implements ToManager {}

    /** These attempts began to run. Left out for attempts that end before it is sent. */
    record Started(String session, List<Start> starts) implements ToManager {}

    record Start(AttemptId attempt, Instant at) {}

    /** These attempts ended. Sent again after each connection until confirmed. */
    record Finished(String session, List<Result> results) implements ToManager {}

    /**
     * How one attempt ended.
     *
     * @param exitCode -1 if its process did not exit by itself
     * @param signal 0 if none ended it
     * @param stdout the first bytes of standard output; null if none
     * @param stderr likewise of standard error
     * @param stdoutBytes how long standard output is; what exceeds {@code stdout} stays on the worker
     * @param stderrTail the last lines of standard error of a failed attempt; else empty
     * @param missing the session objects that it takes and that its session has not; empty unless the cause is SESSION
     */
    record Result(
            AttemptId attempt,
            Cause cause,
            int exitCode,
            int signal,
            String message,
            @Nullable Instant startedAt,
            Instant finishedAt,
            Usage usage,
            byte @Nullable [] stdout,
            byte @Nullable [] stderr,
            long stdoutBytes,
            long stderrBytes,
            String stderrTail,
            List<String> missing) {
        /** Of an attempt that wrote nothing and missed nothing. */
        public static Result of(AttemptId attempt, Outcome outcome, @Nullable Instant startedAt, Instant finishedAt) {
            return new Result(
                    attempt,
                    outcome.cause(),
                    outcome.exitCode(),
                    outcome.signal(),
                    outcome.message(),
                    startedAt,
                    finishedAt,
                    outcome.usage(),
                    null,
                    null,
                    0,
                    0,
                    "",
                    List.of());
        }

        /** The same, of an attempt that wrote these; see the components. */
        public Result wrote(
                byte @Nullable [] out, long outBytes, byte @Nullable [] err, long errBytes, String errTail) {
            return new Result(
                    attempt,
                    cause,
                    exitCode,
                    signal,
                    message,
                    startedAt,
                    finishedAt,
                    usage,
                    out,
                    err,
                    outBytes,
                    errBytes,
                    errTail,
                    missing);
        }

        /** The same, of an attempt that missed these. */
        public Result missed(List<String> objects) {
            return new Result(
                    attempt,
                    cause,
                    exitCode,
                    signal,
                    message,
                    startedAt,
                    finishedAt,
                    usage,
                    stdout,
                    stderr,
                    stdoutBytes,
                    stderrBytes,
                    stderrTail,
                    objects);
        }
    }

    /** These attempts were not started and go back: their executor went away, or the worker is going down. */
    record Returned(String session, List<AttemptId> attempts, String reason) implements ToManager {}

    /**
     * Answers {@link ToWorker.ReadLog}.
     *
     * @param ended whether the stream ends after these bytes
     * @param error why it cannot be read; empty if it can
     */
    record Log(long request, long offset, byte[] bytes, boolean ended, String error) implements ToManager {}

    /**
     * Answers {@link ToWorker.Deploy}.
     *
     * @param message what became of it, in a line for the operator
     * @param error why it was not done; empty if it was
     */
    record Deployed(long request, String message, String error) implements ToManager {}
}
