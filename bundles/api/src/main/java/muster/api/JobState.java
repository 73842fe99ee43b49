package muster.api;

/** Where a job is. */
public enum JobState {
    /** No task has been sent to a worker. */
    WAITING,
    /** A task has been sent to a worker, and not all have ended. */
    RUNNING,
    /** Every task ended; each succeeded, or its failure is ignored. */
    SUCCEEDED,
    /** Every task ended, and one failed. */
    FAILED,
    /** Every task ended, none failed, and one was canceled. */
    CANCELED;

    /** Whether it never leaves this state, but for a retry that the user asks for. */
    public boolean terminal() {
        return compareTo(SUCCEEDED) >= 0;
    }
}
