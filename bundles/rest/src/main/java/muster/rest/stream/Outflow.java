package muster.rest.stream;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.servlet.AsyncContext;
import javax.servlet.ServletOutputStream;
import javax.servlet.WriteListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a source gives to one client. The next piece is asked for once the last is written, so that nothing
 * gathers for a slow client; one that takes nothing at all is dropped by the server's idle timeout.
 */
final class Outflow implements WriteListener {
    private static final Logger LOG = LoggerFactory.getLogger(Outflow.class);
    private static final byte[] NOTHING = {};

    /** Gives pieces, one after the other. */
    interface Source {
        /** The next piece; called again after it completed. An empty one is allowed. */
        CompletionStage<Piece> next();

        /** What to write when nothing came for a while; empty for nothing. */
        byte[] keepAlive();
    }

    /** Bytes, and whether they are the last. */
    record Piece(byte[] bytes, boolean last) {
        static final Piece NONE = new Piece(NOTHING, false);
        static final Piece END = new Piece(NOTHING, true);
    }

    /** The end of a connection whose answer could not be completed. */
    interface Breaker {
        void abort(Throwable cause);
    }

    private final ServletOutputStream out;
    private final AsyncContext context;
    private final Source source;
    private final Executor executor;
    private final Breaker breaker;
    private final Runnable ended;

    private final Object lock = new Object();
    private byte[] pending = NOTHING;
    private boolean unflushed;
    private boolean fetching;
    private boolean last;
    private boolean closed;
    private @Nullable ScheduledFuture<?> keepAlive;

    Outflow(
            ServletOutputStream out,
            AsyncContext context,
            Source source,
            Executor executor,
            Breaker breaker,
            Runnable ended) {
        this.out = out;
        this.context = context;
        this.source = source;
        this.executor = executor;
        this.breaker = breaker;
        this.ended = ended;
    }

    /** Begins; the first piece may have come before. */
    void start(Piece first, ScheduledExecutorService timer, long keepAliveSeconds) {
        synchronized (lock) {
            pending = first.bytes();
            last = first.last();
            unflushed = true;
            if (keepAliveSeconds > 0) {
                keepAlive = timer.scheduleWithFixedDelay(
                        () -> executor.execute(this::keepAlive), keepAliveSeconds, keepAliveSeconds, TimeUnit.SECONDS);
            }
        }
        out.setWriteListener(this);
    }

    @Override
    public void onWritePossible() {
        pump();
    }

    @Override
    public void onError(Throwable cause) {
        // the client went away or takes nothing: no fault of ours
        LOG.debug("a follower is gone", cause);
        close();
    }

    private void pump() {
        try {
            synchronized (lock) {
                while (!closed && out.isReady()) {
                    if (pending.length > 0) {
                        var bytes = pending;
                        pending = NOTHING;
                        unflushed = true;
                        out.write(bytes);
                    } else if (last) {
                        close();
                    } else if (unflushed) {
                        unflushed = false;
                        out.flush();
                    } else {
                        fetch();
                        return;
                    }
                }
            }
        } catch (IOException e) {
            onError(e);
        }
    }

    private void fetch() {
        if (!fetching) {
            fetching = true;
            next().whenCompleteAsync(this::fetched, executor);
        }
    }

    private CompletionStage<Piece> next() {
        try {
            return source.next();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void fetched(@Nullable Piece piece, @Nullable Throwable failure) {
        synchronized (lock) {
            fetching = false;
            if (piece == null) {
                if (!closed) {
                    LOG.warn("an answer breaks off: {}", String.valueOf(failure));
                    breaker.abort(failure == null ? new IOException("no more can be read") : failure);
                    close();
                }
                return;
            }
            pending = piece.bytes();
            last = piece.last();
        }
        pump();
    }

    private void keepAlive() {
        synchronized (lock) {
            if (closed || !fetching || pending.length > 0) {
                return;
            }
            pending = source.keepAlive();
        }
        pump();
    }

    private void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            if (keepAlive != null) {
                keepAlive.cancel(false);
            }
        }
        ended.run();
        try {
            context.complete();
        } catch (IllegalStateException e) {
            // the container completed it first
            LOG.debug("already completed", e);
        }
    }
}
