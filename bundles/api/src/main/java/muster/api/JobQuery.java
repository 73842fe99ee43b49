package muster.api;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs to list; newest first.
 *
 * @param states empty for all
 * @param tag null for any
 * @param owner null for any
 * @param name part of the name; null for any
 * @param cursor from {@link Page#next()}; null for the first page
 * @param limit 1 to 1000
 */
public record JobQuery(
        Set<JobState> states,
        @Nullable String tag,
        @Nullable String owner,
        @Nullable String name,
        @Nullable String cursor,
        int limit) {
    public JobQuery {
        states = Set.copyOf(states);
        if (limit < 1 || limit > 1000) {
            throw MusterException.invalid("limit " + limit + " is outside 1 to 1000");
        }
    }
}
