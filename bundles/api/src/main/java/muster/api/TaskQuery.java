package muster.api;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks of a job to list; by rising index.
 *
 * @param states empty for all
 * @param cursor from {@link Page#next()}; null for the first page
 * @param limit 1 to 1000
 */
public record TaskQuery(
        JobId job, Set<TaskState> states, @Nullable String cursor, int limit) {
    public TaskQuery {
        states = Set.copyOf(states);
        if (limit < 1 || limit > 1000) {
            throw MusterException.invalid("limit " + limit + " is outside 1 to 1000");
        }
    }
}
