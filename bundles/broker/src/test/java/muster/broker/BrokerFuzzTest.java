package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import muster.api.Fuzz;
import muster.data.Authority;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What anybody on the network can send to the broker's port: bytes instead of TLS and mutated handshakes. And what a node
 * can send that holds a certificate of the cluster but opens no session: frames of any kind. The same for the same
 * {@code -Dmuster.fuzz.seed=N}; {@code -Dmuster.fuzz.times=N} for a run so many times as long.
 */
@Tag("proof")
@Timeout(600)
final class BrokerFuzzTest {
    private static final int HANDSHAKES = 3_000 * Fuzz.TIMES;
    private static final int FRAMES = 40_000 * Fuzz.TIMES;
    private static final int FRAMES_A_CONNECTION = 100;
    private static final int THREADS = 4;
    private static final long MOST_GROWTH = 64 << 20;
    private static final byte[] GREETING = "ARTEMIS".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path folder;

    private final AtomicInteger sent = new AtomicInteger();

    @Test
    void nothingComesOfWhatStrangersSend() throws Exception {
        var authority = new Authority(folder);
        var context = NodeSocket.context(authority.worker("w1"));
        try (var broker = EmbeddedBroker.start(
                "127.0.0.1",
                0,
                folder.resolve("data"),
                authority.manager("manager"),
                new FakeRevocations(),
                deed -> {})) {
            attack(broker.url(), context, 1, 20);
            var before = Fuzz.heapAfterCollection();
            attack(broker.url(), context, 2, 1);
            assertThat(Fuzz.heapAfterCollection() - before)
                    .as("growth of the heap")
                    .isLessThan(MOST_GROWTH);
            assertThat(sent.get()).isGreaterThanOrEqualTo(HANDSHAKES + FRAMES);
            carriesAWord(broker.url(), authority);
        }
    }

    /** Nobody else holds the manager's queue, and what a worker sends is all that is in it. */
    private static void carriesAWord(URI url, Authority authority) throws Exception {
        try (var manager = new RawSession(url, authority.manager("manager"));
                var worker = new RawSession(url, authority.worker("w1"))) {
            var consumer = manager.session().createConsumer("muster.manager");
            manager.session().start();
            worker.send("muster.manager", new byte[] {7});
            var message = consumer.receive(Recorder.patienceMillis());
            assertThat(message.getBodyBuffer().readByte()).isEqualTo((byte) 7);
            assertThat(consumer.receiveImmediate()).isNull();
        }
    }

    private void attack(URI url, SSLContext context, int round, int share) throws Exception {
        var hello = Fuzz.hello(context);
        var threads = Executors.newFixedThreadPool(THREADS);
        try {
            var works = new ArrayList<Callable<Void>>();
            for (var i = 0; i < THREADS; i++) {
                var fuzz = new Fuzz(Fuzz.SEED * 1000 + round * 10 + i);
                works.add(() -> {
                    for (var n = 0; n <= HANDSHAKES / THREADS / share; n++) {
                        handshake(url, fuzz, hello);
                    }
                    for (var n = 0; n <= FRAMES / THREADS / share; n += FRAMES_A_CONNECTION) {
                        frames(url, fuzz, context);
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

    private void handshake(URI url, Fuzz fuzz, byte[] hello) throws IOException {
        try (var socket = new Socket(url.getHost(), url.getPort())) {
            sent.incrementAndGet();
            socket.getOutputStream().write(fuzz.onceIn(4) ? fuzz.bytes(600) : fuzz.mutated(hello));
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
            // it hung up before it had heard all
        }
    }

    private void frames(URI url, Fuzz fuzz, SSLContext context) throws IOException {
        var all = new ByteArrayOutputStream();
        if (!fuzz.onceIn(4)) {
            all.write(GREETING);
        }
        for (var i = 0; i < FRAMES_A_CONNECTION; i++) {
            all.write(frame(fuzz));
        }
        sent.addAndGet(FRAMES_A_CONNECTION);
        try (var socket = NodeSocket.connect(context, url)) {
            socket.getOutputStream().write(all.toByteArray());
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (SSLException | SocketException e) {
            // it hung up before it had heard all
        }
    }

    /** A frame of Artemis's own protocol: its length, type, channel and content, each of them wrong at times. */
    private static byte[] frame(Fuzz fuzz) {
        var content = fuzz.bytes(60);
        var length = fuzz.onceIn(20) ? (int) fuzz.number() : 9 + content.length;
        return ByteBuffer.allocate(13 + content.length)
                .putInt(length)
                .put((byte) (fuzz.below(148) - 20))
                .putLong(fuzz.onceIn(4) ? fuzz.number() : fuzz.below(12))
                .put(content)
                .array();
    }
}
