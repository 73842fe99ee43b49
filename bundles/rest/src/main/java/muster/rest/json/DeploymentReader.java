package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads what bundle or feature is to be deployed. */
public final class DeploymentReader {
    private static final String FEATURE = "feature";
    private static final List<String> BUNDLE = List.of("file", "object");
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("file", "object", FEATURE));

    private DeploymentReader() {}

    /**
     * A bundle or a feature to deploy.
     *
     * @param file the bundle's name on the worker; empty for a feature
     * @param object with its bytes; empty for a feature
     * @param feature by name; empty for a bundle
     */
    public record Deployment(String file, String object, String feature) {}

    /** The deployment that {@code root} describes; else INVALID with every fault. */
    public static Deployment read(JsonNode root) {
        var faults = new Faults();
        var request = Fields.of(root, "", "a deployment", KNOWN, faults).flatMap(fields -> read(fields, faults));
        faults.throwIfAny();
        return request.orElseThrow();
    }

    private static Optional<Deployment> read(Fields fields, Faults faults) {
        var named = fields.has(FEATURE);
        for (var name : BUNDLE) {
            if (fields.has(name) == named) {
                faults.add(
                        fields.at(name),
                        name + (named ? " does not go with feature" : " is missing")
                                + "; write such as \"file\": \"mine-1.0.jar\" and \"object\": \"sha256:…\","
                                + " or \"feature\": \"docker\"");
            }
        }
        if (named) {
            return fields.string(FEATURE).map(feature -> new Deployment("", "", feature));
        }
        var file = fields.string("file");
        var object = fields.string("object");
        return file.isPresent() && object.isPresent()
                ? Optional.of(new Deployment(file.get(), object.get(), ""))
                : Optional.empty();
    }
}
