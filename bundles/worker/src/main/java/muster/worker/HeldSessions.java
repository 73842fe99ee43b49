package muster.worker;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorKind;
import muster.api.MusterException;
import muster.api.SessionId;
import muster.api.SessionSpec;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions on this worker: each is opened for the first attempt that asks for it, and closed when nobody uses it any
 * more after it was told to be. Of the agent's thread.
 */
final class HeldSessions {
    private static final Logger LOG = LoggerFactory.getLogger(HeldSessions.class);

    private final TaskAttempt.Host host;
    private final Slots slots;
    private final Consumer<Runnable> openers;
    private final Consumer<Runnable> closers;
    private final Consumer<Runnable> agent;
    private final Map<SessionId, HeldSession> current = new LinkedHashMap<>();
    private long number;

    /** Takes the attempts that waited for a session. */
    interface Opened {
        /** @param failure why it is not open; null if it is */
        void tell(List<TaskAttempt> waited, @Nullable Outcome failure);
    }

    /**
     * @param openers threads on which executors open sessions
     * @param closers likewise close them
     * @param agent the agent's thread
     */
    HeldSessions(
            TaskAttempt.Host host,
            Slots slots,
            Consumer<Runnable> openers,
            Consumer<Runnable> closers,
            Consumer<Runnable> agent) {
        this.host = host;
        this.slots = slots;
        this.openers = openers;
        this.closers = closers;
        this.agent = agent;
    }

    List<SessionId> ids() {
        return List.copyOf(current.keySet());
    }

    /** An attempt has come that asks for a session: from now on it stays until the attempt {@link #leave}s. */
    void enter(TaskAttempt attempt, SessionSpec spec) {
        var id = new SessionId(attempt.id().task().job(), attempt.template().executor(), spec.name());
        var session = current.computeIfAbsent(id, i -> new HeldSession(i, spec.memoryBytes(), host, ++number));
        session.users++;
        attempt.session = session;
    }

    /** The session of an attempt that is about to start; another if the executor was replaced since it came. */
    HeldSession of(TaskAttempt attempt, Executor executor) {
        var session = Objects.requireNonNull(attempt.session);
        if (session.executor() != null && session.executor() != executor) {
            close(session.id());
            leave(attempt);
            enter(attempt, Objects.requireNonNull(attempt.template().session()));
        }
        return Objects.requireNonNull(attempt.session);
    }

    /** Opens a new session; until it is open attempts wait in it. */
    void open(HeldSession session, Executor executor, Opened opened) {
        slots.takeMemory(session.memoryBytes());
        session.opening(executor);
        openers.accept(() -> {
            var failure = opened(session, executor);
            agent.accept(() -> {
                var waited = List.copyOf(session.waiting);
                session.waiting.clear();
                if (failure == null) {
                    session.open();
                } else {
                    current.remove(session.id(), session);
                    session.closed();
                    free(session);
                }
                opened.tell(waited, failure);
            });
        });
    }

    // an executor is foreign code: whatever it throws means that it cannot
    private static @Nullable Outcome opened(HeldSession session, Executor executor) {
        try {
            executor.open(session);
            return null;
        } catch (MusterException e) {
            var cause = e.code().kind() == ErrorKind.USER ? Cause.INVALID : Cause.EXECUTOR;
            return Outcome.failure(cause, String.valueOf(e.getMessage()));
        } catch (RuntimeException | LinkageError e) {
            LOG.error("Executor '{}' failed to open session {}", session.id().executor(), session.id(), e);
            return Outcome.failure(Cause.EXECUTOR, "cannot open session " + session.id() + ": " + e);
        }
    }

    /** What an attempt takes and its session has not; empty if it has all. */
    static List<String> missing(TaskAttempt attempt) {
        var spec = Objects.requireNonNull(attempt.template().session());
        return Objects.requireNonNull(attempt.session)
                .missing(spec.takes().stream().map(SessionSpec::object).toList());
    }

    /** How an attempt ends: it has not succeeded if its session has not what the attempt was to make. */
    static Outcome kept(TaskAttempt attempt, Outcome outcome) {
        var session = attempt.session;
        var spec = attempt.template().session();
        if (session == null || spec == null || outcome.cause() != Cause.SUCCESS) {
            return outcome;
        }
        var missing = session.missing(spec.makes());
        return missing.isEmpty()
                ? outcome
                : new Outcome(
                        Cause.EXECUTOR,
                        outcome.exitCode(),
                        outcome.signal(),
                        "executor '" + attempt.template().executor() + "' kept no object "
                                + String.join(", ", missing) + " in session " + session.id()
                                + ", which the task was to make",
                        outcome.usage());
    }

    /** An attempt has left this worker. */
    void leave(TaskAttempt attempt) {
        var session = attempt.session;
        if (session != null) {
            attempt.session = null;
            session.users--;
            if (session.users == 0 && session.state() == HeldSession.State.NEW) {
                current.remove(session.id(), session);
            }
            closeIfIdle(session);
        }
    }

    /** Closes a session once nobody uses it; who asks for it from now on gets a fresh one. */
    void close(SessionId id) {
        var session = current.remove(id);
        if (session != null) {
            session.closing = true;
            closeIfIdle(session);
        }
    }

    /** Closes those whose executor is not this worker's any more. */
    void closeOrphans(ExecutorRegistry registry) {
        for (var session : List.copyOf(current.values())) {
            if (session.executor() != null && !registry.holds(session.executor())) {
                close(session.id());
            }
        }
    }

    void closeAll() {
        ids().forEach(this::close);
    }

    private void closeIfIdle(HeldSession session) {
        if (!session.closing || session.users > 0 || session.state() != HeldSession.State.OPEN) {
            return;
        }
        session.closed();
        closers.accept(() -> {
            closed(session);
            session.remove();
            agent.accept(() -> free(session));
        });
    }

    private static void closed(HeldSession session) {
        try {
            Objects.requireNonNull(session.executor()).close(session);
        } catch (RuntimeException | LinkageError e) {
            LOG.error("Executor '{}' failed to close session {}", session.id().executor(), session.id(), e);
        }
    }

    private void free(HeldSession session) {
        slots.releaseMemory(session.memoryBytes());
    }

    /** Why an attempt does not start that takes what is not there. */
    Outcome lost(AttemptId attempt, HeldSession session, List<String> missing) {
        LOG.info("Attempt {} does not find {} in session {}", attempt, missing, session.id());
        return Outcome.failure(
                Cause.SESSION,
                "session " + session.id() + " on worker '" + host.worker() + "' has not " + String.join(", ", missing));
    }
}
