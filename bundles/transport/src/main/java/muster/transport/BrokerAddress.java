package muster.transport;

import java.net.URI;

/**
 * A broker that is ready. An OSGi service: registered by the embedded broker once it listens.
 *
 * @param url such as {@code tcp://127.0.0.1:7071}
 */
public record BrokerAddress(URI url) {}
