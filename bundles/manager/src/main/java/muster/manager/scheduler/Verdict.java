package muster.manager.scheduler;

import muster.api.TaskState;

/**
 * What an attempt's end means for its task.
 *
 * @param last whether the task has ended for good
 * @param state the task goes to once the result is durable
 * @param failure counts against the user's retries; one that is neither this nor the last counts for nothing
 */
public record Verdict(boolean last, TaskState state, boolean failure) {}
