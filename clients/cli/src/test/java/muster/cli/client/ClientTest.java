package muster.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.throwable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientTest {
    private final FakeManager manager = new FakeManager();
    private final List<String> told = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void readsJson() {
        manager.on("GET /cluster", 200, "{\"manager\":\"m\"}");

        assertThat(client().get("/cluster").path("manager").asText()).isEqualTo("m");
    }

    @Test
    void escapesWhatUsersGive() {
        manager.on("GET /tasks/17.a%2Fb%20c", 200, "{}");

        assertThat(client().get(Client.path("tasks", "17.a/b c")).isObject()).isTrue();
    }

    @Test
    void aRefusalTellsEveryFaultWithItsPlace() {
        manager.on("POST /jobs", 400, """
                {"title":"Invalid","detail":"two","kind":"user","errors":[
                  {"pointer":"/task/cores","detail":"cores -1 is negative"},
                  {"pointer":"/task/command","detail":"the command is missing"}]}""");

        assertThatThrownBy(() -> client().submit("{}", "key"))
                .asInstanceOf(throwable(Failure.class))
                .satisfies(failure -> {
                    assertThat(failure.exitCode()).isEqualTo(ExitCode.USER);
                    assertThat(failure.details())
                            .containsExactly(
                                    "/task/cores: cores -1 is negative", "/task/command: the command is missing");
                });
    }

    @Test
    void theKindOfARefusalDecidesTheExitCode() {
        manager.on("GET /a", 422, "{\"detail\":\"no worker has 64 cores\",\"kind\":\"resource\"}");
        manager.on("GET /b", 500, "{\"detail\":\"a defect\",\"kind\":\"internal\"}");
        manager.on("GET /c", 503, "{\"detail\":\"no broker\",\"kind\":\"external\"}");
        manager.on("GET /d", 502, "<html>");

        assertFailure("/a", ExitCode.RESOURCE, "no worker has 64 cores");
        assertFailure("/b", ExitCode.INTERNAL, "a defect");
        assertFailure("/c", ExitCode.EXTERNAL, "no broker");
        assertFailure("/d", ExitCode.EXTERNAL, "HTTP status 502");
    }

    @Test
    void anUnknownTokenIsTheUsersFault() {
        var wrong = manager.token().substring(0, 51) + "w".repeat(43);

        assertThatThrownBy(() -> new Client(Connection.of(manager.url(), wrong)).get("/cluster"))
                .asInstanceOf(throwable(Failure.class))
                .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(ExitCode.USER))
                .hasMessageContaining("does not know this token");
    }

    @Test
    void aNameAndAPasswordDoInsteadOfAToken() {
        manager.on("GET /cluster", 200, "{}");
        var authority = new Token(manager.token()).authority();
        var file = Path.of("password");

        assertThat(new Client(Connection.of(manager.url(), new Password("anna", "secret", authority, file)))
                        .get("/cluster"))
                .isEqualTo(Json.object());
        assertThatThrownBy(
                        () -> new Client(Connection.of(manager.url(), new Password("anna", "wrong", authority, file)))
                                .get("/cluster"))
                .asInstanceOf(throwable(Failure.class))
                .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(ExitCode.USER))
                .hasMessageContaining("knows nobody by the name 'anna' and this password; correct password")
                .hasMessageNotContaining("wrong");
    }

    @Test
    void aManagerOfAnotherClusterGetsNoToken() {
        var other = new Certificates();
        var client = new Client(Connection.of(manager.url(), other.token()));

        assertThatThrownBy(() -> client.get("/cluster"))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("is not the manager of the cluster that is meant");
        assertThat(manager.requests()).isEmpty();
    }

    @Test
    void aManagerThatIsNotThereIsNamedWithTheRemedy() {
        manager.stop();

        assertThatThrownBy(() -> client().get("/cluster"))
                .asInstanceOf(throwable(Failure.class))
                .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(ExitCode.EXTERNAL))
                .hasMessageContaining(manager.url())
                .hasMessageContaining("connection refused")
                .hasMessageContaining("./muster up");
        manager.start();
    }

    @Test
    void aServerWithoutTlsIsNamed() throws IOException {
        try (var plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var answered = CompletableFuture.runAsync(() -> answerInClear(plain));
            var url = "https://127.0.0.1:" + plain.getLocalPort();

            assertThatThrownBy(() -> new Client(Connection.of(url, manager.token())).get("/cluster"))
                    .hasMessageContaining("does not speak TLS");
            assertThat(answered).succeedsWithin(Duration.ofSeconds(10));
        }
    }

    private static void answerInClear(ServerSocket server) {
        try (var socket = server.accept()) {
            socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            // closed with the client's bytes unread, it would take the answer back
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aPatientClientOutlastsARestartAndSaysSoOnce() throws Exception {
        manager.on("GET /cluster", 200, "{}");
        manager.stop();

        var answer = CompletableFuture.supplyAsync(() -> patient().get("/cluster"));
        awaitTold(1);
        manager.start();

        assertThat(answer.get(20, TimeUnit.SECONDS).isObject()).isTrue();
        assertThat(told).hasSize(2);
        assertThat(told.get(0)).contains("connection refused").contains("trying again");
        assertThat(told.get(1)).contains("back");
    }

    @Test
    void aPatientClientWaitsForAManagerThatIsNotReady() {
        var asked = new AtomicInteger();
        manager.on(
                "GET /cluster",
                exchange -> FakeManager.send(
                        exchange,
                        asked.incrementAndGet() < 3 ? 503 : 200,
                        "{\"detail\":\"not ready\",\"kind\":\"external\"}"));

        patient().get("/cluster");

        assertThat(asked).hasValue(3);
    }

    @Test
    void aSubmitWaitsForRoomButNotForAManagerThatIsAway() {
        var asked = new AtomicInteger();
        manager.on("POST /jobs", exchange -> {
            exchange.getResponseHeaders().add("Retry-After", "1");
            var full = asked.incrementAndGet() < 2;
            FakeManager.send(
                    exchange,
                    full ? 429 : 503,
                    "{\"detail\":\"'ann' has 2 open jobs\",\"kind\":\"resource\",\"retryable\":true}");
        });

        var patience = new Patience(Duration.ofSeconds(30), told::add);
        assertThatThrownBy(() -> client().submit("{}", "key", patience)).isInstanceOf(Failure.class);

        assertThat(asked).hasValue(2);
        assertThat(told).containsExactly("'ann' has 2 open jobs; trying again for up to 30 s");
        assertThatThrownBy(() -> client().submit("{}", "key", Patience.NONE)).hasMessage("'ann' has 2 open jobs");
    }

    @Test
    void patienceHasABound() {
        manager.stop();

        var client = client().with(new Patience(Duration.ofMillis(300), told::add));
        assertThatThrownBy(() -> client.get("/cluster"))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("connection refused");
        manager.start();
    }

    @Test
    void patienceDoesNotRepeatWhatIsWrong() {
        assertThatThrownBy(() -> patient().get("/nothing")).hasMessageContaining("there is no /nothing");
        assertThat(manager.requests()).hasSize(1);
    }

    @Test
    void aBrokenLogGoesOnWhereItWas() throws IOException {
        manager.on("GET /tasks/1.0/logs", exchange -> {
            var query = exchange.getRequestURI().getQuery();
            if (query.endsWith("offset=0")) {
                exchange.sendResponseHeaders(200, 1000);
                exchange.getResponseBody().write("one ".getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
                throw new IOException("killed");
            }
            FakeManager.send(exchange, 200, query.endsWith("offset=4") ? "two" : "wrong offset");
        });

        var bytes = new ByteArrayOutputStream();
        new TaskLog(patient(), "1.0", "stdout", bytes).follow();

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("one two");
    }

    @Test
    void aLogThatIsStoppedIsFinishedFromWhereItWas() throws Exception {
        var first = new CompletableFuture<Void>();
        var end = new CompletableFuture<Void>();
        manager.on("GET /tasks/1.0/logs", exchange -> {
            var query = exchange.getRequestURI().getQuery();
            if (query.contains("follow=false")) {
                FakeManager.send(exchange, 200, query.endsWith("offset=4") ? "two" : "wrong offset");
                return;
            }
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write("one ".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            end.join();
        });
        var bytes = new ByteArrayOutputStream() {
            @Override
            public void flush() {
                first.complete(null);
            }
        };
        var log = new TaskLog(patient(), "1.0", "stdout", bytes);
        var followed = CompletableFuture.runAsync(() -> {
            try {
                log.follow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        first.get(20, TimeUnit.SECONDS);

        log.stop();
        followed.get(20, TimeUnit.SECONDS);
        log.copy();
        end.complete(null);

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("one two");
        assertThat(told).isEmpty();
    }

    @Test
    void eventsGoOnAfterTheLastSeen() {
        manager.on("GET /events", exchange -> {
            var last = exchange.getRequestHeaders().getFirst("Last-Event-ID");
            var body = "0".equals(last)
                    ? ": comment\n\nid: 5\nevent: task.started\ndata: {\"n\":5}\n\nid: 6\ndata: {\"n\""
                    : "id: 6\nevent: job.succeeded\ndata: {\"n\":\ndata: 6}\n\n";
            exchange.getResponseHeaders().set("X-Last", String.valueOf(last));
            FakeManager.send(exchange, 200, body);
        });

        var seen = new ArrayList<String>();
        patient().events("1", "0", event -> {
            seen.add(event.id() + " " + event.type() + " " + event.data().path("n"));
            return seen.size() < 2;
        });

        assertThat(seen).containsExactly("5 task.started 5", "6 job.succeeded 6");
    }

    /** The same cluster's second manager. */
    private FakeManager second() {
        return new FakeManager(manager.certificates(), "muster://manager/second", 0);
    }

    private Client ofBoth(FakeManager second) {
        return new Client(Connection.of(manager.url() + "," + second.url(), manager.token()));
    }

    private static final String STANDS_BY =
            "{\"detail\":\"manager 'm' leads, this one stands by\",\"kind\":\"external\"}";

    @Test
    void ofSeveralManagersTheOneThatLeadsIsAskedAndThenPreferred() {
        manager.on("GET /cluster", 503, STANDS_BY);
        try (var second = second().on("GET /cluster", 200, "{}")) {
            var client = ofBoth(second);
            client.get("/cluster");
            client.get("/cluster");

            assertThat(client.url()).hasToString(second.url());
            assertThat(manager.requests()).hasSize(1);
            assertThat(second.requests()).hasSize(2);
        }
    }

    @Test
    void whenTheOneThatLedIsGoneTheOtherIsAsked() {
        manager.on("GET /cluster", 200, "{}");
        try (var second = second().on("GET /cluster", 200, "{}").on("POST /jobs", 201, "{}")) {
            var client = ofBoth(second);
            client.get("/cluster");
            manager.stop();

            client.submit("{}", "key");
            client.get("/cluster");

            assertThat(second.requests()).hasSize(2);
        }
        manager.start();
    }

    @Test
    void whatMayHaveBeenDoneIsNotAskedOfAnotherManager() {
        manager.on("POST /tokens", exchange -> {
            throw new IOException("killed");
        });
        manager.on("POST /jobs", exchange -> {
            throw new IOException("killed");
        });
        try (var second = second().on("POST /jobs", 201, "{}").on("POST /tokens", 201, "{}")) {
            assertThatThrownBy(() -> ofBoth(second).post("/tokens")).hasMessageContaining("the connection broke");
            assertThat(second.requests()).isEmpty();

            assertThat(ofBoth(second).submit("{}", "key").isObject()).isTrue();
        }
    }

    @Test
    void aManagerThatIsBusyIsNotTakenForOneThatStandsBy() {
        manager.on("GET /cluster", 429, "{\"detail\":\"too many\",\"kind\":\"resource\"}");
        try (var second = second().on("GET /cluster", 200, "{}")) {
            assertThatThrownBy(() -> ofBoth(second).get("/cluster")).hasMessage("too many");
            assertThat(second.requests()).isEmpty();
        }
    }

    @Test
    void whereNoManagerLeadsEachSaysWhy() {
        manager.stop();
        try (var second = second().on("GET /cluster", 503, STANDS_BY)) {
            assertThatThrownBy(() -> ofBoth(second).get("/cluster"))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("cannot reach the manager at " + manager.url())
                    .hasMessageContaining("this one stands by");
        }
        manager.start();
    }

    @Test
    void eventsGoOnAtTheManagerThatTookOver() {
        manager.on("GET /events", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write("id: 5\ndata: {\"n\":5}\n\n".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            throw new IOException("killed");
        });
        try (var second = second()) {
            second.on(
                    "GET /events",
                    exchange -> FakeManager.send(
                            exchange,
                            200,
                            "id: 6\ndata: {\"n\":\""
                                    + exchange.getRequestHeaders().getFirst("Last-Event-ID") + "\"}\n\n"));
            var seen = new ArrayList<String>();
            var client = ofBoth(second).with(new Patience(Duration.ofSeconds(20), told::add));
            client.events(null, null, event -> {
                manager.on("GET /events", 503, STANDS_BY);
                seen.add(event.id() + " " + event.data().path("n").asText());
                return seen.size() < 2;
            });
            assertThat(seen).containsExactly("5 5", "6 5");
        }
    }

    @Test
    void aStreamOnWhichNothingComesEnds() throws Exception {
        var end = new CompletableFuture<Void>();
        manager.on("GET /events", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write("one".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            end.join();
        });
        try (var in = new Watched(client().open("/events", Duration.ofSeconds(20)), Duration.ofMillis(300))) {
            assertThat(in.readNBytes(3)).hasSize(3);
            var rest = CompletableFuture.supplyAsync(() -> {
                try {
                    return in.read();
                } catch (IOException e) {
                    return -1;
                }
            });
            assertThat(rest.get(20, TimeUnit.SECONDS)).isEqualTo(-1);
        }
        end.complete(null);
    }

    private void awaitTold(int count) {
        var deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (told.size() < count) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private void assertFailure(String path, int exitCode, String message) {
        assertThatThrownBy(() -> client().get(path))
                .asInstanceOf(throwable(Failure.class))
                .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(exitCode))
                .hasMessageContaining(message);
    }

    private Client client() {
        return new Client(manager.connection());
    }

    private Client patient() {
        return client().with(new Patience(Duration.ofSeconds(30), told::add));
    }
}
