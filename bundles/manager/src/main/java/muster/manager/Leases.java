package muster.manager;

import java.time.Duration;
import muster.api.MusterException;
import muster.api.Quantity;

/** How long a silent worker is trusted, and how often it is to speak. */
record Leases(Duration heartbeat, Duration lease) {
    Leases {
        if (heartbeat.isZero() || lease.compareTo(heartbeat.multipliedBy(2)) < 0) {
            throw MusterException.invalid("lease " + Quantity.formatDuration(lease)
                    + " is shorter than two heartbeats of " + Quantity.formatDuration(heartbeat)
                    + "; raise lease or lower heartbeat in etc/muster.manager.cfg");
        }
    }
}
