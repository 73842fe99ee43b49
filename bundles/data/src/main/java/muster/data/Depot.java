package muster.data;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/**
 * Keeps objects, each named by the SHA-256 of its content. Here they appear whole and right, or not at all. Thread-safe.
 */
public interface Depot {
    /** A file with an object, brought here if need be; empty if it is not kept. It must not be changed. */
    Optional<Path> find(String object) throws IOException;

    /** The bytes of an object; empty if it is not kept. */
    OptionalLong size(String object) throws IOException;

    /** How much of an upload that may break off has come. */
    long uploaded(String object) throws IOException;

    /**
     * Takes an object in from a byte on, after what came before; what comes is kept if it breaks off.
     *
     * @throws muster.api.MusterException CONFLICT if the upload does not stand there
     */
    Sink resume(String object, long offset) throws IOException;

    /** Takes an object in from its first byte. Several may do so at once; the first that is complete stays. */
    Sink receive(String object) throws IOException;

    /** Says which objects are here, and since when. */
    void list(BiConsumer<String, Instant> objects) throws IOException;

    /** Throws away what came of uploads that broke off, and was not gone on with since. */
    void removePartial(Instant before) throws IOException;

    /** Throws an object away. */
    void remove(String object) throws IOException;
}
