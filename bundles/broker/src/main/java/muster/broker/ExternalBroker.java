package muster.broker;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import muster.transport.Queues;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.CoreAddressConfiguration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptor;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/**
 * A broker in a process of its own: Artemis as {@code broker.xml} says, with the same rules as the embedded one for who
 * may do what and how large a message may be.
 *
 * <p>All lies in one folder: {@code keystore.password}, {@code broker.p12} and {@code trust.p12}, which the manager
 * makes in {@code security/broker}; {@code broker.xml}, written if it is not there; {@code revoked}, what the manager said
 * of certificates; and {@code data}.
 */
public final class ExternalBroker implements AutoCloseable {
    private static final String CONFIGURATION = "broker.xml";
    private static final String PASSWORD_FILE = "keystore.password";
    private static final String REVOKED = "revoked";
    private static final String ACCEPTOR = "nodes";

    /** Names of the system properties that {@code broker.xml} refers to. */
    private static final String FOLDER = "muster.broker.folder";

    /** The same, as part of an URL. */
    private static final String KEYS = "muster.broker.keys";

    private static final String PASSWORD = "muster.broker.password";

    private final EmbeddedActiveMQ server;
    private final URI url;

    private ExternalBroker(EmbeddedActiveMQ server, URI url) {
        this.server = server;
        this.url = url;
    }

    /** Runs until the process is told to end. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("muster-broker: name the folder that has the broker's certificate: a copy of the"
                    + " manager's security/broker");
            System.exit(2);
        }
        var broker = start(Path.of(arguments[0]));
        var ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            try {
                                broker.close();
                            } catch (Exception e) {
                                System.err.println("muster-broker: did not stop in order: " + e);
                            }
                            ended.countDown();
                        },
                        "muster-broker-stop"));
        System.out.println("muster-broker: listens on " + broker.url);
        ended.await();
    }

    /** Starts a broker; when this returns, it listens. */
    static ExternalBroker start(Path folder) throws Exception {
        var revoked = RevokedCertificates.open(folder.resolve(REVOKED));
        var configuration = configuration(folder);
        configuration.registerBrokerPlugin(new SizeLimit());
        configuration.registerBrokerPlugin(revoked);
        configuration.addAddressConfiguration(
                new CoreAddressConfiguration().setName(Queues.REVOKED).addRoutingType(RoutingType.ANYCAST));
        var security = new NodeSecurity(revoked, deed -> {});
        var server = new EmbeddedActiveMQ();
        server.setConfiguration(configuration);
        server.setSecurityManager(security);
        server.start();
        security.dropRevoked(server.getActiveMQServer());
        try {
            var acceptor = server.getActiveMQServer().getRemotingService().getAcceptor(ACCEPTOR);
            if (!(acceptor instanceof NettyAcceptor netty)) {
                throw new IOException("the broker has no acceptor named '" + ACCEPTOR + "'; see " + CONFIGURATION);
            }
            var host = String.valueOf(netty.getConfiguration().get(TransportConstants.HOST_PROP_NAME));
            return new ExternalBroker(server, EmbeddedBroker.url(host, netty.getActualPort()));
        } catch (IOException e) {
            server.stop();
            throw e;
        }
    }

    /** How this machine reaches it. */
    URI url() {
        return url;
    }

    static Configuration configuration(Path folder) throws Exception {
        var place = folder.toAbsolutePath().normalize();
        var file = place.resolve(CONFIGURATION);
        if (!Files.exists(file)) {
            try (InputStream in = ExternalBroker.class.getResourceAsStream(CONFIGURATION)) {
                Files.copy(Objects.requireNonNull(in, "the template is in this jar"), file);
            }
        }
        var password = place.resolve(PASSWORD_FILE);
        if (!Files.isReadable(password)) {
            throw new IOException(password + " cannot be read; copy the manager's security/broker to " + place);
        }
        // not on the command line, where every user of the machine can read it
        System.setProperty(PASSWORD, escape(Files.readString(password).strip()));
        System.setProperty(KEYS, escape(place.toString()));
        System.setProperty(FOLDER, place.toString());
        var configuration = new FileConfiguration();
        var deployment = new FileDeploymentManager(file.toUri().toString());
        deployment.addDeployable(configuration);
        deployment.readConfiguration();
        return configuration;
    }

    private static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public void close() throws Exception {
        server.stop();
    }
}
