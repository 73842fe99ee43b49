package muster.data;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Keeps files outside of this node, each under a name such as {@code sha256/ab/cdef…}. Thread-safe. Every failure is a
 * {@link TransferException}: STORE_AWAY, with a remedy, if the store does not answer or does not let this node in, after all
 * that can be mended by asking again was asked again.
 */
@ConsumerType
public interface Bucket extends AutoCloseable {
    /** Throws what is wrong with it, if anything is. */
    void check() throws IOException;

    /** Keeps a file; returns once it will outlive both sides. One of the same name is replaced. */
    void put(String name, Path file) throws IOException;

    /** Brings a file; SOURCE_GONE if it is not there. Completes the sink, or aborts it. */
    void get(String name, Sink sink) throws IOException;

    /** The bytes of a file; empty if it is not there. */
    OptionalLong size(String name) throws IOException;

    /** Says the names that begin so, rising, from {@code after} on, and since when each is there; empty for all. */
    void list(String prefix, String after, BiConsumer<String, Instant> names) throws IOException;

    /** Throws away what came of files whose way here began before and has not ended. */
    void removePartial(Instant before) throws IOException;

    /** Forgets a file. Idempotent. */
    void remove(String name) throws IOException;

    @Override
    void close();
}
