package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads what bundle is to be deployed. */
public final class DeploymentReader {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("file", "object"));

    private DeploymentReader() {}

    /**
     * A bundle to deploy.
     *
     * @param file its name on the worker
     * @param object with its bytes
     */
    public record Deployment(String file, String object) {}

    /** The deployment that {@code root} describes; else INVALID with every fault. */
    public static Deployment read(JsonNode root) {
        var faults = new Faults();
        var request = Fields.of(root, "", "a deployment", KNOWN, faults).flatMap(fields -> read(fields, faults));
        faults.throwIfAny();
        return request.orElseThrow();
    }

    private static Optional<Deployment> read(Fields fields, Faults faults) {
        for (var name : KNOWN) {
            if (!fields.has(name)) {
                faults.add(
                        fields.at(name),
                        name + " is missing; write such as \"file\": \"mine-1.0.jar\" and"
                                + " \"object\": \"sha256:…\"");
            }
        }
        var file = fields.string("file");
        var object = fields.string("object");
        return file.isPresent() && object.isPresent()
                ? Optional.of(new Deployment(file.get(), object.get()))
                : Optional.empty();
    }
}
