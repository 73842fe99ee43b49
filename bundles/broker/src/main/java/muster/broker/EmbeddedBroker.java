package muster.broker;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import muster.api.AuditService;
import muster.transport.NodeIdentity;
import muster.transport.Plaintext;
import muster.transport.Queues;
import muster.transport.Revocations;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptor;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.core.settings.impl.PageFullMessagePolicy;

/**
 * An Artemis server in this process, for Artemis's own protocol over mutual TLS alone. Nothing survives its end: what is
 * not in memory is in its data folder only because memory is bounded.
 */
final class EmbeddedBroker implements AutoCloseable {
    private static final String ACCEPTOR = "nodes";
    private static final String LOST = "muster.lost";

    /** In which a connection must have shown its certificate and begun to speak. */
    private static final int HANDSHAKE_SECONDS = 10;

    /** Memory for one queue, and for all; what exceeds it goes to disk. */
    private static final long QUEUE_BYTES = 32L << 20;

    private static final long ALL_BYTES = 96L << 20;

    /** Disk for one queue; what exceeds it is dropped. */
    private static final long QUEUE_DISK_BYTES = 2L << 30;

    private final EmbeddedActiveMQ server;
    private final URI url;
    private final Revocations.Listening listening;

    private EmbeddedBroker(EmbeddedActiveMQ server, URI url, Revocations.Listening listening) {
        this.server = server;
        this.url = url;
        this.listening = listening;
    }

    /**
     * Starts a broker; when this returns, it listens.
     *
     * @param host address to listen on
     * @param port 0 for any that is free
     * @throws PortInUseException if something else listens there
     */
    static EmbeddedBroker start(
            String host, int port, Path data, NodeIdentity identity, Revocations revocations, AuditService audit)
            throws Exception {
        return start(host, port, data, identity, revocations, audit, HANDSHAKE_SECONDS);
    }

    /** Likewise, with another patience for those who connect. */
    static EmbeddedBroker start(
            String host,
            int port,
            Path data,
            NodeIdentity identity,
            Revocations revocations,
            AuditService audit,
            int handshakeSeconds)
            throws Exception {
        requireFree(host, port);
        var server = new EmbeddedActiveMQ();
        server.setConfiguration(configuration(host, port, data, identity, handshakeSeconds));
        var security = new NodeSecurity(revocations, audit, Plaintext.CHOSEN);
        server.setSecurityManager(security);
        var thread = Thread.currentThread();
        var loader = thread.getContextClassLoader();
        // Artemis finds its own classes by the context class loader
        thread.setContextClassLoader(EmbeddedBroker.class.getClassLoader());
        try {
            server.start();
            var acceptor = server.getActiveMQServer().getRemotingService().getAcceptor(ACCEPTOR);
            if (!(acceptor instanceof NettyAcceptor netty) || netty.getActualPort() <= 0) {
                throw new IOException("the broker did not start to listen on " + host + ":" + port);
            }
            return new EmbeddedBroker(
                    server, url(host, netty.getActualPort()), security.dropRevoked(server.getActiveMQServer()));
        } catch (Exception e) {
            server.stop();
            throw e;
        } finally {
            thread.setContextClassLoader(loader);
        }
    }

    /** How this node reaches it. */
    URI url() {
        return url;
    }

    @Override
    public void close() throws Exception {
        listening.close();
        server.stop();
    }

    /** Something else listens on the port. */
    static final class PortInUseException extends IOException {
        private static final long serialVersionUID = 1L;

        PortInUseException(int port, IOException cause) {
            super(
                    "muster.broker port " + port
                            + " is in use; set port in etc/muster.broker.cfg or MUSTER_BROKER_PORT",
                    cause);
        }
    }

    /** Artemis itself would tell it in a stack trace. */
    private static void requireFree(String host, int port) throws IOException {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (BindException e) {
            throw new PortInUseException(port, e);
        }
    }

    /** How this machine reaches a broker that listens there. */
    static URI url(String host, int port) throws IOException {
        var address = InetAddress.getByName(host);
        var reachable = address.isAnyLocalAddress() ? "127.0.0.1" : host;
        return URI.create("tcp://" + (reachable.contains(":") ? "[" + reachable + "]" : reachable) + ":" + port);
    }

    static Configuration configuration(String host, int port, Path data, NodeIdentity identity, int handshakeSeconds)
            throws Exception {
        var configuration = new ConfigurationImpl()
                .setName("muster")
                .setPersistenceEnabled(false)
                .setJMXManagementEnabled(false)
                .setSecurityEnabled(true)
                // the caches' keys know a certificate by its subject, not by its node name
                .setAuthenticationCacheSize(0)
                .setAuthorizationCacheSize(0)
                .setPopulateValidatedUser(true)
                .setRejectEmptyValidatedUser(true)
                .setClusterUser(UUID.randomUUID().toString())
                .setClusterPassword(UUID.randomUUID().toString())
                .setPagingDirectory(data.resolve("paging").toString())
                .setLargeMessagesDirectory(data.resolve("large").toString())
                .setJournalDirectory(data.resolve("journal").toString())
                .setBindingsDirectory(data.resolve("bindings").toString())
                .setGlobalMaxSize(ALL_BYTES)
                .setMaxDiskUsage(-1)
                .setMessageExpiryScanPeriod(-1)
                .setCriticalAnalyzer(false)
                .setScheduledThreadPoolMaxSize(2)
                .addAcceptorConfiguration(acceptor(host, port, identity, handshakeSeconds))
                .addAddressSetting("#", settings())
                .addQueueConfiguration(QueueConfiguration.of(Queues.MANAGER)
                        .setRoutingType(RoutingType.ANYCAST)
                        .setDurable(false)
                        .setMaxConsumers(1)
                        .setPurgeOnNoConsumers(true)
                        .setAutoDelete(false));
        configuration.registerBrokerPlugin(new SizeLimit());
        return configuration;
    }

    /** Queues that a sender makes are as those that the links make. */
    private static AddressSettings settings() {
        return new AddressSettings()
                .setAutoCreateAddresses(true)
                .setAutoCreateQueues(true)
                .setDefaultMaxConsumers(1)
                .setDefaultPurgeOnNoConsumers(true)
                .setAutoDeleteQueues(true)
                .setAutoDeleteAddresses(true)
                .setDeadLetterAddress(SimpleString.of(LOST))
                .setExpiryAddress(SimpleString.of(LOST))
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE)
                .setMaxSizeBytes(QUEUE_BYTES)
                .setPageLimitBytes(QUEUE_DISK_BYTES)
                .setPageFullMessagePolicy(PageFullMessagePolicy.DROP);
    }

    private static TransportConfiguration acceptor(String host, int port, NodeIdentity identity, int handshakeSeconds) {
        var parameters = new HashMap<String, Object>(Map.of(
                TransportConstants.HOST_PROP_NAME,
                host,
                TransportConstants.PORT_PROP_NAME,
                port,
                TransportConstants.PROTOCOLS_PROP_NAME,
                "CORE",
                TransportConstants.REMOTING_THREADS_PROPNAME,
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                TransportConstants.USE_EPOLL_PROP_NAME,
                false,
                TransportConstants.USE_KQUEUE_PROP_NAME,
                false,
                TransportConstants.QUIET_PERIOD,
                0));
        parameters.putAll(Map.of(
                TransportConstants.SSL_HANDSHAKE_TIMEOUT,
                handshakeSeconds,
                TransportConstants.HANDSHAKE_TIMEOUT,
                handshakeSeconds));
        if (Plaintext.CHOSEN) {
            Plaintext.requireLoopback(host);
        } else {
            parameters.putAll(tls(identity));
        }
        return new TransportConfiguration(NettyAcceptorFactory.class.getName(), parameters, ACCEPTOR, Map.of());
    }

    private static Map<String, Object> tls(NodeIdentity identity) {
        return Map.of(
                TransportConstants.SSL_ENABLED_PROP_NAME,
                true,
                TransportConstants.NEED_CLIENT_AUTH_PROP_NAME,
                true,
                TransportConstants.ENABLED_PROTOCOLS_PROP_NAME,
                "TLSv1.3",
                TransportConstants.KEYSTORE_TYPE_PROP_NAME,
                "PKCS12",
                TransportConstants.KEYSTORE_PATH_PROP_NAME,
                identity.keyStore().toString(),
                TransportConstants.KEYSTORE_PASSWORD_PROP_NAME,
                identity.password(),
                TransportConstants.TRUSTSTORE_TYPE_PROP_NAME,
                "PKCS12",
                TransportConstants.TRUSTSTORE_PATH_PROP_NAME,
                identity.trustStore().toString(),
                TransportConstants.TRUSTSTORE_PASSWORD_PROP_NAME,
                identity.password());
    }
}
