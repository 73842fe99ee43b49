package muster.data;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import muster.api.MusterException;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Moves files between nodes: HTTP/1.1 over TLS 1.3, where both sides show a certificate of the cluster's CA. An OSGi
 * service. Thread-safe.
 */
@ProviderType
public interface DataPlane {
    /**
     * Serves files until it is closed.
     *
     * @param port 0 for any that is free
     */
    Server serve(NodeIdentity identity, String host, int port, Service service) throws IOException;

    /** Fetches and sends files as this node. */
    Client client(NodeIdentity identity);

    /** A port that answers. */
    @ProviderType
    interface Server extends AutoCloseable {
        int port();

        @Override
        void close();
    }

    /** What a node serves. Called by several threads at once; may block. */
    @ConsumerType
    interface Service {
        /**
         * Answers a question for a path such as {@code /sha256/…}.
         *
         * @param avoid ids of nodes that were asked in vain
         * @throws TransferException SOURCE_GONE if it is not here
         */
        Answer get(NodeName peer, String path, List<String> avoid) throws IOException;

        /** Takes what a peer sends. */
        Sink put(NodeName peer, String path, long bytes) throws IOException;

        /** Whether somebody without a certificate of the cluster may ask. */
        default boolean answersUsers() {
            return false;
        }

        /**
         * Answers somebody who shows no certificate, by GET.
         *
         * @param key what came as {@code Authorization: Bearer}; empty if nothing did
         * @param path with its query
         * @throws muster.api.MusterException UNAUTHENTICATED if the key is not good, FORBIDDEN, NOT_FOUND, INVALID
         */
        default Answer user(String key, String path) throws IOException {
            throw MusterException.notFound("this node answers no users");
        }
    }

    /** Some bytes of a file; at its end fewer than that. */
    record Part(long from, long bytes) {
        /** How much is asked for at a time where several have a file. */
        public static final long BYTES = 8 << 20;
    }

    /** What becomes of a question. */
    sealed interface Answer {
        /**
         * The bytes of a file, which must not change.
         *
         * @param others who may have it too
         */
        record File(Path path, List<URI> others) implements Answer {
            public File {
                others = List.copyOf(others);
            }

            public File(Path path) {
                this(path, List.of());
            }
        }

        /** What a channel has from now to its present end, which is closed then. */
        record Opened(FileChannel channel) implements Answer {}

        /** A short text. */
        record Text(String text) implements Answer {}

        /** A few bytes. */
        record Bytes(byte[] bytes) implements Answer {}

        /** Others have it. */
        record Elsewhere(List<URI> places) implements Answer {
            public Elsewhere {
                places = List.copyOf(places);
            }
        }
    }

    /** What came of a question. */
    sealed interface Reply {
        /**
         * All that was asked for is in the sink.
         *
         * @param total size of the whole file
         * @param others who may have it too
         */
        record Done(long total, List<URI> others) implements Reply {
            public Done {
                others = List.copyOf(others);
            }
        }

        /** Others have it. */
        record Elsewhere(List<URI> places) implements Reply {
            public Elsewhere {
                places = List.copyOf(places);
            }
        }
    }

    /** Asks other nodes. Keeps connections open for the next question. Every failure is a {@link TransferException}. */
    @ProviderType
    interface Client extends AutoCloseable {
        /**
         * Brings what is at a URL.
         *
         * @param url such as {@code https://10.0.0.7:7072/sha256/…}
         * @param role that the other side must have
         * @param avoid ids of nodes that were asked in vain
         */
        default Reply get(URI url, NodeName.Role role, List<String> avoid, Sink sink) throws IOException {
            return get(url, role, avoid, null, sink);
        }

        /**
         * Brings a part of what is at a URL.
         *
         * @param part null for all of it
         */
        Reply get(URI url, NodeName.Role role, List<String> avoid, @Nullable Part part, Sink sink) throws IOException;

        /** Whether the other side has it itself. */
        boolean has(URI url, NodeName.Role role) throws IOException;

        /** Brings a short text. */
        String text(URI url, NodeName.Role role) throws IOException;

        /** Sends a file; returns once the other side has taken all of it. */
        void put(URI url, NodeName.Role role, Path file) throws IOException;

        /** Sends a short text; returns once the other side has taken it. */
        void putText(URI url, NodeName.Role role, String text) throws IOException;

        /** Closes every connection to where a URL is: what is asked there now fails with SOURCE_LOST. */
        void leave(URI url);

        @Override
        void close();
    }
}
