package muster.api;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The tasks of one category of a job as they stand.
 *
 * @param tasks how many are in each state; every state is there
 */
public record CategoryView(String name, int size, Map<TaskState, Integer> tasks) {
    public CategoryView {
        var copy = new EnumMap<TaskState, Integer>(TaskState.class);
        for (var state : TaskState.values()) {
            copy.put(state, tasks.getOrDefault(state, 0));
        }
        tasks = Collections.unmodifiableMap(copy);
    }
}
