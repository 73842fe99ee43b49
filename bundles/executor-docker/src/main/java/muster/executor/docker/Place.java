package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import muster.api.Cause;
import muster.api.executor.Outcome;
import org.jspecify.annotations.Nullable;

/** Where a command runs: as the first process of a container, or beside that in one that is warm. On the daemon's thread. */
interface Place {
    /** Starts the command; its {@link Guest} hears of all that follows. Once, and first. */
    void begin();

    /** Ends the command before its time, or before it starts: SIGTERM and after the grace SIGKILL. Idempotent. */
    void stop(boolean atOnce);

    /** Sends a file as standard input, once the command has started. */
    void send(FileChannel file);

    /** Looks at what it uses; its guest hears of that. */
    void measure();

    /** Whose command it is. */
    interface Guest {
        /** The command has started. */
        void started();

        /** What it prints, as the daemon frames it. */
        void received(ByteBuffer bytes);

        /** What it used since it started. */
        void measured(Reading reading);

        /** It has ended, or did not start; once. What it left may still be there. */
        void ended(End end);

        /** Nothing of it is left; last. */
        void gone();
    }

    /**
     * How a command ended.
     *
     * @param failure why it did not start, or what became of it is not known; null if it ended
     * @param exitCode as shells tell it: above 128 for a signal
     * @param outOfMemory whether the daemon says that memory ran out
     */
    record End(@Nullable Outcome failure, int exitCode, boolean outOfMemory, Duration wall) {
        static final End NOT_STARTED = failed(Cause.CANCELED, "canceled before it started");

        static End failed(Cause cause, String message) {
            return new End(Outcome.failure(cause, message), -1, false, Duration.ZERO);
        }
    }

    /**
     * What a container uses.
     *
     * @param cpu of all its life
     * @param memoryBytes now
     * @param highestMemoryBytes of all its life; 0 where that is not told
     */
    record Reading(Duration cpu, long memoryBytes, long highestMemoryBytes) {
        static Reading of(JsonNode stats) {
            var memory = stats.path("memory_stats");
            return new Reading(
                    Duration.ofNanos(stats.path("cpu_stats")
                            .path("cpu_usage")
                            .path("total_usage")
                            .asLong()),
                    memory.path("usage").asLong(),
                    memory.path("max_usage").asLong());
        }
    }
}
