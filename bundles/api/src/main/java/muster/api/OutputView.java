package muster.api;

/**
 * A file that a task made.
 *
 * @param name relative to the workspace of the task
 * @param object such as {@code sha256:…}
 * @param kept whether the manager has it; else a worker does
 */
public record OutputView(
        TaskId task, int attempt, String name, String object, long bytes, boolean executable, boolean kept) {}
