package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import muster.cli.client.Json;

/** Draws what a workflow comes to. */
final class WorkflowGraph {
    /** How. */
    enum Form {
        dot,
        mermaid,
        json
    }

    private WorkflowGraph() {}

    static String write(JsonNode plan, Form form) {
        return switch (form) {
            case json -> Json.pretty(plan.path("tasks")) + "\n";
            case dot -> dot(plan);
            case mermaid -> mermaid(plan);
        };
    }

    private static String dot(JsonNode plan) {
        var out = new StringBuilder("digraph workflow {\n");
        plan.path("tasks").forEach(task -> {
            var name = task.path("name").asText();
            out.append("  \"").append(name).append("\";\n");
            task.path("needs").forEach(need -> out.append("  \"")
                    .append(need.asText())
                    .append("\" -> \"")
                    .append(name)
                    .append("\";\n"));
        });
        return out.append("}\n").toString();
    }

    /** Ids of Mermaid are plain; names stand in the boxes. */
    private static String mermaid(JsonNode plan) {
        var ids = new HashMap<String, String>();
        var out = new StringBuilder("flowchart LR\n");
        plan.path("tasks").forEach(task -> {
            var name = task.path("name").asText();
            ids.put(name, "t" + ids.size());
            out.append("    ").append(ids.get(name)).append("[\"").append(name).append("\"]\n");
        });
        plan.path("tasks").forEach(task -> task.path("needs").forEach(need -> out.append("    ")
                .append(ids.get(need.asText()))
                .append(" --> ")
                .append(ids.get(task.path("name").asText()))
                .append('\n')));
        return out.toString();
    }
}
