package muster.manager;

import java.time.Duration;
import muster.manager.store.Lease;
import org.jspecify.annotations.Nullable;

/**
 * Tells from looks at the lease whether its holder has fallen silent. It compares what it saw with its own clock alone, so
 * that the clocks of two managers need not agree.
 */
final class Vigil {
    private final Duration patience;
    private @Nullable Lease last;
    private long sinceNanos;

    /** @param patience how long a lease may stand still until it is taken */
    Vigil(Duration patience) {
        this.patience = patience;
    }

    /** Whether the lease may be taken. */
    boolean over(Lease seen, long nanos) {
        if (seen.holder().isEmpty()) {
            return true;
        }
        if (!seen.equals(last)) {
            last = seen;
            sinceNanos = nanos;
        }
        return nanos - sinceNanos >= patience.toNanos();
    }

    /** Begins anew: the lease could not be looked at, and perhaps its holder could not write either. */
    void forget() {
        last = null;
    }
}
