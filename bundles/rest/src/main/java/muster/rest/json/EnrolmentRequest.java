package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Names;

/**
 * What a worker sends to be taken in.
 *
 * @param worker the id it wants
 * @param publicKey SubjectPublicKeyInfo, DER
 */
public record EnrolmentRequest(String worker, byte[] publicKey) {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("worker", "publicKey"));

    /** The request that {@code root} describes; else INVALID with every fault. */
    public static EnrolmentRequest read(JsonNode root) {
        var faults = new Faults();
        var request = Fields.of(root, "", "an enrolment", KNOWN, faults).flatMap(fields -> read(fields, faults));
        faults.throwIfAny();
        return request.orElseThrow();
    }

    private static Optional<EnrolmentRequest> read(Fields fields, Faults faults) {
        for (var name : KNOWN) {
            if (!fields.has(name)) {
                faults.add(fields.at(name), name + " is missing; send worker and publicKey");
            }
        }
        var worker =
                fields.string("worker").flatMap(v -> faults.check(fields.at("worker"), () -> Names.requireWorker(v)));
        var key = fields.string("publicKey").flatMap(v -> faults.check(fields.at("publicKey"), () -> decode(v)));
        return worker.flatMap(id -> key.map(bytes -> new EnrolmentRequest(id, bytes)));
    }

    private static byte[] decode(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw MusterException.invalid("publicKey is not base64; send the key's DER in base64");
        }
    }
}
