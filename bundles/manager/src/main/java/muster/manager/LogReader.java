package muster.manager;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.transport.ToManager;
import muster.transport.ToWorker;

/** Reads from workers what attempts wrote and the manager does not have. Thread-safe. */
final class LogReader {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Dispatcher dispatcher;
    private final Questions<LogChunk> questions = new Questions<>();

    LogReader(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    /** Fails with UNAVAILABLE when the worker does not answer or does not have it. */
    CompletableFuture<LogChunk> read(String worker, AttemptId attempt, LogStream stream, long offset, int limit) {
        return questions.ask(
                worker,
                request -> dispatcher.send(worker, new ToWorker.ReadLog(request, attempt, stream, offset, limit)),
                PATIENCE,
                () -> "what task " + attempt.task() + " wrote from byte " + offset + " on lies on worker '" + worker
                        + "', which did not answer within " + PATIENCE.toSeconds() + "s; try again when it is back");
    }

    void answered(String worker, ToManager.Log log) {
        if (log.error().isEmpty()) {
            questions.answered(worker, log.request(), new LogChunk(log.offset(), log.bytes(), log.ended()));
        } else {
            questions.failed(
                    worker,
                    log.request(),
                    new MusterException(
                            ErrorCode.UNAVAILABLE, "worker '" + worker + "' cannot read the log: " + log.error()));
        }
    }
}
