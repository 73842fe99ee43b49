package muster.api.language;

import java.nio.charset.StandardCharsets;
import muster.api.TaskState;

/**
 * How a task ended that a driver had asked for.
 *
 * @param request the number of the request
 * @param task its name
 * @param state SUCCEEDED, FAILED, or CANCELED for one that needs what did not succeed
 * @param exitCode -1 if there is none
 * @param message why it did not succeed; else empty
 * @param stdout the first bytes that it wrote, {@value #MOST_BYTES} at most: the way of values that decide
 */
public record Result(int request, String task, TaskState state, int exitCode, String message, byte[] stdout) {
    /** How much of what a task wrote a driver is told. */
    public static final int MOST_BYTES = 64 << 10;

    public boolean succeeded() {
        return state == TaskState.SUCCEEDED;
    }

    /** What it wrote, without spaces and line ends around it. */
    public String text() {
        return new String(stdout, StandardCharsets.UTF_8).strip();
    }
}
