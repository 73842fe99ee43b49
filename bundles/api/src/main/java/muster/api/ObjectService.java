package muster.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import org.osgi.annotation.versioning.ProviderType;

/** Keeps the files that tasks take and make; every face of Muster goes through it. Objects are named {@code sha256:…}. Thread-safe. */
@ProviderType
public interface ObjectService {
    /** The bytes of an object that the manager has; empty if it has it not. */
    OptionalLong size(String object);

    /** How much of an upload has come; 0 if none has begun. */
    long uploaded(String object);

    /**
     * Takes the bytes of an object from {@code offset} on, up to the end of {@code in}; what came before it broke off is
     * kept.
     *
     * @param bytes how long the object is as a whole
     * @throws MusterException CONFLICT if {@code offset} is not where the upload stands; INVALID if the content is not the
     *     one it is named for; UNAVAILABLE if the disk is full
     */
    void upload(String object, long offset, long bytes, InputStream in) throws IOException;

    /** Takes an object that is here in memory, unless it has come before, and gives its name. */
    default String upload(byte[] content) throws IOException {
        try {
            var object = "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            if (size(object).isEmpty()) {
                upload(object, 0, content.length, new ByteArrayInputStream(content));
            }
            return object;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** A file with the object, brought from a worker if need be. NOT_FOUND if nobody has it. Must not be changed. */
    Path file(String object);

    /** What the tasks of a job made, by rising index. */
    List<OutputView> outputs(JobId job);

    /** What a task made. */
    List<OutputView> outputs(TaskId task);

    /**
     * Moves a fresh random file of this size from the manager's disk to a worker's and back, over the connections that
     * tasks' files take.
     *
     * @param worker empty for any
     */
    Transfer measure(String worker, long bytes);

    /** How long it took. */
    record Transfer(String worker, long bytes, long toWorkerNanos, long backNanos) {}
}
