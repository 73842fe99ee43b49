package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
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
    private static final long SEED = Long.getLong("muster.fuzz.seed", 1);
    private static final int TIMES = Integer.getInteger("muster.fuzz.times", 1);
    private static final int HANDSHAKES = 3_000 * TIMES;
    private static final int FRAMES = 40_000 * TIMES;
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
            var before = heapAfterCollection();
            attack(broker.url(), context, 2, 1);
            assertThat(heapAfterCollection() - before).as("growth of the heap").isLessThan(MOST_GROWTH);
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
        var hello = hello(context);
        var threads = Executors.newFixedThreadPool(THREADS);
        try {
            var works = new ArrayList<Callable<Void>>();
            for (var i = 0; i < THREADS; i++) {
                var random = new SplittableRandom(SEED * 1000 + round * 10 + i);
                works.add(() -> {
                    for (var n = 0; n <= HANDSHAKES / THREADS / share; n++) {
                        handshake(url, random, hello);
                    }
                    for (var n = 0; n <= FRAMES / THREADS / share; n += FRAMES_A_CONNECTION) {
                        frames(url, random, context);
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

    private void handshake(URI url, SplittableRandom random, byte[] hello) throws IOException {
        try (var socket = new Socket(url.getHost(), url.getPort())) {
            sent.incrementAndGet();
            socket.getOutputStream().write(random.nextInt(4) == 0 ? bytes(random, 600) : mutated(random, hello));
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
            // it hung up before it had heard all
        }
    }

    private void frames(URI url, SplittableRandom random, SSLContext context) throws IOException {
        var all = new ByteArrayOutputStream();
        if (random.nextInt(4) > 0) {
            all.write(GREETING);
        }
        for (var i = 0; i < FRAMES_A_CONNECTION; i++) {
            all.write(frame(random));
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
    private static byte[] frame(SplittableRandom random) {
        var content = bytes(random, 60);
        var length = random.nextInt(20) == 0 ? random.nextInt() : 9 + content.length;
        return ByteBuffer.allocate(13 + content.length)
                .putInt(length)
                .put((byte) random.nextInt(-20, 128))
                .putLong(random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(12))
                .put(content)
                .array();
    }

    private static byte[] bytes(SplittableRandom random, int most) {
        var bytes = new byte[random.nextInt(most + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(SplittableRandom random, byte[] original) {
        var bytes = original.clone();
        for (var i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 50)) : bytes;
    }

    /** What a client says first. */
    private static byte[] hello(SSLContext context) throws IOException {
        var engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        engine.beginHandshake();
        var packet = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), packet);
        var bytes = new byte[packet.flip().remaining()];
        packet.get(bytes);
        return bytes;
    }

    private static long heapAfterCollection() {
        var memory = ManagementFactory.getMemoryMXBean();
        var least = Long.MAX_VALUE;
        for (var i = 0; i < 3; i++) {
            memory.gc();
            least = Math.min(least, memory.getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
