package muster.manager.results;

import java.time.Instant;
import muster.api.TaskId;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;

/**
 * Where a result comes from.
 *
 * @param abstraction empty for none
 * @param system what the task was about; its own name if it says nothing of that
 * @param milliseconds that the attempt ran; null if that is not known
 */
public record Origin(
        TaskId task,
        String action,
        String abstraction,
        String system,
        @Nullable Instant finishedAt,
        @Nullable Long milliseconds) {
    /** Of a task, which tells by these variables of its environment what it is about, as those of studies do. */
    public static Origin of(TaskId id, TaskSpec task, @Nullable Instant finishedAt, @Nullable Long milliseconds) {
        var told = task.environment();
        return new Origin(
                id,
                told.getOrDefault("LSL_ACTION", task.categoryName()),
                told.getOrDefault("LSL_ABSTRACTION", ""),
                told.getOrDefault("LSL_SYSTEM", task.name().isEmpty() ? Integer.toString(id.index()) : task.name()),
                finishedAt,
                milliseconds);
    }
}
