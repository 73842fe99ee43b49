package muster.broker;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import muster.transport.NodeName;
import muster.transport.Revocations;

/** Revokes workers by their id. */
final class FakeRevocations implements Revocations {
    private final Set<String> workers = ConcurrentHashMap.newKeySet();
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();

    void revoke(String worker) {
        workers.add(worker);
        listeners.forEach(listener -> listener.accept(worker));
    }

    @Override
    public boolean revoked(X509Certificate certificate) {
        return NodeName.of(certificate)
                .filter(name -> name.role() == NodeName.Role.WORKER)
                .filter(name -> workers.contains(name.id()))
                .isPresent();
    }

    @Override
    public Listening onRevoked(Consumer<String> worker) {
        listeners.add(worker);
        return () -> listeners.remove(worker);
    }
}
