package muster.transport.internal;

import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLPeerUnverifiedException;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import muster.transport.Plaintext;
import muster.transport.Queues;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQQueueExistsException;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientProducer;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ClientSessionFactory;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.api.core.client.SessionFailureListener;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnection;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnectorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to the broker, from its opening to its loss; it never comes back by itself. */
final class Connection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** What is larger is not sent; the embedded broker refuses more. */
    static final int MAX_BYTES = 32 << 20;

    private static final long TTL_MILLIS = 10_000;
    private static final long PING_MILLIS = 3_000;
    private static final int CONNECT_MILLIS = 5_000;
    private static final long CALL_MILLIS = 5_000;
    private static final int WINDOW_BYTES = 1 << 20;

    private final ServerLocator locator;
    private final ClientSession session;
    private final ClientProducer producer;
    private final CompletableFuture<String> lost = new CompletableFuture<>();

    /** Takes what arrives, in order. */
    @FunctionalInterface
    interface Delivery {
        void deliver(Connection from, @Nullable String sender, byte[] bytes);
    }

    private Connection(ServerLocator locator, ClientSession session) throws ActiveMQException {
        this.locator = locator;
        this.session = session;
        this.producer = session.createProducer();
    }

    /** Connects, checks who the broker is, and takes the queue; nothing is delivered before {@link #start}. */
    static Connection open(URI broker, NodeIdentity identity, String queue, Delivery delivery) throws Exception {
        return inOwnLoader(() -> {
            var locator = locator(broker, identity);
            try {
                return open(locator, queue, Plaintext.CHOSEN ? claim(identity, queue) : null, delivery);
            } catch (Exception e) {
                locator.close();
                throw e;
            }
        });
    }

    /** Artemis finds its own classes by the context class loader. */
    static <T> T inOwnLoader(Callable<T> work) throws Exception {
        var thread = Thread.currentThread();
        var loader = thread.getContextClassLoader();
        thread.setContextClassLoader(Connection.class.getClassLoader());
        try {
            return work.call();
        } finally {
            thread.setContextClassLoader(loader);
        }
    }

    /** @param claim who this says it is, where there are no certificates that do; null where there are */
    private static Connection open(ServerLocator locator, String queue, @Nullable String claim, Delivery delivery)
            throws Exception {
        var factory = locator.createSessionFactory();
        if (claim == null) {
            requireManager(factory);
        }
        var session = factory.createSession(claim, null, false, true, true, true, locator.getAckBatchSize());
        var connection = new Connection(locator, session);
        session.addFailureListener(connection.new Losing());
        takeQueue(session, queue);
        session.createConsumer(SimpleString.of(queue)).setMessageHandler(message -> {
            var bytes = new byte[message.getBodySize()];
            message.getBodyBuffer().readBytes(bytes);
            delivery.deliver(connection, message.getValidatedUserID(), bytes);
        });
        return connection;
    }

    private static String claim(NodeIdentity identity, String queue) {
        var role = queue.equals(Queues.MANAGER) ? NodeName.Role.MANAGER : NodeName.Role.WORKER;
        return new NodeName(role, identity.id()).toString();
    }

    static ServerLocator locator(URI broker, NodeIdentity identity) {
        if (Plaintext.CHOSEN) {
            Plaintext.requireLoopback(broker.getHost());
            return locator(tcp(broker));
        }
        var parameters = parameters(broker, identity);
        parameters.putAll(Map.of(
                TransportConstants.KEYSTORE_TYPE_PROP_NAME,
                "PKCS12",
                TransportConstants.KEYSTORE_PATH_PROP_NAME,
                identity.keyStore().toString(),
                TransportConstants.KEYSTORE_PASSWORD_PROP_NAME,
                identity.password()));
        return locator(parameters);
    }

    /** Of who knows the cluster's CA and has no certificate of it. */
    static ServerLocator locatorOfStranger(URI broker, NodeIdentity identity) {
        return locator(parameters(broker, identity));
    }

    private static Map<String, Object> tcp(URI broker) {
        return new HashMap<>(Map.of(
                TransportConstants.HOST_PROP_NAME,
                broker.getHost(),
                TransportConstants.PORT_PROP_NAME,
                broker.getPort(),
                TransportConstants.NETTY_CONNECT_TIMEOUT,
                CONNECT_MILLIS,
                TransportConstants.REMOTING_THREADS_PROPNAME,
                1,
                TransportConstants.USE_GLOBAL_WORKER_POOL_PROP_NAME,
                false,
                TransportConstants.USE_EPOLL_PROP_NAME,
                false,
                TransportConstants.USE_KQUEUE_PROP_NAME,
                false));
    }

    private static Map<String, Object> parameters(URI broker, NodeIdentity identity) {
        var parameters = tcp(broker);
        parameters.putAll(Map.of(
                TransportConstants.SSL_ENABLED_PROP_NAME,
                true,
                TransportConstants.FORCE_SSL_PARAMETERS,
                true,
                TransportConstants.ENABLED_PROTOCOLS_PROP_NAME,
                "TLSv1.3",
                TransportConstants.VERIFY_HOST_PROP_NAME,
                false,
                TransportConstants.TRUSTSTORE_TYPE_PROP_NAME,
                "PKCS12",
                TransportConstants.TRUSTSTORE_PATH_PROP_NAME,
                identity.trustStore().toString(),
                TransportConstants.TRUSTSTORE_PASSWORD_PROP_NAME,
                identity.password()));
        return parameters;
    }

    private static ServerLocator locator(Map<String, Object> parameters) {
        return ActiveMQClient.createServerLocatorWithoutHA(
                        new TransportConfiguration(NettyConnectorFactory.class.getName(), parameters))
                .setUseTopologyForLoadBalancing(false)
                .setInitialConnectAttempts(1)
                .setReconnectAttempts(0)
                .setConfirmationWindowSize(-1)
                .setConnectionTTL(TTL_MILLIS)
                .setClientFailureCheckPeriod(PING_MILLIS)
                .setCallTimeout(CALL_MILLIS)
                .setBlockOnNonDurableSend(false)
                .setProducerWindowSize(WINDOW_BYTES)
                .setConsumerWindowSize(WINDOW_BYTES)
                .setMinLargeMessageSize(MAX_BYTES + WINDOW_BYTES)
                .setUseGlobalPools(false)
                .setThreadPoolMaxSize(2)
                .setFlowControlThreadPoolMaxSize(1)
                .setScheduledThreadPoolMaxSize(1);
    }

    /** The broker must hold a certificate of a manager: one of a worker is signed by the same CA. */
    private static void requireManager(ClientSessionFactory factory) throws ActiveMQException {
        var name = peer(factory).flatMap(NodeName::of);
        if (name.isEmpty() || name.get().role() != NodeName.Role.MANAGER) {
            throw new ActiveMQException("the broker is no manager's: its certificate names "
                    + name.map(NodeName::toString).orElse("no node")
                    + "; check its address, or give it a certificate of a manager");
        }
    }

    private static Optional<X509Certificate> peer(ClientSessionFactory factory) {
        if (!(factory.getConnection().getTransportConnection() instanceof NettyConnection connection)) {
            return Optional.empty();
        }
        try {
            var tls = connection.getChannel().pipeline().get(SslHandler.class);
            return tls != null && tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate first
                    ? Optional.of(first)
                    : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    static void takeQueue(ClientSession session, String queue) throws ActiveMQException {
        try {
            session.createQueue(QueueConfiguration.of(queue)
                    .setRoutingType(RoutingType.ANYCAST)
                    .setDurable(false)
                    .setMaxConsumers(1)
                    .setPurgeOnNoConsumers(true)
                    .setAutoDelete(true));
        } catch (ActiveMQQueueExistsException e) {
            // made by the broker, by a sender or by the connection before
        }
    }

    /** Deliveries begin. */
    void start() throws ActiveMQException {
        session.start();
    }

    /** Sends in order; waits only while the broker takes nothing. Called by one thread. */
    void send(String queue, byte[] bytes) throws ActiveMQException {
        var message = session.createMessage(false);
        message.setRoutingType(RoutingType.ANYCAST);
        message.getBodyBuffer().writeBytes(bytes);
        producer.send(SimpleString.of(queue), message);
    }

    /** Gives the connection up; only the first cause counts. */
    void lose(String cause) {
        lost.complete(cause);
    }

    /** Waits until the connection is lost, and says why. */
    String awaitLoss() throws InterruptedException, ExecutionException {
        return lost.get();
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (ActiveMQException e) {
            LOG.debug("the session ended with its connection", e);
        } finally {
            locator.close();
        }
    }

    /** Turns a failure of the session into the loss of the connection. */
    private final class Losing implements SessionFailureListener {
        @Override
        public void connectionFailed(ActiveMQException exception, boolean failedOver) {
            lose(String.valueOf(exception.getMessage()));
        }

        @Override
        public void connectionFailed(
                ActiveMQException exception, boolean failedOver, @Nullable String scaleDownTargetNodeId) {
            connectionFailed(exception, failedOver);
        }

        @Override
        public void beforeReconnect(ActiveMQException exception) {
            connectionFailed(exception, false);
        }
    }
}
