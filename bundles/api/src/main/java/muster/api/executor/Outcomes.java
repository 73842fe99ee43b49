package muster.api.executor;

import muster.api.AttemptId;
import org.osgi.annotation.versioning.ProviderType;

/** Takes what becomes of attempts. Thread-safe; never blocks. */
@ProviderType
public interface Outcomes {
    /** The attempt began to run. Optional; at most once, before {@link #ended}. */
    void started(AttemptId attempt);

    /** The attempt ended. Exactly once for each attempt. */
    void ended(AttemptId attempt, Outcome outcome);
}
