package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;

/**
 * What a worker sends to have its certificate renewed.
 *
 * @param certificate the old one, DER
 * @param publicKey SubjectPublicKeyInfo of the new key, DER
 * @param signature over {@code publicKey}, by the old key
 */
public record RenewalRequest(byte[] certificate, byte[] publicKey, byte[] signature) {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("certificate", "publicKey", "signature"));

    /** The request that {@code root} describes; else INVALID with every fault. */
    public static RenewalRequest read(JsonNode root) {
        var faults = new Faults();
        var request = Fields.of(root, "", "a renewal", KNOWN, faults).flatMap(RenewalRequest::read);
        faults.throwIfAny();
        return request.orElseThrow(() -> MusterException.invalid("send certificate, publicKey and signature"));
    }

    private static Optional<RenewalRequest> read(Fields fields) {
        var certificate = fields.base64("certificate");
        var key = fields.base64("publicKey");
        var signature = fields.base64("signature");
        return certificate.flatMap(c -> key.flatMap(k -> signature.map(s -> new RenewalRequest(c, k, s))));
    }
}
