package muster.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Why a task is where it is.
 *
 * @param summary in one line
 * @param waitsFor what has to happen first, one line each
 * @param workers for a task that is ready: each worker's id, and what keeps the task from it
 * @param ahead how many ready tasks come before it; null when it is not ready
 */
public record Explanation(
        TaskId task,
        TaskState state,
        String summary,
        List<String> waitsFor,
        Map<String, String> workers,
        @Nullable Integer ahead) {
    public Explanation {
        waitsFor = List.copyOf(waitsFor);
        workers = Collections.unmodifiableMap(new TreeMap<>(workers));
    }
}
