package muster.api.language;

import muster.api.TaskSpec;
import org.osgi.annotation.versioning.ProviderType;

/** What a driver may ask for, as long as the call lasts that got it. */
@ProviderType
public interface Requests {
    /** How many tasks one run may ask for. */
    int MOST = 100_000;

    /**
     * Asks for a task. It has a name of its own; what it needs was asked for before. It takes what earlier ones made by
     * inputs {@code task:NAME/PATH}: data stay with the workers. An output that is not said to stay there is kept.
     *
     * @return the number of this request, from 0: the index of the task
     * @throws muster.api.MusterException INVALID for a task that cannot be part of the run
     */
    int task(TaskSpec task);

    /** Ends the run as failed: what runs is stopped. */
    void fail(String why);
}
