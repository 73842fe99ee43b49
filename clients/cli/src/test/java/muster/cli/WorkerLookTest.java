package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import muster.cli.client.Certificates;
import muster.cli.client.FakeManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A worker answers; the manager is away. */
class WorkerLookTest {
    private final Certificates certificates = new Certificates();
    private final List<String> shown = new CopyOnWriteArrayList<>();
    private HttpsServer worker;

    @BeforeEach
    void start() throws IOException {
        worker = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        worker.setHttpsConfigurator(new HttpsConfigurator(certificates.server("muster://worker/w1")));
        worker.createContext("/", this::answer);
        worker.start();
    }

    @AfterEach
    void stop() {
        // stopping the JDK's server takes a second, which no test has to wait for
        CompletableFuture.runAsync(() -> worker.stop(0));
    }

    private void answer(HttpExchange exchange) throws IOException {
        shown.add(exchange.getRequestHeaders().getFirst("Authorization"));
        switch (exchange.getRequestURI().toString()) {
            case "/v1/worker" ->
                FakeManager.send(
                        exchange,
                        200,
                        "{\"id\":\"w1\",\"version\":\"0.1.0\",\"executors\":[\"native\"],\"attempts\":[{\"attempt\":"
                                + "\"17.3@1\",\"owner\":\"ada\",\"executor\":\"native\",\"state\":\"running\","
                                + "\"startedAt\":null}]}");
            case "/v1/attempts/17.3%401/log?stream=stderr&offset=0" -> FakeManager.send(exchange, 200, "oh");
            case "/v1/attempts/17.3%401/files" ->
                FakeManager.send(exchange, 200, "{\"files\":[{\"path\":\"out/a b\",\"bytes\":7}]}");
            case "/v1/attempts/17.3%401/files/out/a%20b" -> FakeManager.send(exchange, 200, "content");
            default -> FakeManager.send(exchange, 403, "job 18 does not belong to 'ada'");
        }
    }

    private Run look(String id, String... more) {
        var arguments = new ArrayList<>(List.of("worker", "look", id, "--at", address()));
        arguments.addAll(List.of(more));
        return run("https://127.0.0.1:1", arguments.toArray(String[]::new));
    }

    private String address() {
        return "127.0.0.1:" + worker.getAddress().getPort();
    }

    private Run run(String manager, String... arguments) {
        return Run.of(
                Map.of("MUSTER_URL", manager, "MUSTER_TOKEN", certificates.token(), "HOME", "/nowhere"), arguments);
    }

    @Test
    void showsWhatAWorkerRuns() {
        assertThat(look("w1").out()).contains("w1", "0.1.0", "native", "17.3@1", "ada", "running");
    }

    @Test
    void theManagerKnowsWhereItIs() {
        try (var manager = new FakeManager(certificates, "muster://manager/manager", 0)) {
            manager.on("GET /workers/w1", 200, "{\"dataAddress\":\"" + address() + "\"}")
                    .on("GET /workers/w3", 200, "{\"dataAddress\":\"\"}");

            assertThat(run(manager.url(), "worker", "look", "w1").out()).contains("17.3@1");
            assertThat(run(manager.url(), "worker", "look", "w3").err())
                    .contains("does not know where worker 'w3' serves files", "--at HOST:PORT");
        }
    }

    @Test
    void saysHowToDoWithoutTheManager() {
        var away = run("https://127.0.0.1:1", "worker", "look", "w1");
        assertThat(away.exitCode()).isEqualTo(4);
        assertThat(away.err()).contains("127.0.0.1:1", "--at HOST:PORT", "data.port");
    }

    @Test
    void showsTheWorkerNoTokenButAKeyMadeOfIt() {
        look("w1");
        assertThat(shown).singleElement().asString().matches("Bearer [0-9a-f]{64}");
        assertThat(shown.get(0)).doesNotContain(certificates.token());
    }

    @Test
    void printsLogsAndFiles() {
        assertThat(look("w1", "17.3@1", "--stderr").out()).isEqualTo("oh");
        assertThat(look("w1", "17.3@1").out()).contains("7", "out/a b");
        assertThat(look("w1", "17.3@1", "--file", "out/a b").out()).isEqualTo("content");
    }

    @Test
    void saysWhyTheWorkerDoesNotAnswer() {
        var refused = look("w1", "18.0@1", "--stderr");
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.err()).contains("job 18 does not belong to 'ada'");
    }

    @Test
    void asksNoOtherWorker() {
        var other = look("w2");
        assertThat(other.exitCode()).isNotZero();
        assertThat(other.err()).contains("not that of worker 'w2'");
        assertThat(shown).isEmpty();
    }
}
