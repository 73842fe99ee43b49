package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import muster.api.Names;
import muster.api.language.Content;
import muster.api.language.WorkflowRequest;

/** Reads workflows that are sent to be run. */
public final class WorkflowReader {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of(
            "file",
            "text",
            "language",
            "settings",
            "options",
            "files",
            "variables",
            "undefined",
            "contents",
            "name",
            "tags",
            "priority",
            "cache",
            "maxFails",
            "mayFail",
            "secrets"));

    private static final Set<String> CONTENT = new LinkedHashSet<>(List.of("name", "object", "executable"));

    private WorkflowReader() {}

    /** The workflow that {@code root} describes; else INVALID with every fault. */
    public static WorkflowRequest read(JsonNode root) {
        var faults = new Faults();
        var request = Fields.of(root, "", "a workflow", KNOWN, faults).flatMap(fields -> read(fields, faults));
        faults.throwIfAny();
        return request.orElseThrow();
    }

    private static Map<String, List<Content>> contents(Fields fields, Faults faults) {
        var contents = new LinkedHashMap<String, List<Content>>();
        fields.lists("contents").forEach((path, nodes) -> {
            var files = new ArrayList<Content>();
            for (var i = 0; i < nodes.size(); i++) {
                var pointer = Fields.child(fields.at("contents"), path) + "/" + i;
                Fields.of(nodes.get(i), pointer, "a content", CONTENT, faults)
                        .ifPresent(file -> files.add(new Content(
                                file.string("name").orElse(""),
                                file.string("object").orElse(""),
                                file.bool("executable").orElse(false))));
            }
            contents.put(path, files);
        });
        return contents;
    }

    private static Optional<WorkflowRequest> read(Fields fields, Faults faults) {
        for (var name : List.of("file", "text")) {
            if (!fields.has(name)) {
                faults.add(fields.at(name), name + " is missing; send the script's file name and its text");
            }
        }
        return Optional.of(new WorkflowRequest(
                fields.string("language").orElse(""),
                fields.string("file").orElse(""),
                fields.string("text").orElse(""),
                fields.stringMap("settings"),
                fields.stringMap("options"),
                fields.stringMap("files"),
                fields.stringMap("variables"),
                Set.copyOf(fields.strings("undefined", name -> {})),
                contents(fields, faults),
                fields.string("name").orElse(""),
                fields.strings("tags", Names::requireLabel),
                fields.integer("priority").orElse(0),
                fields.bool("cache").orElse(true),
                fields.integer("maxFails").orElse(null),
                fields.bool("mayFail").orElse(false),
                SecretReader.read(fields, faults)));
    }
}
