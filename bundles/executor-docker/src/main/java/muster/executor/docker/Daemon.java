package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import muster.executor.docker.Exchange.Receiver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks HTTP to a daemon through its Unix socket. One thread serves all connections, calls what waits for them, and
 * runs what is posted or due: what only ever runs there needs no locks. Each exchange has a connection of its own.
 */
final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    private static final int BUFFER_BYTES = 1 << 16;

    final Path socket;
    final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>(Comparator.comparingLong(alarm -> alarm.dueNanos));
    private volatile boolean closed;

    Daemon(Path socket) {
        this.socket = socket;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = new Thread(this::serve, "muster-docker");
        thread.setDaemon(true);
        thread.start();
    }

    /** Runs something on the daemon's thread. From any thread. */
    void post(Runnable task) {
        posted.add(task);
        selector.wakeup();
    }

    /** Something to be done later. */
    static final class Alarm {
        private final long dueNanos;
        private final Runnable task;
        private boolean off;

        private Alarm(long dueNanos, Runnable task) {
            this.dueNanos = dueNanos;
            this.task = task;
        }

        /** It is not done, unless it has been. */
        void cancel() {
            off = true;
        }
    }

    /** Runs something on the daemon's thread after a delay. On that thread. */
    Alarm later(Duration delay, Runnable task) {
        var alarm = new Alarm(System.nanoTime() + delay.toNanos(), task);
        alarms.add(alarm);
        return alarm;
    }

    /** Asks, and calls {@code then} with the whole answer, on the daemon's thread. From that thread. */
    void call(String method, String path, @Nullable JsonNode body, @Nullable Duration limit, Consumer<Reply> then) {
        var exchange = open(method, path, Map.of(), body, new Collector(then));
        if (limit != null) {
            var alarm = later(limit, () -> exchange.fail("no answer within " + limit.toSeconds() + " s"));
            exchange.onEnd(alarm::cancel);
        }
    }

    /** Begins an exchange whose answer goes to a receiver as it comes, on the daemon's thread. From that thread. */
    Exchange open(String method, String path, Map<String, String> headers, @Nullable JsonNode body, Receiver receiver) {
        var content = body == null ? new byte[0] : body.toString().getBytes(StandardCharsets.UTF_8);
        var head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: docker\r\n");
        head.append(headers.containsKey("Connection") ? "" : "Connection: close\r\n");
        head.append("Content-Type: application/json\r\nContent-Length: " + content.length + "\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        var start = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        var request = ByteBuffer.allocate(start.length + content.length)
                .put(start)
                .put(content)
                .flip();
        var exchange = new Exchange(this, request, receiver);
        try {
            var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.configureBlocking(false);
                exchange.begin(channel, channel.register(selector, 0, exchange));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            post(() -> exchange.fail("cannot connect to " + socket + ": " + e.getMessage()));
        }
        return exchange;
    }

    private void serve() {
        while (!closed) {
            try {
                selector.select(waitMillis());
                for (var key : selector.selectedKeys()) {
                    if (key.isValid() && key.attachment() instanceof Exchange exchange) {
                        guarded(exchange::ready);
                    }
                }
                selector.selectedKeys().clear();
                for (var task = posted.poll(); task != null; task = posted.poll()) {
                    guarded(task);
                }
                due().forEach(Daemon::guarded);
            } catch (IOException | ClosedSelectorException e) {
                LOG.error("The connections to {} are no longer served", socket, e);
                return;
            }
        }
    }

    /** Until the next alarm; 0 for as long as it takes. */
    private long waitMillis() {
        var next = alarms.peek();
        if (!posted.isEmpty()) {
            return 1;
        }
        return next == null ? 0 : Math.max(1, (next.dueNanos - System.nanoTime()) / 1_000_000 + 1);
    }

    private List<Runnable> due() {
        var due = new ArrayList<Runnable>();
        var now = System.nanoTime();
        for (var next = alarms.peek(); next != null && (next.off || next.dueNanos - now <= 0); next = alarms.peek()) {
            alarms.remove();
            if (!next.off) {
                due.add(next.task);
            }
        }
        return due;
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("Something that was due for a container was not done", e);
        }
    }

    /** Ends the thread and every connection. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(Duration.ofSeconds(5).toMillis());
            for (var key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            LOG.warn("Connections to {} may be left open", socket, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gathers an answer. */
    private static final class Collector implements Receiver {
        private static final int MOST_BYTES = 16 << 20;

        private final Consumer<Reply> then;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private int status;

        Collector(Consumer<Reply> then) {
            this.then = then;
        }

        @Override
        public void opened(int newStatus) {
            status = newStatus;
        }

        @Override
        public void received(ByteBuffer bytes) throws IOException {
            if (body.size() + bytes.remaining() > MOST_BYTES) {
                throw new IOException("its answer is longer than " + MOST_BYTES + " bytes");
            }
            var part = new byte[bytes.remaining()];
            bytes.get(part);
            body.write(part);
        }

        @Override
        public void ended(@Nullable String failure) {
            then.accept(
                    failure == null ? new Reply(status, body.toString(StandardCharsets.UTF_8)) : new Reply(0, failure));
        }
    }
}
