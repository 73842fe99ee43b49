package muster.api;

/** Where a task is. */
public enum TaskState {
    /** Its needs, or the jobs its job comes after, have not ended. */
    WAITING,
    /** May run; waits for a worker. */
    READY,
    /** Sent to a worker, which starts it as soon as a slot is free. */
    ASSIGNED,
    /** A worker said that it started. */
    RUNNING,
    /** Ended well. */
    SUCCEEDED,
    /** Ended badly, and no retry is left. */
    FAILED,
    /** Ended by the user, by {@code maxFails}, or because what it needs did not succeed. */
    CANCELED,
    /** Ended badly and may, or may and was not run since what it takes is not there: that does not fail its job. */
    IGNORED;

    /** Whether it never leaves this state, but for a retry that the user asks for. */
    public boolean terminal() {
        return compareTo(SUCCEEDED) >= 0;
    }
}
