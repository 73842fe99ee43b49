package muster.api;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as it stands.
 *
 * @param kind {@code single}, {@code array} or {@code graph}
 * @param tasks how many tasks are in each state; every state is there
 * @param startedAt when its first task was sent to a worker; null before
 * @param finishedAt null before the end
 * @param message why it is in this state where that needs saying, in one line; else empty
 */
public record JobView(
        JobId id,
        String name,
        String owner,
        List<String> tags,
        int priority,
        String kind,
        JobState state,
        int size,
        Map<TaskState, Integer> tasks,
        Instant submittedAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        String message) {
    public JobView {
        tags = List.copyOf(tags);
        var copy = new EnumMap<TaskState, Integer>(TaskState.class);
        for (var taskState : TaskState.values()) {
            copy.put(taskState, tasks.getOrDefault(taskState, 0));
        }
        tasks = Collections.unmodifiableMap(copy);
    }

    /** How many tasks have ended. */
    public int ended() {
        return tasks.entrySet().stream()
                .filter(e -> e.getKey().terminal())
                .mapToInt(Map.Entry::getValue)
                .sum();
    }
}
