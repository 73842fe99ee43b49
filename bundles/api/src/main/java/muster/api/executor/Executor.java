package muster.api.executor;

import java.util.List;
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

    /** Stops an attempt and all it started. Idempotent; never blocks. Its outcome is told as for any other end. */
    void cancel(Attempt attempt);
}
