package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.servlet.http.HttpServlet;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TaskId;
import muster.api.TlsFiles;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HttpsListenerTest {
    private static final Duration SOON = Duration.ofMillis(500);

    /** Enough for a handshake on a machine that has other things to do. */
    private static final Duration AMPLE = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    @Test
    void takenPortIsNamedWithTheRemedy() throws IOException {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var port = other.getLocalPort();
            assertThatThrownBy(() -> HttpsListener.start(
                            "127.0.0.1", port, TestServer.tls(folder), TestServer.BOUNDS, new HttpServlet() {}))
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining("port " + port + " of 127.0.0.1")
                    .hasMessageContaining("etc/muster.rest.cfg");
        }
    }

    @Test
    void badKeyStoreIsNamed() throws IOException {
        var file = Files.writeString(folder.resolve("bad.p12"), "nonsense");
        assertThatThrownBy(() -> HttpsListener.start(
                        "127.0.0.1", 0, new TlsFiles(file, "secret"), TestServer.BOUNDS, new HttpServlet() {}))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("bad.p12")
                .hasMessageNotContaining("secret");
    }

    @Test
    void oldProtocolsAreNotSpoken() throws IOException {
        try (var server = new TestServer(folder)) {
            for (var protocol : List.of("TLSv1.3", "TLSv1.2")) {
                try (var socket = (SSLSocket) server.connect()) {
                    socket.setEnabledProtocols(new String[] {protocol});
                    socket.startHandshake();
                    assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
                    assertThat(socket.getSession().getCipherSuite()).containsPattern("GCM|CHACHA20");
                }
            }
            try (var socket = (SSLSocket) server.connect()) {
                socket.setEnabledProtocols(new String[] {"TLSv1.2"});
                socket.setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"});
                assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLHandshakeException.class);
            }
        }
    }

    @Test
    void followersThatTakeNothingAreDroppedAndNothingGathersForThem() throws IOException {
        try (var server = new TestServer(folder, bounds(Duration.ofSeconds(1), Duration.ofSeconds(20), 100));
                var socket = server.connect()) {
            var job = server.jobs.submit(JobSpec.command(List.of("true")), "ursula", null);
            var task = new TaskId(new JobId(job.value()), 0);
            server.jobs.write(task, LogStream.STDOUT, new byte[64 << 20]);
            socket.getOutputStream()
                    .write(("GET /api/v1/tasks/" + task + "/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                    + FakeAccess.token(Role.VIEWER) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            await(() -> server.followers() == 1);
            await(() -> server.followers() == 0);
            assertThat(server.jobs.furthestRead).isLessThan(32 << 20);
        }
    }

    private static HttpsListener.Bounds bounds(Duration idle, Duration request, int connections) {
        return new HttpsListener.Bounds(idle, request, connections);
    }

    /** A server that bears those who say nothing, but not those who are slow. */
    private TestServer impatient(Duration request) {
        return new TestServer(folder, bounds(Duration.ofMinutes(10), request, 100));
    }

    /** Sends a byte of {@code text}, over and over, every 50 ms until the server has had enough. */
    private static void trickle(Socket socket, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        socket.setSoTimeout(50);
        for (var i = 0; ; i++) {
            try {
                socket.getOutputStream().write(bytes[i % bytes.length]);
                if (socket.getInputStream().read() < 0) {
                    return;
                }
            } catch (SocketTimeoutException e) {
                // it still listens
                assertThat(i).isLessThan(600);
            } catch (SocketException | SSLException e) {
                return;
            }
        }
    }

    @Test
    void headersThatComeByteByByteAreCutOff() throws IOException {
        try (var server = impatient(SOON);
                var socket = server.connect()) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
            trickle(socket, "x: y\r\n");
        }
    }

    @Test
    void handshakesThatAreNotEndedAreCutOff() throws IOException {
        try (var server = impatient(SOON);
                var silent = new Socket("127.0.0.1", server.port());
                var slow = new Socket("127.0.0.1", server.port())) {
            assertThat(silent.getInputStream().read()).isNegative();
            // the head of a record of 4 KiB, which never ends
            slow.getOutputStream().write(new byte[] {22, 3, 1, 16, 0});
            trickle(slow, "\1\0");
        }
    }

    @Test
    void bodiesThatComeByteByByteAreCutOff() throws IOException {
        try (var server = impatient(SOON);
                var socket = server.connect()) {
            socket.getOutputStream()
                    .write(("POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: 1000000\r\nAuthorization: Bearer "
                                    + FakeAccess.token(Role.USER) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            trickle(socket, " ");
        }
    }

    @Test
    @Tag("proof")
    void bodiesThatKeepTheRateAreHeardToTheirEnd() throws IOException {
        try (var server = impatient(AMPLE);
                var socket = server.connect()) {
            var body = " ".repeat(20_000) + "{\"task\":{\"command\":[\"true\"]}}";
            var out = socket.getOutputStream();
            out.write(("POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            + "Content-Type: application/json\r\nContent-Length: " + body.length()
                            + "\r\nAuthorization: Bearer " + FakeAccess.token(Role.USER) + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            for (var from = 0; from < body.length(); from += 1000) {
                out.write(body.substring(from, Math.min(from + 1000, body.length()))
                        .getBytes(StandardCharsets.US_ASCII));
                LockSupport.parkNanos(100_000_000);
            }
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 201");
        }
    }

    @Test
    @Tag("proof")
    void connectionsBetweenTwoRequestsMayTakeTheirTime() throws IOException {
        try (var server = impatient(AMPLE);
                var socket = server.connect();
                var other = new Socket("127.0.0.1", server.port())) {
            var ask = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(ask);
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            // one that never asks is cut off in the meantime, and then some more
            for (var i = 0; i < 2; i++) {
                try (var silent = i == 0 ? other : new Socket("127.0.0.1", server.port())) {
                    assertThat(silent.getInputStream().read()).isNegative();
                }
            }
            socket.getInputStream().skipNBytes(socket.getInputStream().available());
            socket.getOutputStream().write(ask);
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
    }

    @Tag("proof")
    @Test
    void connectionsBeyondTheLimitWaitForTheirTurn() throws Exception {
        try (var server = new TestServer(folder, bounds(Duration.ofSeconds(30), Duration.ofSeconds(2), 2));
                var first = new Socket("127.0.0.1", server.port());
                var second = new Socket("127.0.0.1", server.port())) {
            // both are silent and are cut off; only then it is this one's turn
            assertThat(server.send(server.request("GET", "/healthz", "")).status())
                    .isEqualTo(200);
            assertThat(first.getInputStream().read()).isNegative();
            assertThat(second.getInputStream().read()).isNegative();
        }
    }

    private static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            LockSupport.parkNanos(10_000_000);
        }
    }
}
