package muster.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task as it stands.
 *
 * @param item of an array over items; else null
 * @param attempts every attempt so far in order; in lists only the last
 * @param message why it is in this state where that needs saying, in one line; else empty
 * @param cached whether it was not run, since an earlier job had made the same
 */
public record TaskView(
        TaskId id,
        String name,
        String executor,
        @Nullable String item,
        TaskState state,
        List<AttemptView> attempts,
        String message,
        boolean cached) {
    public TaskView {
        attempts = List.copyOf(attempts);
    }
}
