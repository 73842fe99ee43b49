package muster.cli.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A manager's REST interface with canned answers, over TLS with a cluster's certificates. */
public final class FakeManager implements AutoCloseable {
    /** The name and password {@code anna:secret}. */
    private static final String ANNA = "Basic YW5uYTpzZWNyZXQ=";

    private final Certificates certificates;
    private final String uri;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private HttpsServer server;
    private ExecutorService threads;
    private int port;

    /** Answers a request; may hang up by throwing. */
    public interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    public FakeManager() {
        this(new Certificates(), "muster://manager/manager", 0);
    }

    /** @param port 0 for any */
    public FakeManager(Certificates certificates, String uri, int port) {
        this.certificates = certificates;
        this.uri = uri;
        this.port = port;
        start();
    }

    public void start() {
        try {
            server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        port = server.getAddress().getPort();
        server.setHttpsConfigurator(new HttpsConfigurator(certificates.server(uri)));
        threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Goes away as a manager that is killed: open connections break. */
    public void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Override
    public void close() {
        // stopping the JDK's server takes a second, which no test has to wait for
        CompletableFuture.runAsync(this::stop);
    }

    /** @param request method and path below {@code /api/v1}, without the query */
    public FakeManager on(String request, Answer answer) {
        answers.put(request, answer);
        return this;
    }

    public FakeManager on(String request, int status, String body) {
        return on(request, exchange -> send(exchange, status, body));
    }

    public static void send(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void handle(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getRawPath().replaceFirst("^/api/v1", "");
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        var authorization = exchange.getRequestHeaders().getFirst("Authorization");
        if (!("Bearer " + token()).equals(authorization) && !ANNA.equals(authorization)) {
            send(exchange, 401, "");
            return;
        }
        var answer = answers.get(exchange.getRequestMethod() + " " + path);
        if (answer == null) {
            send(exchange, 404, "{\"detail\":\"there is no " + path + "\",\"kind\":\"user\",\"errors\":[]}");
        } else {
            answer.to(exchange);
        }
    }

    public String url() {
        return "https://127.0.0.1:" + port;
    }

    Certificates certificates() {
        return certificates;
    }

    public String token() {
        return certificates.token();
    }

    public Connection connection() {
        return Connection.of(url(), token());
    }

    /** What a client finds this cluster by. */
    public Map<String, String> environment() {
        return Map.of("MUSTER_URL", url(), "MUSTER_TOKEN", token(), "HOME", "/nowhere");
    }

    /** Method and path of each request so far. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    public List<String> bodies() {
        return List.copyOf(bodies);
    }
}
