package muster.rest.stream;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import muster.api.JobService;
import muster.api.LogChunk;
import muster.api.LogStream;
import muster.api.TaskId;

/** What a task wrote, in chunks. */
final class LogFeed implements Outflow.Source {
    static final int CHUNK_BYTES = 256 << 10;

    private static final long LEAST_PAUSE_MILLIS = 100;
    private static final long MOST_PAUSE_MILLIS = 1000;

    private final JobService jobs;
    private final TaskId task;
    private final LogStream stream;
    private final boolean follow;
    private final Executor executor;
    private long offset;
    private long pauseMillis;

    LogFeed(JobService jobs, TaskId task, LogStream stream, long offset, boolean follow, Executor executor) {
        this.jobs = jobs;
        this.task = task;
        this.stream = stream;
        this.offset = offset;
        this.follow = follow;
        this.executor = executor;
    }

    /** Where the next chunk begins. */
    long offset() {
        return offset;
    }

    @Override
    public CompletionStage<Outflow.Piece> next() {
        if (pauseMillis == 0) {
            return jobs.log(task, stream, offset, CHUNK_BYTES).thenApply(this::piece);
        }
        // nothing was there: look again, less and less often
        return CompletableFuture.runAsync(
                        () -> {}, CompletableFuture.delayedExecutor(pauseMillis, TimeUnit.MILLISECONDS, executor))
                .thenCompose(paused -> jobs.log(task, stream, offset, CHUNK_BYTES))
                .thenApply(this::piece);
    }

    private Outflow.Piece piece(LogChunk chunk) {
        offset = chunk.nextOffset();
        var length = chunk.bytes().length;
        pauseMillis = length > 0 ? 0 : Math.min(Math.max(LEAST_PAUSE_MILLIS, pauseMillis * 2), MOST_PAUSE_MILLIS);
        return new Outflow.Piece(chunk.bytes(), chunk.ended() || (!follow && length < CHUNK_BYTES));
    }

    @Override
    public byte[] keepAlive() {
        return new byte[0];
    }
}
