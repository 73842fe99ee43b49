package muster.manager.store;

import java.util.List;
import muster.api.TaskSpec;
import muster.api.TaskState;

/**
 * What a driver was told, and what it asked for then.
 *
 * @param number from 1, rising by one
 * @param told results in the order in which they were
 * @param asked the tasks that it asked for, in that order
 * @param failure why it ended the run; else empty
 */
public record StoredStep(int number, List<Told> told, List<TaskSpec> asked, String failure) {
    public StoredStep {
        told = List.copyOf(told);
        asked = List.copyOf(asked);
    }

    /**
     * A result.
     *
     * @param task its index
     * @param attempt which one ended it; 0 for none
     * @param asked how many tasks were asked for when it was told
     */
    public record Told(int task, int attempt, TaskState state, int asked) {}
}
