package muster.manager;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import muster.api.MusterException;
import muster.manager.store.Lease;
import muster.manager.store.Store;
import muster.manager.store.Write;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads while this manager holds the store's lease, and waits for it while another does. Once another has taken it, this
 * one ends what it had begun, and waits again.
 */
final class Election implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Election.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration BEAT = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final Supplier<Store> stores;
    private final String holder;
    private final String url;
    private final Duration patience;
    private final Consumer<Lease> standBy;
    private final Function<Store, AutoCloseable> lead;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final Thread thread;

    private enum Signal {
        LOST,
        CLOSE
    }

    /**
     * @param stores opens the store
     * @param holder names this manager
     * @param url where its REST interface is reached
     * @param patience how long another's lease may stand still; zero if no other can be there
     * @param standBy told who leads when another does
     * @param lead begins to lead, on this store; what it gives is closed when that ends
     */
    Election(
            Supplier<Store> stores,
            String holder,
            String url,
            Duration patience,
            Consumer<Lease> standBy,
            Function<Store, AutoCloseable> lead) {
        this.stores = stores;
        this.holder = holder;
        this.url = url;
        this.patience = patience;
        this.standBy = standBy;
        this.lead = lead;
        thread = new Thread(this::run, "muster-election");
        thread.start();
    }

    private void run() {
        var open = true;
        while (open) {
            try (var store = stores.get()) {
                store.whenLost(() -> signals.add(Signal.LOST));
                open = await(store) && hold(store);
            } catch (MusterException e) {
                LOG.error("The manager cannot begin, trying again in {} s: {}", RETRY.toSeconds(), e.getMessage(), e);
                open = next(RETRY) != Signal.CLOSE;
            } catch (Exception e) {
                LOG.error("The manager failed, trying again in {} s; this is a defect", RETRY.toSeconds(), e);
                open = next(RETRY) != Signal.CLOSE;
            }
        }
    }

    private @Nullable Signal next(Duration wait) {
        try {
            return signals.poll(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return Signal.CLOSE;
        }
    }

    /** Waits until the lease is taken; false if it shall no longer. */
    private boolean await(Store store) {
        var vigil = new Vigil(patience);
        var told = "";
        while (true) {
            try {
                var seen = store.lease();
                if (vigil.over(seen, System.nanoTime()) && store.take(seen, holder, url)) {
                    return true;
                }
                if (!told.equals(seen.holder())) {
                    told = seen.holder();
                    LOG.info("Manager '{}' leads at {}; this one stands by", told, seen.url());
                    standBy.accept(seen);
                }
            } catch (MusterException e) {
                vigil.forget();
                LOG.warn("The lease cannot be looked at: {}", e.getMessage());
            }
            if (next(LOOK) == Signal.CLOSE) {
                return false;
            }
        }
    }

    /** Leads until the lease is lost, then true, or until closed. */
    private boolean hold(Store store) throws Exception {
        LOG.info("This manager leads, in epoch {}", store.epoch());
        var beats = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "muster-beat"));
        // also while it begins: jobs that are many, or a bucket that is slow, may take longer than another waits
        var beating = beats.scheduleWithFixedDelay(() -> beat(store), 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            var leading = lead.apply(store);
            try {
                var signal = signals.take();
                LOG.info("This manager leads no more");
                return signal == Signal.LOST;
            } finally {
                leading.close();
            }
        } finally {
            beating.cancel(false);
            beats.shutdownNow();
        }
    }

    private void beat(Store store) {
        if (!patience.isZero()) {
            store.write(new Write.Beat(), () -> {}, e -> {});
        }
    }

    @Override
    public void close() {
        signals.add(Signal.CLOSE);
        try {
            thread.join(30_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
