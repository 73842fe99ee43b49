package muster.rest.stream;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.MusterException;
import muster.rest.json.Json;
import org.jspecify.annotations.Nullable;

/** Events as server-sent events. What it holds is its place alone; events wait in the manager. */
final class EventFeed implements Outflow.Source {
    private static final int BATCH = 256;
    private static final long GATHER_MILLIS = 20;

    private final JobService jobs;
    private final @Nullable JobId job;
    private final @Nullable String owner;
    private final Executor gathered;
    private long place;

    /** Whether the client was told that it has heard all there was when it came. */
    private boolean toldAll;

    /** The job that was looked up last, and whether it is the owner's: events of one job come in rows. */
    private @Nullable JobId known;

    private boolean own;

    EventFeed(JobService jobs, long after, @Nullable JobId job, @Nullable String owner, Executor executor) {
        this.jobs = jobs;
        this.place = after;
        this.job = job;
        this.owner = owner;
        this.gathered = CompletableFuture.delayedExecutor(GATHER_MILLIS, TimeUnit.MILLISECONDS, executor);
    }

    /** Tells the client how soon to come back. */
    Outflow.Piece opening() {
        return new Outflow.Piece("retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII), false);
    }

    @Override
    public CompletionStage<Outflow.Piece> next() {
        // read before the events: what comes between is found the next time
        var newest = jobs.newestEvent();
        var events = jobs.events(place, job, BATCH);
        if (events.isEmpty()) {
            place = Math.max(place, newest);
            if (!toldAll) {
                toldAll = true;
                return CompletableFuture.completedFuture(new Outflow.Piece(keepAlive(), false));
            }
            return jobs.eventAfter(place).thenApplyAsync(event -> Outflow.Piece.NONE, gathered);
        }
        var text = new StringBuilder();
        for (var event : events) {
            place = event.id();
            if (!shown(event)) {
                continue;
            }
            text.append("id: ").append(event.id());
            text.append("\nevent: ").append(event.type());
            text.append("\ndata: ").append(Json.text(event)).append("\n\n");
        }
        return CompletableFuture.completedFuture(
                new Outflow.Piece(text.toString().getBytes(StandardCharsets.UTF_8), false));
    }

    private boolean shown(Event event) {
        var of = event.job();
        if (owner == null || of == null) {
            return true;
        }
        if (!of.equals(known)) {
            known = of;
            own = owns(of);
        }
        return own;
    }

    private boolean owns(JobId id) {
        try {
            return jobs.job(id).owner().equals(owner);
        } catch (MusterException e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
            // deleted meanwhile: nobody can say whose it was
            return false;
        }
    }

    @Override
    public byte[] keepAlive() {
        return ":\n\n".getBytes(StandardCharsets.US_ASCII);
    }
}
