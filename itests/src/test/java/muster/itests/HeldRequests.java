package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Stands in front of a server that speaks HTTP, and holds requests in their middle. */
final class HeldRequests implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final int behind;
    private final ServerSocket front;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile Held held = new Held("none", 0, 0);

    /** The requests that begin so. */
    static final class Held {
        private final String beginning;
        private final CountDownLatch came;
        private final CountDownLatch released = new CountDownLatch(1);

        private final int further;

        private Held(String beginning, int requests, int further) {
            this.beginning = beginning;
            this.further = further;
            came = new CountDownLatch(requests);
        }

        void await() throws InterruptedException {
            assertThat(came.await(TwoManagers.LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .as(beginning)
                    .isTrue();
        }

        void release() {
            released.countDown();
        }
    }

    /** @param behind port of the server */
    HeldRequests(int behind) throws IOException {
        this.behind = behind;
        front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    int port() {
        return front.getLocalPort();
    }

    /**
     * From now on requests that begin so come no further than that; those held before stay held.
     *
     * @param requests how many of them are awaited
     * @param further how many pieces of up to 64 KiB of each pass behind its first bytes
     */
    Held hold(int requests, String beginning, int further) {
        held = new Held(beginning, requests, further);
        return held;
    }

    void holdNoMore() {
        held = new Held("none", 0, 0);
    }

    private void accept() {
        try {
            while (true) {
                var from = front.accept();
                var to = new Socket(InetAddress.getLoopbackAddress(), behind);
                threads.execute(() -> pass(from, to, true));
                threads.execute(() -> pass(to, from, false));
            }
        } catch (IOException e) {
            threads.shutdownNow();
        }
    }

    /** The end of one side is that of the other. */
    private void pass(Socket from, Socket to, boolean asks) {
        try (from;
                to) {
            var buffer = new byte[BUFFER_BYTES];
            var within = held;
            var left = -1;
            for (var read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                to.getOutputStream().write(buffer, 0, read);
                left--;
                var now = held;
                if (asks && new String(buffer, 0, read, StandardCharsets.US_ASCII).startsWith(now.beginning)) {
                    within = now;
                    left = now.further;
                }
                if (left == 0) {
                    within.came.countDown();
                    within.released.await();
                }
            }
        } catch (IOException e) {
            // one side has gone: so does the other
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        front.close();
        held.release();
        threads.shutdownNow();
    }
}
