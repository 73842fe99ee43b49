package muster.api.executor;

import java.util.List;
import muster.api.MusterException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Runs tasks of one kind on this worker. Register it as a service with the property {@value #NAME}; installing or
 * removing the bundle adds or removes the kind at run time. Thread-safe.
 */
@ConsumerType
public interface Executor {
    /** Service property: the kind that a task asks for, unique on a worker. */
    String NAME = "muster.executor";

    /**
     * Says whether this kind can run here now, and if not, why; also what an operator should know of it. Shown to
     * operators as it is. Called when the service appears and every few seconds; may block for a second.
     */
    Availability probe();

    /**
     * Starts attempts and returns at once; no thread is held per attempt. The outcome of each, be it a refusal, is told
     * to {@code outcomes} exactly once: INVALID if its parameters are, EXECUTOR if the runtime (daemon, binary, device)
     * cannot be reached.
     */
    void start(List<Attempt> attempts, Outcomes outcomes);

    /**
     * Opens a session, before the first attempt that asks for it is started. Called by a thread of its own; may take long.
     *
     * @throws muster.api.MusterException INVALID if this kind keeps none or cannot keep such a one; any other if the runtime
     *     cannot be reached. The attempts that wait for it end so
     */
    default void open(Session session) {
        throw MusterException.invalid(
                "executor '" + session.id().executor() + "' keeps no sessions; leave 'session' (--warm) out");
    }

    /**
     * Lets go of all that a session keeps: its job has ended, its worker is drained or goes down, or the executor is
     * replaced. Called once, by a thread of its own, when no attempt uses it any more.
     */
    default void close(Session session) {}

    /** Stops an attempt and all it started. Idempotent; never blocks. Its outcome is told as for any other end. */
    void cancel(Attempt attempt);
}
