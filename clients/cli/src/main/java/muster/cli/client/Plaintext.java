package muster.cli.client;

import java.util.Set;

/** The switch for developers by which a cluster of this machine speaks plain text, to measure what TLS costs. */
public final class Plaintext {
    private static final String VARIABLE = "MUSTER_DEVELOPMENT_PLAINTEXT";
    private static final String VALUE = "no-security";

    /** Whether this process was started so. */
    public static final boolean CHOSEN = VALUE.equals(System.getenv(VARIABLE));

    /** What managers are asked by. */
    public static final String SCHEME = CHOSEN ? "http" : "https";

    /** What its user must know. */
    public static final String WARNING = "THERE IS NO SECURITY: " + VARIABLE + "=" + VALUE
            + " turns TLS off, and every user of this machine can act as any node. For measurements alone";

    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "[::1]", "localhost");

    private Plaintext() {}

    /** Whether a manager there may be asked so. */
    static boolean allows(String host) {
        return !CHOSEN || LOOPBACK.contains(host);
    }
}
