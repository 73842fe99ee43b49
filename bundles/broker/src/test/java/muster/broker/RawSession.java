package muster.broker;

import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import muster.transport.Codec;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnectorFactory;

/** Talks to the broker as an attacker would, without a link in between; sends are answered, so refusals throw. */
final class RawSession implements AutoCloseable {
    private final ServerLocator locator;
    private final ClientSession session;

    RawSession(URI url, NodeIdentity identity) throws Exception {
        var parameters = new HashMap<String, Object>(Map.of(
                "host", url.getHost(),
                "port", url.getPort(),
                "sslEnabled", true,
                "verifyHost", false,
                "keyStoreType", "PKCS12",
                "keyStorePath", identity.keyStore().toString(),
                "keyStorePassword", identity.password(),
                "trustStoreType", "PKCS12",
                "trustStorePath", identity.trustStore().toString(),
                "trustStorePassword", identity.password()));
        locator = ActiveMQClient.createServerLocatorWithoutHA(
                        new TransportConfiguration(NettyConnectorFactory.class.getName(), parameters))
                .setBlockOnNonDurableSend(true)
                .setMinLargeMessageSize(Integer.MAX_VALUE);
        session = locator.createSessionFactory().createSession(true, true);
    }

    ClientSession session() {
        return session;
    }

    void send(String queue, String claimedUser, ToManager message) throws Exception {
        var out = session.createMessage(false);
        out.setRoutingType(RoutingType.ANYCAST);
        out.putStringProperty(Message.HDR_VALIDATED_USER.toString(), claimedUser);
        out.getBodyBuffer().writeBytes(Codec.encodeToManager(List.of(message)));
        session.createProducer(queue).send(out);
    }

    void send(String queue, byte[] body) throws Exception {
        var out = session.createMessage(false);
        out.setRoutingType(RoutingType.ANYCAST);
        out.getBodyBuffer().writeBytes(body);
        session.createProducer(queue).send(out);
    }

    @Override
    public void close() {
        locator.close();
    }
}
