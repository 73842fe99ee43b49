package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import muster.api.Fuzz;
import muster.api.JobQuery;
import muster.api.Role;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What anybody on the network can send to the REST port who has no token: bytes instead of TLS, mutated handshakes, and
 * under TLS mutated requests. Nothing comes of it: no failure, no effect, no memory that is kept.
 */
@Tag("proof")
@Timeout(600)
class StrangersFuzzTest {
    private static final int HANDSHAKES = 2_500 * Fuzz.TIMES;
    private static final int BROKEN_REQUESTS = 1_000 * Fuzz.TIMES;
    private static final int REQUESTS = 60_000 * Fuzz.TIMES;
    private static final int REQUESTS_A_CONNECTION = 50;
    private static final int THREADS = 4;
    private static final long MOST_GROWTH = 64 << 20;

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) ");
    private static final List<String> METHODS =
            List.of("GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "FOO");
    private static final List<String> PATHS = List.of(
            "/api/v1/jobs",
            "/api/v1/jobs/1",
            "/api/v1/jobs/1/cancel",
            "/api/v1/tasks/1.0/logs?follow=true",
            "/api/v1/events",
            "/api/v1/tokens",
            "/api/v1/workers/w1/drain",
            "/api/v1/enrol",
            "/api/v1/enrol/renew",
            "/api/v1/objects/sha256:00?bytes=1",
            "/api/v1/openapi.json",
            "/metrics",
            "/docs",
            "/");

    private static final List<String> ENDS = List.of("//", ";a=b", "?", "?a=%zz", "?x=y", "%", "?a=|", "/a/b/c");
    private static final List<String> FATAL_ENDS = List.of("/../../..", "/%2e%2e/", "%00", "/%0d%0a", "/%2f", " x");

    @TempDir
    Path folder;

    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger answers = new AtomicInteger();

    @Test
    void nothingComesOfWhatStrangersSend() throws Exception {
        try (var server = new TestServer(folder)) {
            attack(server, 1, 20);
            server.deeds.clear();
            var before = Fuzz.heapAfterCollection();
            attack(server, 2, 1);
            server.deeds.clear();
            assertThat(Fuzz.heapAfterCollection() - before)
                    .as("growth of the heap")
                    .isLessThan(MOST_GROWTH);
            assertThat(sent.get()).isGreaterThanOrEqualTo(HANDSHAKES + BROKEN_REQUESTS + REQUESTS);
            // most are whole requests, which are answered
            assertThat(answers.get()).isGreaterThan(REQUESTS / 2);
            assertThat(server.jobs
                            .jobs(new JobQuery(Set.of(), null, null, null, null, 10))
                            .items())
                    .isEmpty();
            assertThat(server.send(server.as(Role.VIEWER, "GET", "/api/v1/cluster", ""))
                            .status())
                    .isEqualTo(200);
        }
    }

    /** Everything, shared among threads; a part of it for {@code share} over 1. */
    private void attack(TestServer server, int round, int share) throws Exception {
        var hello = Fuzz.hello(server.client.sslContext());
        var threads = Executors.newFixedThreadPool(THREADS);
        try {
            var works = new ArrayList<Callable<Void>>();
            for (var i = 0; i < THREADS; i++) {
                var fuzz = new Fuzz(Fuzz.SEED * 1000 + round * 10 + i);
                works.add(() -> {
                    for (var n = 0; n <= HANDSHAKES / THREADS / share; n++) {
                        handshake(server, fuzz, hello);
                    }
                    for (var n = 0; n <= BROKEN_REQUESTS / THREADS / share; n++) {
                        talk(server, fuzz.mutated(request(fuzz, true)), 1);
                    }
                    for (var n = 0; n <= REQUESTS / THREADS / share; n += REQUESTS_A_CONNECTION) {
                        requests(server, fuzz);
                    }
                    return null;
                });
            }
            for (var work : threads.invokeAll(works)) {
                work.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private void handshake(TestServer server, Fuzz fuzz, byte[] hello) throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            sent.incrementAndGet();
            socket.getOutputStream().write(fuzz.onceIn(4) ? fuzz.bytes(600) : fuzz.mutated(hello));
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
            // it hung up before it had heard all
        }
    }

    /** Whole requests, one after the other without waiting for the answers. */
    private void requests(TestServer server, Fuzz fuzz) throws IOException {
        var all = new ByteArrayOutputStream();
        for (var i = 0; i < REQUESTS_A_CONNECTION; i++) {
            all.write(request(fuzz, i == REQUESTS_A_CONNECTION - 1));
        }
        talk(server, all.toByteArray(), REQUESTS_A_CONNECTION);
    }

    private void talk(TestServer server, byte[] bytes, int requests) throws IOException {
        sent.addAndGet(requests);
        var heard = "";
        try (var socket = server.connect()) {
            socket.setSoTimeout(60_000);
            var in = socket.getInputStream();
            write(socket.getOutputStream(), bytes);
            socket.shutdownOutput();
            heard = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (SSLException | SocketException e) {
            // it hung up before it had heard all
        }
        var statuses = STATUS.matcher(heard);
        while (statuses.find()) {
            answers.incrementAndGet();
            assertThat(statuses.group(1))
                    .as(() -> "answer to " + new String(bytes, StandardCharsets.ISO_8859_1))
                    .isNotIn("500", "502", "503", "201", "204");
        }
    }

    private static void write(OutputStream out, byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** @param last whether the server may hang up because of it */
    private static byte[] request(Fuzz fuzz, boolean last) {
        var path = fuzz.of(PATHS);
        if (fuzz.onceIn(3)) {
            path = path + fuzz.of(last && fuzz.onceIn(2) ? FATAL_ENDS : ENDS);
        }
        var body = fuzz.onceIn(2) ? "" : fuzz.onceIn(2) ? "{\"worker\":\"w1\",\"publicKey\":\"AQID\"}" : fuzz.text(100);
        var request =
                new StringBuilder(fuzz.of(METHODS)).append(' ').append(path).append(" HTTP/1.1\r\nHost: x\r\n");
        if (fuzz.onceIn(2)) {
            request.append("Authorization: ")
                    .append(fuzz.of(List.of("Bearer ", "Basic ", "bearer  ", "Negotiate ", "")))
                    .append(fuzz.of(List.of(
                            "",
                            "=",
                            "Og==",
                            FakeAccess.EXPIRED,
                            FakeAccess.token(Role.ADMIN).substring(1),
                            "x".repeat(5000))))
                    .append("\r\n");
        }
        for (var i = fuzz.below(4); i > 0; i--) {
            request.append(fuzz.of(List.of(
                    "Content-Type: application/json\r\n",
                    "Content-Type: text/xml\r\n",
                    "Content-Type: ;;;\r\n",
                    "Accept: text/html\r\n",
                    "Accept: */*;q=x\r\n",
                    "Idempotency-Key: a\r\n",
                    "X-HTTP-Method-Override: DELETE\r\n",
                    "Origin: https://evil.example\r\n",
                    "Cookie: a=b; $Version=1; =\r\n",
                    "Range: bytes=0-1,5-\r\n",
                    "Last-Event-ID: x\r\n",
                    "X-Forwarded-For: 1.2.3.4\r\n")));
        }
        request.append("Content-Length: ")
                .append(body.length())
                .append("\r\n\r\n")
                .append(body);
        return request.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
