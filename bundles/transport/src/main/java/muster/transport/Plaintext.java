package muster.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import muster.api.MusterException;
import muster.api.Names;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A switch for developers who measure what TLS costs: REST and the broker speak plain text, and whoever comes is believed
 * to be the node that it says it is. For loopback addresses alone; what would listen elsewhere, or go there, does not start.
 */
public final class Plaintext {
    /** The variable of the environment and its value. */
    private static final String VARIABLE = "MUSTER_DEVELOPMENT_PLAINTEXT";

    private static final String VALUE = "no-security";

    /** Whether this process was started so. */
    public static final boolean CHOSEN = VALUE.equals(System.getenv(VARIABLE));

    private static final Logger LOG = LoggerFactory.getLogger(Plaintext.class);

    static {
        if (CHOSEN) {
            LOG.warn(
                    "THERE IS NO SECURITY: {}={} turns TLS off. Every user and program of this machine can act as any node"
                            + " and read all tokens. For measurements alone; unset it and start again",
                    VARIABLE,
                    VALUE);
        }
    }

    private Plaintext() {}

    /**
     * Lets pass what stays on this machine.
     *
     * @throws MusterException INVALID for any other host
     */
    public static void requireLoopback(String host) {
        try {
            if (InetAddress.getByName(host).isLoopbackAddress()) {
                return;
            }
        } catch (UnknownHostException e) {
            LOG.debug("no loopback address", e);
        }
        throw MusterException.invalid("'" + Names.escape(host) + "' is no loopback address, and " + VARIABLE + "="
                + VALUE + " turns TLS off, which is for those alone; unset it, or use 127.0.0.1");
    }
}
