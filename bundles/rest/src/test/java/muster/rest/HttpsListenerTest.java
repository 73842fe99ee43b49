package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HttpsListenerTest {
    @TempDir
    Path folder;

    @Test
    void takenPortIsNamedWithTheRemedy() throws IOException {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var port = other.getLocalPort();
            assertThatThrownBy(() -> HttpsListener.start(
                            "127.0.0.1", port, TestServer.tls(folder), HttpsListener.IDLE, new HttpServlet() {}))
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining("port " + port + " of 127.0.0.1")
                    .hasMessageContaining("etc/muster.rest.cfg");
        }
    }

    @Test
    void badKeyStoreIsNamed() throws IOException {
        var file = Files.writeString(folder.resolve("bad.p12"), "nonsense");
        assertThatThrownBy(() -> HttpsListener.start(
                        "127.0.0.1", 0, new TlsFiles(file, "secret"), HttpsListener.IDLE, new HttpServlet() {}))
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
        try (var server = new TestServer(folder, Duration.ofSeconds(1));
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

    private static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            LockSupport.parkNanos(10_000_000);
        }
    }
}
