package muster.manager;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
    private final AtomicLong requests = new AtomicLong();
    private final Map<Long, CompletableFuture<LogChunk>> open = new ConcurrentHashMap<>();

    LogReader(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    /** Fails with UNAVAILABLE when the worker does not answer or does not have it. */
    CompletableFuture<LogChunk> read(String worker, AttemptId attempt, LogStream stream, long offset, int limit) {
        var request = requests.incrementAndGet();
        var answer = new CompletableFuture<LogChunk>();
        open.put(request, answer);
        dispatcher.send(worker, new ToWorker.ReadLog(request, attempt, stream, offset, limit));
        return answer.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((chunk, error) -> open.remove(request))
                .exceptionallyCompose(error -> CompletableFuture.failedFuture(
                        error instanceof MusterException
                                ? error
                                : new MusterException(
                                        ErrorCode.UNAVAILABLE,
                                        "what task " + attempt.task() + " wrote from byte " + offset
                                                + " on lies on worker '" + worker + "', which did not answer within "
                                                + PATIENCE.toSeconds() + "s; try again when it is back",
                                        error)));
    }

    void answered(String worker, ToManager.Log log) {
        var answer = open.get(log.request());
        if (answer == null) {
            return;
        }
        if (log.error().isEmpty()) {
            answer.complete(new LogChunk(log.offset(), log.bytes(), log.ended()));
        } else {
            answer.completeExceptionally(new MusterException(
                    ErrorCode.UNAVAILABLE, "worker '" + worker + "' cannot read the log: " + log.error()));
        }
    }
}
