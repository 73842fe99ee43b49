package muster.transport;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Opens links through the broker; an OSGi service. Thread-safe.
 *
 * <p>Each end makes the queue that it consumes where it is not there ({@link Queues}) and takes it alone: a second
 * consumer waits until the first is gone, be it a second manager, or a worker whose dead connection the broker has not
 * noticed yet. A queue whose consumer is gone keeps nothing, and what is sent to it is dropped; so nothing stale waits
 * there for a new epoch or a new session. Between two ends that are up, messages arrive in order and are not lost.
 *
 * <p>The broker allows each node just that, be it embedded or external. Its own certificate must be a manager's: signed
 * by the cluster's CA, with a node name {@code muster://manager/...}.
 */
@ProviderType
public interface Links {
    /** The longest pause before an end whose connection is lost tries again. */
    Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /**
     * Opens the manager's end. Returns at once.
     *
     * @param trial for a broker that others look after, the identity of a worker that is none: at each connection the
     *     broker is tried by it, and not used if it admits strangers, lets a worker read what is not its own or takes no
     *     word of revoked certificates. Null for the embedded one
     */
    ManagerLink openManager(
            BrokerAddress broker, NodeIdentity identity, @Nullable NodeIdentity trial, ManagerListener listener);

    /**
     * Opens a worker's end. Returns at once. After each connection it hears nothing until the manager has answered its
     * {@link ToManager.Hello} with a {@link ToWorker.Welcome} of the same session, or refused it: what comes before was
     * sent by a manager that had not reconciled yet.
     */
    WorkerLink openWorker(BrokerAddress broker, NodeIdentity identity, WorkerListener listener);

    /**
     * The manager's end. Connects in the background and again after each loss, with backoff; what is sent while it is
     * down is dropped, since both sides reconcile after each connection.
     */
    @ProviderType
    interface ManagerLink extends AutoCloseable {
        /** Stamped on what is sent from now on; workers drop what carries an older one. */
        void epoch(long epoch);

        /** Sends to one worker, in order. Never blocks. */
        void send(String worker, List<ToWorker> messages);

        /**
         * Tells the broker, now and at each connection, which certificates to turn away; what it was told before counts
         * no longer. Never blocks.
         */
        void revoked(CertificateRegister register);

        /** Sends what waits, for at most two seconds, and closes the link; its listener hears nothing more. */
        @Override
        void close();
    }

    /** A worker's end; behaves as the manager's. */
    @ProviderType
    interface WorkerLink extends AutoCloseable {
        /** Sends to the manager, in order. Never blocks. */
        void send(List<ToManager> messages);

        /** No manager answers: where the broker has several servers, connects to the next. Never blocks. */
        void unanswered();

        /** Sends what waits, for at most two seconds, and closes the link; its listener hears nothing more. */
        @Override
        void close();
    }

    /** Hears what happens at the manager's end. Called by one thread at a time. */
    interface ManagerListener {
        void connected();

        /**
         * The link is down or could not be opened, and why, in a line for the operator; it is being opened again. Told once
         * for each loss, and again when the cause changes.
         */
        void disconnected(String cause);

        /** @param worker who sent them, as its certificate says */
        void received(String worker, List<ToManager> messages);
    }

    /** Hears what happens at a worker's end. Called by one thread at a time. */
    interface WorkerListener {
        void connected();

        /**
         * The link is down or could not be opened, and why, in a line for the operator; it is being opened again. Told once
         * for each loss, and again when the cause changes.
         */
        void disconnected(String cause);

        /** @param epoch of the manager that sent them; never lower than one seen before */
        void received(long epoch, List<ToWorker> messages);
    }
}
