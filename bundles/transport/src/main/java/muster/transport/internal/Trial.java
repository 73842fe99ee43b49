package muster.transport.internal;

import java.net.URI;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.transport.NodeIdentity;
import muster.transport.Queues;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQSecurityException;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ServerLocator;

/** Tries at a broker what it must refuse, before anything is entrusted to it. */
final class Trial {
    private static final long RECEIVE_MILLIS = 5_000;

    private Trial() {}

    /**
     * @param worker of no real worker
     * @throws MusterException UNAVAILABLE if the broker lets anybody do what it must not; and what
     */
    static void require(URI broker, NodeIdentity manager, NodeIdentity worker) throws Exception {
        Connection.inOwnLoader(() -> {
            requireNoStrangers(broker, manager);
            try (var ours = new Party(Connection.locator(broker, manager));
                    var theirs = worker(broker, worker)) {
                requireRules(broker, manager, worker, ours.session, theirs.session);
            }
            return true;
        });
    }

    private static void requireNoStrangers(URI broker, NodeIdentity manager) throws Exception {
        try {
            new Party(Connection.locatorOfStranger(broker, manager)).close();
        } catch (ActiveMQSecurityException e) {
            throw refused(broker, "hears strangers: who shows no certificate is turned away only after having spoken");
        } catch (ActiveMQException e) {
            // as it should be
            return;
        }
        throw refused(broker, "admits strangers: who shows no certificate opens a session");
    }

    private static Party worker(URI broker, NodeIdentity worker) throws Exception {
        try {
            return new Party(Connection.locator(broker, worker));
        } catch (ActiveMQSecurityException e) {
            throw refused(broker, "turns away who has a worker's certificate: " + e.getMessage());
        }
    }

    private static void requireRules(
            URI broker, NodeIdentity manager, NodeIdentity worker, ClientSession ours, ClientSession theirs)
            throws ActiveMQException {
        if (!ours.addressQuery(SimpleString.of(Queues.REVOKED)).isExists()) {
            throw refused(broker, "does not hear which workers were removed");
        }
        var own = Queues.worker(worker.id());
        var another = Queues.worker(worker.id() + ".another");
        Connection.takeQueue(ours, own);
        Connection.takeQueue(ours, another);
        Connection.takeQueue(ours, Queues.MANAGER);
        if (may(() -> theirs.createConsumer(SimpleString.of(another)))) {
            throw refused(broker, "lets a worker read another's queue");
        }
        if (may(() -> theirs.createConsumer(SimpleString.of(Queues.MANAGER)))) {
            throw refused(broker, "lets a worker read the manager's queue");
        }
        if (may(() -> send(theirs, another))) {
            throw refused(broker, "lets a worker send to another");
        }
        var consumer = theirs.createConsumer(SimpleString.of(own));
        theirs.start();
        send(ours, own);
        var message = consumer.receive(RECEIVE_MILLIS);
        if (message == null || !manager.id().equals(message.getValidatedUserID())) {
            throw refused(broker, "does not say by whose certificate a message was sent (populate-validated-user)");
        }
    }

    private interface Deed {
        void carryOut() throws ActiveMQException;
    }

    private static boolean may(Deed deed) throws ActiveMQException {
        try {
            deed.carryOut();
            return true;
        } catch (ActiveMQSecurityException e) {
            return false;
        }
    }

    private static void send(ClientSession session, String queue) throws ActiveMQException {
        var message = session.createMessage(false);
        message.setRoutingType(RoutingType.ANYCAST);
        try (var producer = session.createProducer()) {
            producer.send(SimpleString.of(queue), message);
        }
    }

    private static MusterException refused(URI broker, String why) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                "the broker at " + broker + " is not used, since it " + why
                        + "; use the broker that comes with Muster, or give this one its rules");
    }

    /** A session in which every refusal is told. */
    private static final class Party implements AutoCloseable {
        final ClientSession session;
        private final ServerLocator locator;

        Party(ServerLocator locator) throws Exception {
            this.locator = locator.setBlockOnNonDurableSend(true);
            try {
                session = locator.createSessionFactory()
                        .createSession(null, null, false, true, true, true, locator.getAckBatchSize());
            } catch (Exception e) {
                locator.close();
                throw e;
            }
        }

        @Override
        public void close() throws ActiveMQException {
            try {
                session.close();
            } finally {
                locator.close();
            }
        }
    }
}
