package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
        if (!fields.has("worker")) {
            faults.add(fields.at("worker"), "worker is missing; send the id it wants");
        }
        var worker =
                fields.string("worker").flatMap(v -> faults.check(fields.at("worker"), () -> Names.requireWorker(v)));
        var key = fields.base64("publicKey");
        return worker.flatMap(id -> key.map(bytes -> new EnrolmentRequest(id, bytes)));
    }
}
