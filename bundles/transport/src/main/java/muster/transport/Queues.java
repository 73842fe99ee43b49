package muster.transport;

/** Names of the broker's queues. All are anycast. */
public final class Queues {
    /** What workers send to the manager. */
    public static final String MANAGER = "muster.manager";

    private static final String WORKER_PREFIX = "muster.worker.";

    private Queues() {}

    /** What the manager sends to one worker. */
    public static String worker(String id) {
        return WORKER_PREFIX + id;
    }
}
