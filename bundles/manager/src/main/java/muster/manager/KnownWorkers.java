package muster.manager;

import java.util.List;
import java.util.function.Predicate;
import muster.transport.Links.ManagerListener;
import muster.transport.ToManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Drops what workers have sent that were turned away meanwhile. */
final class KnownWorkers implements ManagerListener {
    private static final Logger LOG = LoggerFactory.getLogger(KnownWorkers.class);

    private final ManagerListener listener;
    private final Predicate<String> turnedAway;

    KnownWorkers(ManagerListener listener, Predicate<String> turnedAway) {
        this.listener = listener;
        this.turnedAway = turnedAway;
    }

    @Override
    public void connected() {
        listener.connected();
    }

    @Override
    public void disconnected(String cause) {
        listener.disconnected(cause);
    }

    @Override
    public void received(String worker, List<ToManager> messages) {
        if (turnedAway.test(worker)) {
            LOG.debug("Dropped {} messages of worker '{}', which was removed", messages.size(), worker);
        } else {
            listener.received(worker, messages);
        }
    }
}
