package muster.transport.internal;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import muster.api.MusterException;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQSecurityException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both sides of a link have in common: one thread keeps a connection open, another sends what has gathered. A lost
 * connection takes with it all that was not sent. {@code M} is what this side sends.
 */
final class Link<M> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    /** Beyond this many waiting records the broker is taken for stuck, and the connection given up. */
    private static final int MAX_WAITING_RECORDS = 2_000_000;

    private static final Duration FLUSH_ON_CLOSE = Duration.ofSeconds(2);

    private final BrokerAddress broker;
    private final NodeIdentity identity;
    private final @Nullable NodeIdentity trial;
    private final String queue;
    private final End<M> end;
    private final Thread keeper;
    private final Thread sender;

    /** Guards the fields below; never held while calling out. */
    private final ReentrantLock state = new ReentrantLock();

    private final Condition changed = state.newCondition();
    private @Nullable Connection current;
    private List<Waiting<M>> waiting = new ArrayList<>();
    private int waitingRecords;
    private @Nullable Notice notice;
    private boolean noticed;
    private boolean sending;
    private boolean leaving;
    private boolean closed;

    /** Held while calling the end, so that it hears one thing at a time. */
    private final Object callbacks = new Object();

    private record Waiting<M>(String destination, long epoch, M message) {}

    private record Destination(String queue, long epoch) {}

    private record Notice(String queue, byte[] bytes) {}

    /** @param trial a worker's, by which each server is tried before it is used; null if none is */
    Link(BrokerAddress broker, NodeIdentity identity, @Nullable NodeIdentity trial, String queue, End<M> end) {
        this.broker = broker;
        this.identity = identity;
        this.trial = trial;
        this.queue = queue;
        this.end = end;
        this.keeper = new Thread(this::keepOpen, "muster-link-" + identity.id());
        this.sender = new Thread(this::sendWaiting, "muster-link-send-" + identity.id());
        keeper.setDaemon(true);
        sender.setDaemon(true);
    }

    void open() {
        keeper.start();
        sender.start();
    }

    void send(String destination, long epoch, List<? extends M> messages) {
        state.lock();
        try {
            if (current == null || closed) {
                return;
            }
            for (var message : messages) {
                waiting.add(new Waiting<>(destination, epoch, message));
                waitingRecords += end.records(message);
            }
            if (waitingRecords > MAX_WAITING_RECORDS) {
                current.lose(waitingRecords + " records wait to be sent; the broker takes none");
            }
            changed.signalAll();
        } finally {
            state.unlock();
        }
    }

    /** Sends this at once and first of all on each further connection, until another takes its place. */
    void notice(String queue, byte[] bytes) {
        state.lock();
        try {
            notice = new Notice(queue, bytes);
            noticed = false;
            changed.signalAll();
        } finally {
            state.unlock();
        }
    }

    /** Gives the connection up and tries the next server, where there is one. */
    void moveOn(String cause) {
        state.lock();
        try {
            if (current != null && broker.servers().size() > 1) {
                leaving = true;
                current.lose(cause);
            }
        } finally {
            state.unlock();
        }
    }

    /** Whether the connection was given up for the next server; asked once. */
    private boolean takeLeave() {
        state.lock();
        try {
            var left = leaving;
            leaving = false;
            return left;
        } finally {
            state.unlock();
        }
    }

    /** Sends what waits, for a short while; then nothing is sent or heard any more. */
    @Override
    public void close() {
        state.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
            var left = FLUSH_ON_CLOSE.toNanos();
            while (current != null && (sending || hasWaiting()) && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (current != null) {
                current.lose("closed");
            }
            waiting.clear();
            state.unlock();
        }
        if (Thread.currentThread() != keeper) {
            joinKeeper();
        }
    }

    private void joinKeeper() {
        try {
            keeper.join(FLUSH_ON_CLOSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keepOpen() {
        var servers = broker.servers();
        var failures = 0;
        var next = 0;
        var told = "";
        try {
            do {
                var server = servers.get(next);
                var opened = System.nanoTime();
                var wasUp = false;
                String cause;
                try (var connection = open(server)) {
                    wasUp = true;
                    cause = serve(connection);
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    cause = wasUp ? String.valueOf(e.getMessage()) : explain(server, e);
                }
                // both sides begin with the first, so that they meet where several are up
                next = wasUp && !takeLeave() ? 0 : (next + 1) % servers.size();
                failures = System.nanoTime() - opened > Links.LONGEST_PAUSE.toNanos() ? 1 : failures + 1;
                if (wasUp || !cause.equals(told)) {
                    told = cause;
                    tellLoss(cause);
                }
            } while (pause(Backoff.delay(failures, ThreadLocalRandom.current().nextDouble())));
        } catch (InterruptedException e) {
            LOG.debug("the link of {} was interrupted", identity.id(), e);
        }
    }

    private Connection open(URI server) throws Exception {
        if (trial != null) {
            Trial.require(server, identity, trial);
        }
        return Connection.open(server, identity, queue, this::deliver);
    }

    private void deliver(Connection from, @Nullable String sender, byte[] bytes) {
        synchronized (callbacks) {
            if (isCurrent(from)) {
                call("received", () -> end.received(sender, bytes));
            }
        }
    }

    /** Tells the end, delivers and sends until the connection is lost. */
    private String serve(Connection connection) throws ActiveMQException, InterruptedException, ExecutionException {
        synchronized (callbacks) {
            if (!become(connection)) {
                return "closed";
            }
            call("connected", end::connected);
        }
        try {
            connection.start();
            return connection.awaitLoss();
        } finally {
            synchronized (callbacks) {
                become(null);
            }
        }
    }

    private boolean become(@Nullable Connection connection) {
        state.lock();
        try {
            if (closed && connection != null) {
                return false;
            }
            current = connection;
            waiting.clear();
            waitingRecords = 0;
            noticed = false;
            changed.signalAll();
            return true;
        } finally {
            state.unlock();
        }
    }

    private void tellLoss(String cause) {
        synchronized (callbacks) {
            if (!isClosed()) {
                call("disconnected", () -> end.disconnected(cause));
            }
        }
    }

    private String explain(URI server, Exception failure) {
        LOG.debug("the link of {} cannot be opened", identity.id(), failure);
        if (failure instanceof MusterException refused) {
            return String.valueOf(refused.getMessage());
        }
        return Diagnosis.of(server, identity)
                .orElseGet(() -> failure.getMessage()
                        + (failure instanceof ActiveMQSecurityException
                                ? "; a worker that was removed from the cluster has to join anew: delete the files"
                                        + " worker* of its security folder and give it a join token"
                                : ""));
    }

    /** A listener that fails must not take the link down with it. */
    private void call(String event, Runnable listener) {
        try {
            listener.run();
        } catch (RuntimeException e) {
            LOG.error("the listener of the link of {} failed in {}", identity.id(), event, e);
        }
    }

    /** Waits; false if the link was closed meanwhile. */
    private boolean pause(Duration delay) throws InterruptedException {
        state.lock();
        try {
            var left = delay.toNanos();
            while (!closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            return !closed;
        } finally {
            state.unlock();
        }
    }

    private boolean isClosed() {
        state.lock();
        try {
            return closed;
        } finally {
            state.unlock();
        }
    }

    private boolean isCurrent(Connection connection) {
        state.lock();
        try {
            return connection == current && !closed;
        } finally {
            state.unlock();
        }
    }

    private boolean hasWaiting() {
        return !waiting.isEmpty() || (notice != null && !noticed);
    }

    private void sendWaiting() {
        while (true) {
            Connection connection;
            Notice first;
            List<Waiting<M>> taken;
            state.lock();
            try {
                sending = false;
                changed.signalAll();
                while (current == null || !hasWaiting()) {
                    if (closed) {
                        return;
                    }
                    changed.awaitUninterruptibly();
                }
                connection = current;
                first = noticed ? null : notice;
                noticed = true;
                taken = waiting;
                waiting = new ArrayList<>();
                waitingRecords = 0;
                sending = true;
            } finally {
                state.unlock();
            }
            send(connection, first, taken);
        }
    }

    private void send(Connection connection, @Nullable Notice first, List<Waiting<M>> taken) {
        var byDestination = new LinkedHashMap<Destination, List<M>>();
        for (var one : taken) {
            byDestination
                    .computeIfAbsent(new Destination(one.destination(), one.epoch()), key -> new ArrayList<>())
                    .add(one.message());
        }
        try {
            if (first != null) {
                send(connection, first.queue(), first.bytes());
            }
            for (var entry : byDestination.entrySet()) {
                var destination = entry.getKey();
                var pieces = new ArrayList<byte[]>();
                Packing.pack(end, destination.epoch(), entry.getValue(), pieces::add);
                for (var piece : pieces) {
                    send(connection, destination.queue(), piece);
                }
            }
        } catch (ActiveMQException e) {
            connection.lose(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("the link of {} cannot send", identity.id(), e);
            connection.lose(String.valueOf(e.getMessage()));
        }
    }

    private static void send(Connection connection, String queue, byte[] bytes) throws ActiveMQException {
        if (bytes.length > Connection.MAX_BYTES) {
            LOG.error(
                    "a message of {} bytes to {} was not sent; at most {} are allowed",
                    bytes.length,
                    queue,
                    Connection.MAX_BYTES);
        } else {
            connection.send(queue, bytes);
        }
    }
}
