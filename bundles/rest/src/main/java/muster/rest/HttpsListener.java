package muster.rest;

import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import javax.servlet.Servlet;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.TlsFiles;
import muster.rest.json.Json;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.ConnectionLimit;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.HandlerWrapper;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * The HTTPS port. Our own, not one of the container's: its certificate is known only once the manager has made it, its
 * key store's password is written nowhere else, and what it serves is complete before it listens.
 */
final class HttpsListener implements AutoCloseable {
    private static final int THREADS = 64;
    private static final int HEADER_BYTES = 16 << 10;

    /**
     * How much is borne of those who connect.
     *
     * @param idle after so long without a byte in either direction where one is due, a connection is closed
     * @param request how long a header may take to come, and the time over which a body must keep its rate
     * @param connections how many there may be; further ones wait to be accepted
     */
    record Bounds(Duration idle, Duration request, int connections) {
        Bounds {
            if (request.isZero() || connections < 1) {
                throw MusterException.invalid("request.time and connections in etc/muster.rest.cfg are "
                        + Quantity.formatDuration(request) + " and " + connections + "; both must be more than 0");
            }
        }
    }

    private final Server server;
    private final ServerConnector connector;

    private HttpsListener(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /**
     * Listens and serves; port 0 for a free one.
     *
     * @param tls null for plain text
     * @throws MusterException UNAVAILABLE if the port is taken or the certificate cannot be read
     */
    static HttpsListener start(String host, int port, @Nullable TlsFiles tls, Bounds bounds, Servlet servlet) {
        var threads = new QueuedThreadPool(THREADS, 4);
        threads.setName("muster-rest");
        threads.setDaemon(true);
        var server = new Server(threads);
        server.setStopTimeout(2000);
        var ssl = tls == null ? null : ssl(tls);
        var connector = connector(server, ssl, bounds.idle());
        connector.setHost(host);
        connector.setPort(port);
        server.addConnector(connector);
        server.addBean(new ConnectionLimit(bounds.connections(), connector));
        connector.addBean(new SlowConnections(connector, bounds.request()));
        server.setErrorHandler(new ProblemHandler());
        var holder = new ServletHolder("muster-rest", servlet);
        holder.setAsyncSupported(true);
        holder.setInitOrder(0);
        holder.setInitParameter("hide-service-list-page", "true");
        var context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS | ServletContextHandler.NO_SECURITY);
        context.addServlet(holder, "/*");
        context.setErrorHandler(new ProblemHandler());
        var headers = new SafeHeaders();
        headers.setHandler(context);
        server.setHandler(headers);
        var listener = new HttpsListener(server, connector);
        try {
            // what can fail goes first: a servlet that was stopped does not start again
            connector.open();
            if (ssl != null) {
                ssl.start();
            }
            server.start();
        } catch (Exception e) {
            listener.close();
            throw failure(host, port, tls, e);
        }
        return listener;
    }

    private static SslContextFactory.Server ssl(TlsFiles tls) {
        var ssl = new SslContextFactory.Server();
        ssl.setKeyStorePath(tls.keyStore().toString());
        ssl.setKeyStoreType("PKCS12");
        ssl.setKeyStorePassword(tls.password());
        ssl.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        ssl.setIncludeCipherSuites(
                "TLS_AES_256_GCM_SHA384",
                "TLS_AES_128_GCM_SHA256",
                "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_(ECDSA|RSA)_WITH_AES_(128|256)_GCM_SHA(256|384)",
                "TLS_ECDHE_(ECDSA|RSA)_WITH_CHACHA20_POLY1305_SHA256");
        ssl.setRenegotiationAllowed(false);
        return ssl;
    }

    private static ServerConnector connector(Server server, SslContextFactory.@Nullable Server ssl, Duration idle) {
        var http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        var connector =
                ssl == null ? new ServerConnector(server, new HttpConnectionFactory(http)) : secure(server, ssl, http);
        connector.setIdleTimeout(idle.toMillis());
        connector.setAcceptQueueSize(256);
        return connector;
    }

    private static ServerConnector secure(Server server, SslContextFactory.Server ssl, HttpConfiguration http) {
        // clients know us by the cluster's CA, not by a host name
        http.addCustomizer(new SecureRequestCustomizer(false));
        return new ServerConnector(
                server,
                new SslConnectionFactory(ssl, HttpVersion.HTTP_1_1.asString()),
                new HttpConnectionFactory(http));
    }

    private static MusterException failure(String host, int port, @Nullable TlsFiles tls, Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "port " + port + " of " + host + " cannot be had (" + cause.getMessage()
                                + "); stop what listens there, or set port or host in etc/muster.rest.cfg",
                        e);
            }
        }
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                tls == null
                        ? "HTTP does not start (" + e + ")"
                        : "HTTPS with the certificate of " + tls.keyStore() + " does not start (" + e
                                + "); see that the file is the manager's and readable",
                e);
    }

    /** The port it listens on. */
    int port() {
        return connector.getLocalPort();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("HTTPS does not stop", e);
        }
    }

    /** Headers that every answer has. And addresses that CXF would fail at. */
    private static final class SafeHeaders extends HandlerWrapper {
        @Override
        public void handle(String target, Request base, HttpServletRequest request, HttpServletResponse response)
                throws IOException, ServletException {
            response.setHeader("X-Content-Type-Options", "nosniff");
            response.setHeader("Cache-Control", "no-store");
            response.setHeader("Referrer-Policy", "no-referrer");
            response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
            if (malformed(base.getHttpURI().toString())) {
                base.setHandled(true);
                ProblemHandler.write(response, HttpServletResponse.SC_BAD_REQUEST);
                return;
            }
            super.handle(target, base, request, response);
        }

        private static boolean malformed(String address) {
            try {
                return new URI(address).isOpaque();
            } catch (URISyntaxException e) {
                // what it is about is told by the answer
                return true;
            }
        }
    }

    /** What the server itself refuses, such as headers that are too long, as problems too. */
    private static final class ProblemHandler extends ErrorHandler {
        /** A transfer encoding, and a version of HTTP. */
        private static final Set<Integer> UNKNOWN_TO_US = Set.of(501, 505);

        @Override
        public void handle(String target, Request base, HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            base.setHandled(true);
            write(response, response.getStatus());
        }

        private static void write(HttpServletResponse response, int status) throws IOException {
            response.setStatus(status);
            response.setContentType(Problem.MEDIA_TYPE);
            Json.write(problem(status), response.getOutputStream());
        }

        @Override
        public ByteBuffer badMessageError(int status, String reason, HttpFields fields) {
            fields.put("Content-Type", Problem.MEDIA_TYPE);
            return ByteBuffer.wrap(Json.text(problem(status)).getBytes(StandardCharsets.UTF_8));
        }

        private static Problem problem(int status) {
            return status >= 500 && !UNKNOWN_TO_US.contains(status)
                    ? Problem.of(ErrorCode.INTERNAL, status, "the server could not answer; its log says more")
                    : Problem.of(
                            ErrorCode.INVALID, status, "the request is not understood; send HTTP/1.1 as documented");
        }
    }
}
