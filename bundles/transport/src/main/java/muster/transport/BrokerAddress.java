package muster.transport;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import org.jspecify.annotations.Nullable;

/**
 * Where the broker is. An OSGi service on the manager: registered by the embedded broker once it listens, or for an
 * external one at once.
 *
 * @param servers such as {@code tcp://127.0.0.1:7071}; several are tried in this order, from the first after each loss
 * @param external whether somebody else looks after it
 */
public record BrokerAddress(List<URI> servers, boolean external) {
    private static final String EXAMPLE = "tcp://broker:7071 or (tcp://broker1:7071,tcp://broker2:7071)";

    public BrokerAddress {
        servers = List.copyOf(servers);
        if (servers.isEmpty()) {
            throw MusterException.invalid("a broker needs an address; write such as " + EXAMPLE);
        }
        servers.forEach(BrokerAddress::require);
    }

    /** The embedded one. */
    public BrokerAddress(URI server) {
        this(List.of(server), false);
    }

    /**
     * Reads where an external one is: one URL, or several in the form in which Artemis writes them: {@code (tcp://a:1,tcp://b:2)}.
     *
     * @throws MusterException INVALID if it is neither
     */
    public static BrokerAddress parse(String text) {
        var stripped = text.strip();
        var several = stripped.startsWith("(") && stripped.endsWith(")");
        var urls = several ? stripped.substring(1, stripped.length() - 1) : stripped;
        return new BrokerAddress(
                Arrays.stream(urls.split(",", -1)).map(url -> uri(url.strip())).toList(), true);
    }

    private static URI uri(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw notAUrl(url, e);
        }
    }

    private static void require(URI server) {
        if (!"tcp".equals(server.getScheme()) || server.getHost() == null || server.getPort() < 1) {
            throw notAUrl(server.toString(), null);
        }
    }

    private static MusterException notAUrl(String url, @Nullable Throwable cause) {
        return new MusterException(
                ErrorCode.INVALID,
                "'" + Names.escape(url) + "' is not the URL of a broker such as " + EXAMPLE + "; correct it",
                cause);
    }

    /** In the form that {@link #parse} reads. */
    @Override
    public String toString() {
        return servers.size() == 1
                ? servers.get(0).toString()
                : servers.stream().map(URI::toString).collect(Collectors.joining(",", "(", ")"));
    }
}
