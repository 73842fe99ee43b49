package muster.rest;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.HttpConnection;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * Ends connections that keep us waiting for the rest of a request: one byte now and then is enough for Jetty's idle
 * timeout, however long it goes on. The first header, with the TLS handshake before it, and each later one that has begun
 * must be complete within the time; of a body, {@value #BYTES_PER_SECOND} bytes a second must come as a mean over it.
 */
final class SlowConnections extends AbstractLifeCycle {
    private static final int BYTES_PER_SECOND = 1024;
    /** How often it is looked within the time. */
    private static final int LOOKS = 10;

    private final ServerConnector connector;
    private final long timeNanos;
    private Map<EndPoint, Wait> waits = new HashMap<>();

    SlowConnections(ServerConnector connector, Duration time) {
        this.connector = connector;
        this.timeNanos = time.toNanos();
    }

    /**
     * What we wait for.
     *
     * @param requests how many have come before
     * @param body whether it is the body
     * @param bytes that had come when this began
     */
    private record Wait(long requests, boolean body, long bytes, long since) {
        boolean goesOnAs(Wait now) {
            return requests == now.requests && body == now.body;
        }
    }

    @Override
    protected void doStart() {
        lookLater();
    }

    private void lookLater() {
        connector.getScheduler().schedule(this::look, timeNanos / LOOKS, TimeUnit.NANOSECONDS);
    }

    private void look() {
        if (!isRunning() && !isStarting()) {
            return;
        }
        var now = System.nanoTime();
        var waiting = new HashMap<EndPoint, Wait>();
        for (var end : connector.getConnectedEndPoints()) {
            var current = wait(end.getConnection(), now);
            if (current == null) {
                continue;
            }
            var before = waits.get(end);
            if (before == null || !before.goesOnAs(current)) {
                waiting.put(end, current);
            } else if (now - before.since < timeNanos) {
                waiting.put(end, before);
            } else if (current.body && current.bytes - before.bytes >= least(now - before.since)) {
                waiting.put(end, current);
            } else {
                end.close();
            }
        }
        waits = waiting;
        lookLater();
    }

    private static long least(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos) * BYTES_PER_SECOND / 1000;
    }

    /** Null if it is not the peer's turn, or it may take its time: between two requests. */
    private static @Nullable Wait wait(Connection connection, long now) {
        if (!(connection instanceof SslConnection tls)
                || !(tls.getDecryptedEndPoint().getConnection() instanceof HttpConnection http)) {
            return null;
        }
        var parser = http.getParser();
        var requests = http.getMessagesIn();
        var header = parser.inHeaderState() && (requests == 0 || !parser.isStart());
        var body = parser.inContentState() && tls.getDecryptedEndPoint().isFillInterested();
        return header || body ? new Wait(requests, body, http.getBytesIn(), now) : null;
    }
}
