package muster.itests.hot;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import muster.api.Cause;
import muster.api.MusterException;
import muster.api.SessionSpec;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Session;

/**
 * Keeps texts in sessions: a task joins all that it takes and its own command to one text, keeps that as each object that
 * it makes, and writes it to its standard output.
 */
public final class ShelfExecutor implements Executor {
    /** The kind that tasks ask for. */
    public static final String KIND = "shelf";

    private final Map<Session, Map<String, String>> shelves = new ConcurrentHashMap<>();

    @Override
    public Availability probe() {
        return Availability.YES;
    }

    @Override
    public void open(Session session) {
        shelves.put(session, new ConcurrentHashMap<>());
    }

    @Override
    public void close(Session session) {
        shelves.remove(session);
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        for (var attempt : attempts) {
            outcomes.ended(attempt.id(), run(attempt));
        }
    }

    private Outcome run(Attempt attempt) {
        var session = Objects.requireNonNull(attempt.session(), "session");
        var spec = Objects.requireNonNull(attempt.task().session(), "session");
        var shelf = Objects.requireNonNull(shelves.get(session), "shelf");
        var text =
                spec.takes().stream().map(SessionSpec::object).map(shelf::get).collect(Collectors.joining())
                        + String.join(" ", attempt.task().command());
        try {
            for (var object : spec.makes()) {
                session.keep(object, text.length());
                shelf.put(object, text);
            }
            Files.writeString(attempt.stdout(), text);
            return Outcome.success(Usage.NONE);
        } catch (MusterException e) {
            return Outcome.overBudget(e, Usage.NONE);
        } catch (IOException e) {
            return Outcome.failure(Cause.EXECUTOR, e.toString());
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        // they end at once
    }
}
