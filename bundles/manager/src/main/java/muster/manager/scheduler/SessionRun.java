package muster.manager.scheduler;

import java.util.LinkedHashSet;
import java.util.Set;
import muster.api.SessionId;

/** A session of an open job, and where it is open: one with a name on one worker at most. Not thread-safe. */
final class SessionRun {
    final JobRun job;
    final SessionId id;

    /** Reserved on each worker where it is open. */
    final long memoryBytes;

    /** Where it is open, as far as this manager knows. */
    final Set<WorkerRun> workers = new LinkedHashSet<>();

    /** Rises when what was kept is lost: of an earlier opening nothing is there. */
    int opening;

    SessionRun(JobRun job, SessionId id, long memoryBytes) {
        this.job = job;
        this.id = id;
        this.memoryBytes = memoryBytes;
    }

    /** Whether it matters to placement; one without name and memory is merely warm wherever a task of it ran. */
    boolean matters() {
        return !id.name().isEmpty() || memoryBytes > 0;
    }

    /** The worker that alone may run its tasks is another one. */
    boolean bars(WorkerRun worker) {
        return !id.name().isEmpty() && !workers.isEmpty() && !workers.contains(worker);
    }
}
