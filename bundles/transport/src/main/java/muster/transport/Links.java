package muster.transport;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Opens links through the broker; an OSGi service. Thread-safe. */
@ProviderType
public interface Links {
    /** Opens the manager's end: creates the queues it needs, and takes over and empties those that are there. */
    ManagerLink openManager(BrokerAddress broker, NodeIdentity identity, ManagerListener listener);

    /** Opens a worker's end. */
    WorkerLink openWorker(BrokerAddress broker, NodeIdentity identity, WorkerListener listener);

    /**
     * The manager's end. Connects in the background and again after each loss, with backoff; what is sent while it is
     * down is dropped, since both sides reconcile after each connection.
     */
    @ProviderType
    interface ManagerLink extends AutoCloseable {
        /** Stamped on what is sent from now on; workers drop what carries an older one. */
        void epoch(long epoch);

        /** Sends to one worker, in order. Never blocks for long. */
        void send(String worker, List<ToWorker> messages);

        @Override
        void close();
    }

    /** A worker's end; behaves as the manager's. */
    @ProviderType
    interface WorkerLink extends AutoCloseable {
        void send(List<ToManager> messages);

        @Override
        void close();
    }

    /** Hears what happens at the manager's end. Called by one thread at a time. */
    interface ManagerListener {
        void connected();

        /** The link is down, and why; it is being opened again. */
        void disconnected(String cause);

        /** @param worker who sent them, as its certificate says */
        void received(String worker, List<ToManager> messages);
    }

    /** Hears what happens at a worker's end. Called by one thread at a time. */
    interface WorkerListener {
        void connected();

        /** The link is down, and why; it is being opened again. */
        void disconnected(String cause);

        /** @param epoch of the manager that sent them; never lower than one seen before */
        void received(long epoch, List<ToWorker> messages);
    }
}
