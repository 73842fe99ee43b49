package muster.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import muster.data.TransferException.Failure;

/**
 * Keeps objects in a bucket, and those that were asked for last also in a folder. What was taken in is in the bucket before
 * its sink is complete. Thread-safe.
 */
public final class BucketDepot implements Depot {
    private static final String FOLDER = "sha256/";
    private static final int LOCKS = 64;

    private final ObjectStore cache;
    private final Bucket bucket;

    /**
     * What may be in the cache alone: it is on its way to the bucket, or was in the cache at the start, since when another
     * manager may have removed it from the bucket, or this one have been killed before it was there.
     */
    private final Set<String> unsure = ConcurrentHashMap.newKeySet();

    /** An object is brought once, however many ask for it at a time: who has its lock brings it. */
    private final Object[] locks =
            IntStream.range(0, LOCKS).mapToObj(lock -> new Object()).toArray();

    public BucketDepot(ObjectStore cache, Bucket bucket) {
        this.cache = cache;
        this.bucket = bucket;
        cache.list((object, since) -> unsure.add(object));
    }

    private static String name(String object) {
        var hex = ObjectStore.requireName(object).substring("sha256:".length());
        return FOLDER + hex.substring(0, 2) + "/" + hex.substring(2);
    }

    @Override
    public Optional<Path> find(String object) throws IOException {
        if (unsure.contains(object) && size(object).isEmpty()) {
            return Optional.empty();
        }
        var found = cache.find(object);
        if (found.isPresent()) {
            return found;
        }
        synchronized (locks[Math.floorMod(object.hashCode(), LOCKS)]) {
            if (cache.find(object).isEmpty()) {
                try {
                    bucket.get(name(object), cache.receive(object));
                } catch (TransferException e) {
                    if (e.failure() == Failure.SOURCE_GONE) {
                        return Optional.empty();
                    }
                    throw e;
                }
            }
            return cache.find(object);
        }
    }

    @Override
    public OptionalLong size(String object) throws IOException {
        if (!unsure.contains(object)) {
            var here = cache.size(object);
            if (here.isPresent()) {
                return here;
            }
        }
        var there = bucket.size(name(object));
        if (there.isPresent()) {
            unsure.remove(object);
        }
        return there;
    }

    @Override
    public long uploaded(String object) throws IOException {
        return cache.uploaded(object);
    }

    @Override
    public Sink resume(String object, long offset) throws IOException {
        return new Through(object, cache.resume(object, offset));
    }

    @Override
    public Sink receive(String object) throws IOException {
        return new Through(object, cache.receive(object));
    }

    @Override
    public void list(BiConsumer<String, Instant> objects) throws IOException {
        bucket.list(FOLDER, "", (name, since) -> {
            var object = "sha256:" + name.substring(FOLDER.length()).replace("/", "");
            // some servers show what has not come to its end, and users may have files of their own there
            if (ObjectStore.isName(object)) {
                objects.accept(object, since);
            }
        });
    }

    @Override
    public void removePartial(Instant before) throws IOException {
        cache.removePartial(before);
        bucket.removePartial(before);
    }

    @Override
    public void remove(String object) throws IOException {
        bucket.remove(name(object));
        cache.remove(object);
        unsure.remove(object);
    }

    /** Puts into the bucket what has come into the cache. */
    private final class Through implements Sink {
        private final String object;
        private final Sink into;

        Through(String object, Sink into) {
            this.object = object;
            this.into = into;
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            into.write(bytes);
        }

        @Override
        public void complete() throws IOException {
            cache.pin(object);
            unsure.add(object);
            try {
                into.complete();
                var file = cache.find(object)
                        .orElseThrow(() ->
                                new TransferException(Failure.CHANGED, object + " was changed before it was kept"));
                bucket.put(name(object), file);
                unsure.remove(object);
            } finally {
                if (cache.find(object).isEmpty()) {
                    unsure.remove(object);
                }
                cache.unpin(object);
            }
        }

        @Override
        public void abort() {
            into.abort();
        }
    }
}
