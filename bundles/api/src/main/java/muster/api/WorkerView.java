package muster.api;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A worker as it stands.
 *
 * @param address how other machines reach it; empty if it never came
 * @param dataAddress where it serves files and shows what it runs, {@code host:port}; empty if it never came, or serves none
 * @param capacity null if it never came
 * @param coresInUse by tasks sent to it
 * @param running how many tasks it runs
 * @param assigned how many more wait on it for a slot
 * @param message what an operator should know; else empty
 */
public record WorkerView(
        String id,
        WorkerState state,
        String address,
        String dataAddress,
        String version,
        @Nullable Capacity capacity,
        List<ExecutorView> executors,
        double coresInUse,
        int running,
        int assigned,
        @Nullable Instant since,
        @Nullable Instant lastSeen,
        String message) {
    public WorkerView {
        executors = List.copyOf(executors);
    }
}
