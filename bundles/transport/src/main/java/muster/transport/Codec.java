package muster.transport;

import java.util.List;
import muster.api.JobSpec;
import muster.api.Secret;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.transport.internal.Cbor;
import muster.transport.internal.SpecFormat;
import muster.transport.internal.ToManagerFormat;
import muster.transport.internal.ToWorkerFormat;

/**
 * Writes messages and specifications as CBOR (RFC 8949) maps and reads them back. A reader ignores fields and messages
 * that it does not know, and a field that is missing has its default. Thread-safe.
 *
 * <p>Instants are nanoseconds since 1970, durations nanoseconds; a duration beyond 292 years is read as 292 years. Every
 * {@code decode} throws {@link muster.api.MusterException} with INVALID for bytes that are no such thing.
 */
public final class Codec {
    private Codec() {}

    /**
     * What travels from the manager to a worker in one piece.
     *
     * @param protocol version that the sender speaks
     * @param epoch of the manager
     */
    public record FromManager(int protocol, long epoch, List<ToWorker> messages) {
        public FromManager {
            messages = List.copyOf(messages);
        }
    }

    /**
     * What travels from a worker to the manager in one piece; messages name the session themselves.
     *
     * @param protocol version that the sender speaks
     */
    public record FromWorker(int protocol, List<ToManager> messages) {
        public FromWorker {
            messages = List.copyOf(messages);
        }
    }

    public static byte[] encodeToWorker(long epoch, List<? extends ToWorker> messages) {
        return Cbor.write(out -> {
            out.writeStartObject();
            out.writeNumberField("protocol", Protocol.NEWEST);
            out.writeNumberField("epoch", epoch);
            Cbor.writeList(out, "messages", messages, ToWorkerFormat::write);
            out.writeEndObject();
        });
    }

    public static FromManager decodeToWorker(byte[] bytes) {
        return Cbor.read("message of the manager", bytes, in -> {
            var protocol = 0;
            var epoch = 0L;
            List<ToWorker> messages = List.of();
            for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
                switch (field) {
                    case "protocol" -> protocol = Cbor.readInt(in);
                    case "epoch" -> epoch = Cbor.readLong(in);
                    case "messages" -> messages = Cbor.readKnown(in, ToWorkerFormat.READERS);
                    default -> in.skipChildren();
                }
            }
            return new FromManager(protocol, epoch, messages);
        });
    }

    public static byte[] encodeToManager(List<? extends ToManager> messages) {
        return Cbor.write(out -> {
            out.writeStartObject();
            out.writeNumberField("protocol", Protocol.NEWEST);
            Cbor.writeList(out, "messages", messages, ToManagerFormat::write);
            out.writeEndObject();
        });
    }

    public static FromWorker decodeToManager(byte[] bytes) {
        return Cbor.read("message of a worker", bytes, in -> {
            var protocol = 0;
            List<ToManager> messages = List.of();
            for (var field = Cbor.firstField(in); field != null; field = Cbor.nextField(in)) {
                switch (field) {
                    case "protocol" -> protocol = Cbor.readInt(in);
                    case "messages" -> messages = Cbor.readKnown(in, ToManagerFormat.READERS);
                    default -> in.skipChildren();
                }
            }
            return new FromWorker(protocol, messages);
        });
    }

    public static byte[] encode(ToManager.Result result) {
        return Cbor.write(out -> ToManagerFormat.writeResult(out, result));
    }

    public static ToManager.Result decodeResult(byte[] bytes) {
        return Cbor.read("result", bytes, ToManagerFormat::readResult);
    }

    /** Without the values of its secrets. */
    public static byte[] encode(JobSpec spec) {
        return Cbor.write(out -> SpecFormat.writeJob(out, spec));
    }

    public static JobSpec decodeJob(byte[] bytes) {
        return Cbor.read("job", bytes, SpecFormat::readJob);
    }

    public static byte[] encodeSecrets(List<Secret> secrets) {
        return Cbor.write(out -> SpecFormat.writeSecrets(out, secrets));
    }

    public static List<Secret> decodeSecrets(byte[] bytes) {
        return Cbor.read("secrets", bytes, SpecFormat::readSecrets);
    }

    public static byte[] encode(Work work) {
        return Cbor.write(out -> SpecFormat.writeWork(out, work));
    }

    public static Work decodeWork(byte[] bytes) {
        return Cbor.read("work", bytes, SpecFormat::readWork);
    }

    public static byte[] encode(TaskSpec spec) {
        return Cbor.write(out -> SpecFormat.writeTask(out, spec));
    }

    public static TaskSpec decodeTask(byte[] bytes) {
        return Cbor.read("task", bytes, SpecFormat::readTask);
    }
}
