package muster.rest.stream;

import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.servlet.AsyncContext;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.container.AsyncResponse;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.TaskId;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** Answers that go on: events and logs. A few threads serve all followers. */
public final class Streams implements AutoCloseable {
    /** More followers at a time are refused. */
    static final int MAX_FOLLOWERS = 1000;

    static final long KEEP_ALIVE_SECONDS = 15;

    private final JobService jobs;
    private final ScheduledExecutorService executor;
    private final AtomicInteger followers = new AtomicInteger();

    public Streams(JobService jobs) {
        this.jobs = jobs;
        var pool = new ScheduledThreadPoolExecutor(4, work -> {
            var thread = new Thread(work, "muster-rest-streams");
            thread.setDaemon(true);
            return thread;
        });
        pool.setRemoveOnCancelPolicy(true);
        this.executor = pool;
    }

    /** How many are connected. */
    public int followers() {
        return followers.get();
    }

    /** For short work that must not run where it was told. */
    public ScheduledExecutorService executor() {
        return executor;
    }

    /**
     * Follows events after {@code after}, of one job or all, as text/event-stream.
     *
     * @param owner whose jobs alone are told of; null for everybody's
     */
    public void events(
            HttpServletRequest request,
            AsyncResponse response,
            long after,
            @Nullable JobId job,
            @Nullable String owner) {
        suspend(response);
        var feed = new EventFeed(jobs, after, job, owner, executor);
        try {
            begin(request, "text/event-stream", null, feed, feed.opening(), KEEP_ALIVE_SECONDS);
        } catch (RuntimeException e) {
            response.resume(e);
        }
    }

    /** Sends a log from {@code offset} on, to its present end or, followed, to its last byte. */
    public void log(
            HttpServletRequest request,
            AsyncResponse response,
            TaskId task,
            LogStream stream,
            long offset,
            boolean follow) {
        var feed = new LogFeed(jobs, task, stream, offset, follow, executor);
        // what is refused at once is answered at once: nobody would wake a suspended request
        var read = feed.next();
        suspend(response);
        read.whenCompleteAsync(
                (first, failure) -> {
                    if (first == null) {
                        response.resume(failure == null ? new IOException("no log") : failure);
                        return;
                    }
                    try {
                        var next = !follow && first.last() ? Long.toString(feed.offset()) : null;
                        begin(request, "text/plain", next, feed, first, 0);
                    } catch (RuntimeException e) {
                        response.resume(e);
                    }
                },
                executor);
    }

    private void begin(
            HttpServletRequest request,
            String contentType,
            @Nullable String nextOffset,
            Outflow.Source source,
            Outflow.Piece first,
            long keepAliveSeconds) {
        if (followers.incrementAndGet() > MAX_FOLLOWERS) {
            followers.decrementAndGet();
            throw new MusterException(
                    ErrorCode.UNAVAILABLE, MAX_FOLLOWERS + " followers are connected already; try again later");
        }
        // past CXF, whose streams block
        var base = Request.getBaseRequest(request);
        var answer = base.getResponse();
        AsyncContext context = base.getAsyncContext();
        answer.setStatus(200);
        answer.setContentType(contentType);
        if (nextOffset != null) {
            answer.setHeader("Muster-Next-Offset", nextOffset);
        }
        var out = answer.getHttpOutput();
        new Outflow(out, context, source, executor, base.getHttpChannel()::abort, followers::decrementAndGet)
                .start(first, executor, keepAliveSeconds);
    }

    /** Suspends the request for as long as its stream goes on. */
    private static void suspend(AsyncResponse response) {
        response.setTimeout(0, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
