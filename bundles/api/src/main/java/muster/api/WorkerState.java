package muster.api;

/** Where a worker is. */
public enum WorkerState {
    /** Listed in {@code muster.nodes}, never seen. */
    MISSING,
    /** Has a lease and takes tasks. */
    ONLINE,
    /** Has a lease, finishes what it has and takes no more. */
    DRAINING,
    /** Its lease ended. */
    LOST
}
