package muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import muster.transport.Links;
import muster.transport.ToManager;
import muster.transport.ToWorker;

/** Listens at either end and keeps all it hears, in order. */
final class Recorder implements Links.ManagerListener, Links.WorkerListener {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition heard = lock.newCondition();
    private final List<Object> events = new ArrayList<>();

    /** The link came up. */
    record Connected() {}

    /** The link went down, or could not be opened. */
    record Disconnected(String cause) {}

    /** The manager heard this from a worker. */
    record FromWorker(String worker, ToManager message) {}

    /** A worker heard this from the manager. */
    record FromManager(long epoch, ToWorker message) {}

    @Override
    public void connected() {
        add(new Connected());
    }

    @Override
    public void disconnected(String cause) {
        add(new Disconnected(cause));
    }

    @Override
    public void received(String worker, List<ToManager> messages) {
        messages.forEach(message -> add(new FromWorker(worker, message)));
    }

    @Override
    public void received(long epoch, List<ToWorker> messages) {
        messages.forEach(message -> add(new FromManager(epoch, message)));
    }

    private void add(Object event) {
        lock.lock();
        try {
            events.add(event);
            heard.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the first event of a type that it has not taken, and takes it and all before it. */
    <T> T await(Class<T> type) throws InterruptedException {
        return type.cast(await(type::isInstance, type.getSimpleName()));
    }

    void awaitMessage(Object event) throws InterruptedException {
        await(event::equals, event.toString());
    }

    private Object await(Predicate<Object> wanted, String what) throws InterruptedException {
        var left = PATIENCE.toNanos();
        lock.lock();
        try {
            while (true) {
                for (var i = 0; i < events.size(); i++) {
                    if (wanted.test(events.get(i))) {
                        var found = events.get(i);
                        events.subList(0, i + 1).clear();
                        return found;
                    }
                }
                assertThat(left).as("waited for %s, heard %s", what, events).isPositive();
                left = heard.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until there are as many events, and takes them. */
    List<Object> take(int count) throws InterruptedException {
        var left = PATIENCE.toNanos();
        lock.lock();
        try {
            while (events.size() < count) {
                assertThat(left)
                        .as("waited for %s events, heard %s", count, events.size())
                        .isPositive();
                left = heard.awaitNanos(left);
            }
            var taken = List.copyOf(events);
            events.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    static long patienceMillis() {
        return TimeUnit.NANOSECONDS.toMillis(PATIENCE.toNanos());
    }
}
