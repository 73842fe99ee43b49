package muster.transport;

/** Names of the broker's queues. All are anycast. */
public final class Queues {
    /** What workers send to the manager. */
    public static final String MANAGER = "muster.manager";

    /**
     * What the manager tells an external broker itself: the certificates that it must turn away, as
     * {@link CertificateRegister#text}. The broker has this address from its start iff it heeds that.
     */
    public static final String REVOKED = "muster.revoked";

    private static final String WORKER_PREFIX = "muster.worker.";

    private Queues() {}

    /** What the manager sends to one worker. */
    public static String worker(String id) {
        return WORKER_PREFIX + id;
    }
}
