package muster.worker;

import static muster.api.executor.Eventually.eventually;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import muster.api.AttemptId;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.ToManager;
import muster.transport.ToWorker;

/** The broker and the manager behind it, both played by the test. */
final class FakeLinks implements Links {
    final List<ToManager> sent = new CopyOnWriteArrayList<>();
    volatile WorkerListener worker;
    final AtomicInteger moves = new AtomicInteger();
    volatile boolean closed;
    private int seen;

    @Override
    public ManagerLink openManager(
            BrokerAddress broker, NodeIdentity identity, NodeIdentity trial, ManagerListener listener) {
        throw new AssertionError("a worker opens no manager's link");
    }

    @Override
    public WorkerLink openWorker(BrokerAddress broker, NodeIdentity identity, WorkerListener listener) {
        worker = listener;
        return new WorkerLink() {
            @Override
            public void send(List<ToManager> messages) {
                sent.addAll(messages);
            }

            @Override
            public void unanswered() {
                moves.incrementAndGet();
            }

            @Override
            public void close() {
                closed = true;
            }
        };
    }

    /** Lets the worker connect, and waits for its hello. */
    ToManager.Hello connect() {
        eventually("the worker opens its link", () -> worker != null);
        worker.connected();
        return await(ToManager.Hello.class);
    }

    /** Lets the worker connect, and welcomes it. */
    ToManager.Hello join(long epoch) {
        var hello = connect();
        receive(epoch, welcome(hello.session()));
        return hello;
    }

    static ToWorker.Welcome welcome(String session) {
        return new ToWorker.Welcome(session, Duration.ofSeconds(10), Duration.ofMillis(20), 64);
    }

    void receive(long epoch, ToWorker... messages) {
        worker.received(epoch, List.of(messages));
    }

    /** The next message of this type that was not awaited yet; those before it of other types are passed over. */
    <T extends ToManager> T await(Class<T> type) {
        return await(type, message -> true);
    }

    synchronized <T extends ToManager> T await(Class<T> type, Predicate<T> condition) {
        var found = new ArrayList<T>();
        eventually("the worker sends " + type.getSimpleName() + " after " + List.copyOf(sent), () -> {
            while (found.isEmpty() && seen < sent.size()) {
                var message = sent.get(seen++);
                if (type.isInstance(message) && condition.test(type.cast(message))) {
                    found.add(type.cast(message));
                }
            }
            return !found.isEmpty();
        });
        return found.get(0);
    }

    /** The result of this attempt that was sent first. */
    ToManager.Result awaitResult(AttemptId attempt) {
        eventually("the result of " + attempt, () -> !results(attempt).isEmpty());
        return results(attempt).get(0);
    }

    /** Every result of this attempt that was sent. */
    List<ToManager.Result> results(AttemptId attempt) {
        return sent.stream()
                .filter(ToManager.Finished.class::isInstance)
                .flatMap(message -> ((ToManager.Finished) message).results().stream())
                .filter(result -> result.attempt().equals(attempt))
                .toList();
    }

    /** Why this attempt was given back; empty if it was not. */
    List<String> returned(AttemptId attempt) {
        return sent.stream()
                .filter(ToManager.Returned.class::isInstance)
                .map(ToManager.Returned.class::cast)
                .filter(message -> message.attempts().contains(attempt))
                .map(ToManager.Returned::reason)
                .toList();
    }
}
