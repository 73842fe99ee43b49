package muster.worker;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import muster.data.DataPlane;
import muster.data.DataPlane.Part;
import muster.data.ObjectStore;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one object into the cache: from the manager, or from whom the manager names. If several have a large one, each
 * sends a part after the other, as fast as it can; what one of them cannot send, another does.
 */
final class Fetch {
    private static final Logger LOG = LoggerFactory.getLogger(Fetch.class);

    /** How many are asked in vain before it is given up. */
    private static final int MOST_SOURCES = 8;

    private static final int MOST_AT_ONCE = 4;

    private final DataPlane.Client client;
    private final ObjectStore cache;
    private final String object;
    private final Executor threads;
    private final long partBytes;
    private boolean together = true;

    private record Source(URI url, NodeName.Role role) {}

    /**
     * @param threads for all sources but one
     * @param partBytes how much is asked for at a time where several have it
     */
    Fetch(DataPlane.Client client, ObjectStore cache, String object, Executor threads, long partBytes) {
        this.client = client;
        this.cache = cache;
        this.object = object;
        this.threads = threads;
        this.partBytes = partBytes;
    }

    /** @param manager where the manager has it, if it has it */
    void run(URI manager) throws IOException {
        var avoid = new ArrayList<String>();
        var last = new TransferException(Failure.SOURCE_GONE, "nobody has " + object);
        while (avoid.size() < MOST_SOURCES) {
            var places = bring(new Source(manager, NodeName.Role.MANAGER), avoid, List.of());
            if (places == null) {
                return;
            }
            for (var place : places) {
                try {
                    var others = places.stream().filter(other -> !other.equals(place));
                    bring(new Source(place, NodeName.Role.WORKER), List.of(), others.toList());
                    return;
                } catch (TransferException e) {
                    if (!e.failure().mendedByAnotherSource()) {
                        throw e;
                    }
                    last = e;
                    avoid.add(place.getAuthority());
                }
            }
        }
        throw last;
    }

    /** Brings all of it, the first part from one source; or says who else has it, if that has it not. */
    private @Nullable List<URI> bring(Source first, List<String> avoid, List<URI> known) throws IOException {
        var incoming = cache.receive(object);
        try {
            var reply = client.get(first.url, first.role, avoid, new Part(0, partBytes), incoming.further());
            if (reply instanceof DataPlane.Reply.Elsewhere elsewhere) {
                return elsewhere.places();
            }
            var begun = (DataPlane.Reply.Done) reply;
            var others = new ArrayList<>(known);
            others.addAll(begun.others());
            if (begun.total() > partBytes) {
                if (together && !others.isEmpty()) {
                    rest(incoming, begun.total(), first, others);
                } else {
                    var rest = new Part(partBytes, begun.total() - partBytes);
                    client.get(first.url, first.role, List.of(), rest, incoming.further());
                }
            }
            incoming.complete();
            return null;
        } catch (TransferException e) {
            if (e.failure() != Failure.HASH_MISMATCH || !together) {
                throw e;
            }
            LOG.warn("{}; it is asked for again, of {} alone", e.getMessage(), first.url.getAuthority());
            together = false;
        } finally {
            incoming.abort();
        }
        return bring(first, avoid, known);
    }

    /** Brings what is behind the first part: from all at once, and what one of them failed to send from the others. */
    private void rest(ObjectStore.Incoming incoming, long total, Source first, List<URI> others)
            throws TransferException {
        var left = new ConcurrentLinkedQueue<Part>();
        for (var from = partBytes; from < total; from += partBytes) {
            left.add(new Part(from, Math.min(partBytes, total - from)));
        }
        var sources = new ArrayList<>(List.of(first));
        others.stream()
                .limit(MOST_AT_ONCE - 1L)
                .map(place -> new Source(place, NodeName.Role.WORKER))
                .forEach(sources::add);
        while (!left.isEmpty()) {
            var taking = new LinkedHashMap<Source, CompletableFuture<Optional<TransferException>>>();
            for (var source : sources.subList(1, sources.size())) {
                taking.put(source, CompletableFuture.supplyAsync(() -> take(source, left, incoming), threads));
            }
            var mine = sources.get(0);
            taking.put(mine, CompletableFuture.completedFuture(take(mine, left, incoming)));
            for (var taken : taking.entrySet()) {
                var failure = taken.getValue().join();
                if (failure.isPresent()) {
                    sources.remove(taken.getKey());
                    if (sources.isEmpty() || !failure.get().failure().mendedByAnotherSource()) {
                        throw failure.get();
                    }
                }
            }
        }
    }

    /** Takes parts from one source until none is left, or until it fails: then one goes back. */
    private Optional<TransferException> take(Source source, Queue<Part> left, ObjectStore.Incoming incoming) {
        for (var part = left.poll(); part != null; part = left.poll()) {
            try {
                var reply = client.get(source.url, source.role, List.of(), part, incoming.piece(part.from()));
                if (reply instanceof DataPlane.Reply.Elsewhere) {
                    throw new TransferException(
                            Failure.SOURCE_GONE, source.url.getAuthority() + " does not have it any more");
                }
            } catch (IOException e) {
                left.add(part);
                LOG.debug("{} sends no more of {}: {}", source.url.getAuthority(), object, e.getMessage());
                return Optional.of(TransferException.local(object, e));
            }
        }
        return Optional.empty();
    }
}
