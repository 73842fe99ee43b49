package muster.rest.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskState;

/**
 * What needed what in a run: tasks, or where they are too many to be seen, categories. Drawn in layers, from left to right.
 *
 * @param edges from a node to those that need it, by their positions
 * @param layers positions of nodes, from top to bottom
 */
public record RunGraph(List<Node> nodes, Map<Integer, SortedSet<Integer>> edges, List<List<Integer>> layers) {
    /** More tasks are drawn by category. */
    static final int MOST_TASKS = 60;

    /**
     * @param name of a task or category
     * @param size how many tasks it stands for
     * @param state failed if one has failed, running if one runs, succeeded if all have; else waiting or canceled
     */
    public record Node(String name, int size, int succeeded, TaskState state) {}

    /** How it is written. */
    public enum Form {
        /** For Mermaid. */
        MERMAID,
        /** For Graphviz. */
        DOT;

        /** @throws MusterException INVALID if there is none of that name */
        public static Form of(String word) {
            for (var form : values()) {
                if (Names.word(form).equals(word)) {
                    return form;
                }
            }
            throw MusterException.invalid(
                    "form '" + Names.escape(word) + "' is neither mermaid nor dot; give one of them");
        }
    }

    /** Of each task if they are few, else of categories. */
    public static RunGraph of(Run run) {
        return run.tasks().size() <= MOST_TASKS ? ofTasks(run) : ofCategories(run);
    }

    static RunGraph ofTasks(Run run) {
        var nodes = new ArrayList<Node>();
        var group = new int[run.tasks().size()];
        for (var i = 0; i < group.length; i++) {
            group[i] = i;
            nodes.add(node(run, run.tasks().get(i).name(), List.of(i)));
        }
        return of(run, nodes, group);
    }

    static RunGraph ofCategories(Run run) {
        var nodes = new ArrayList<Node>();
        var group = new int[run.tasks().size()];
        run.categories().forEach((name, tasks) -> {
            tasks.forEach(task -> group[task] = nodes.size());
            nodes.add(node(run, name, tasks));
        });
        return of(run, nodes, group);
    }

    private static Node node(Run run, String name, List<Integer> tasks) {
        var counts = new int[TaskState.values().length];
        tasks.forEach(task -> counts[run.tasks().get(task).state().ordinal()]++);
        var state = TaskState.WAITING;
        for (var each : List.of(
                TaskState.SUCCEEDED,
                TaskState.IGNORED,
                TaskState.CANCELED,
                TaskState.WAITING,
                TaskState.RUNNING,
                TaskState.FAILED)) {
            state = counts[each.ordinal()] > 0 ? each : state;
        }
        return new Node(name, tasks.size(), counts[TaskState.SUCCEEDED.ordinal()], state);
    }

    /** @param group the node of each task */
    private static RunGraph of(Run run, List<Node> nodes, int[] group) {
        var edges = new TreeMap<Integer, SortedSet<Integer>>();
        var depths = depths(run);
        var layerOf = new int[nodes.size()];
        Arrays.fill(layerOf, Integer.MAX_VALUE);
        for (var i = 0; i < group.length; i++) {
            layerOf[group[i]] = Math.min(layerOf[group[i]], depths.length == 0 ? 0 : depths[i]);
        }
        for (var i = 0; i < run.needs().length; i++) {
            for (var need : run.needs()[i]) {
                if (group[need] != group[i]) {
                    edges.computeIfAbsent(group[need], node -> new TreeSet<>()).add(group[i]);
                }
            }
        }
        return new RunGraph(nodes, edges, layers(layerOf, edges));
    }

    /** How many tasks are before each, on the longest way. */
    private static int[] depths(Run run) {
        var needs = run.needs();
        var depths = new int[needs.length];
        var open = new int[needs.length];
        var dependants = new ArrayList<List<Integer>>();
        for (var i = 0; i < needs.length; i++) {
            dependants.add(new ArrayList<>());
        }
        var ready = new ArrayList<Integer>();
        for (var i = 0; i < needs.length; i++) {
            open[i] = needs[i].length;
            for (var need : needs[i]) {
                dependants.get(need).add(i);
            }
            if (open[i] == 0) {
                ready.add(i);
            }
        }
        for (var next = 0; next < ready.size(); next++) {
            var task = ready.get(next);
            for (var dependant : dependants.get(task)) {
                depths[dependant] = Math.max(depths[dependant], depths[task] + 1);
                if (--open[dependant] == 0) {
                    ready.add(dependant);
                }
            }
        }
        return depths;
    }

    /** Nodes by layer, each near those that it comes after. */
    private static List<List<Integer>> layers(int[] layerOf, Map<Integer, SortedSet<Integer>> edges) {
        var byLayer = new TreeMap<Integer, List<Integer>>();
        for (var node = 0; node < layerOf.length; node++) {
            byLayer.computeIfAbsent(layerOf[node], layer -> new ArrayList<>()).add(node);
        }
        var height = new double[layerOf.length];
        var before = new double[layerOf.length];
        var count = new int[layerOf.length];
        for (var layer : byLayer.values()) {
            layer.sort(Comparator.comparingDouble(node -> count[node] == 0 ? node : before[node] / count[node]));
            for (var i = 0; i < layer.size(); i++) {
                height[layer.get(i)] = (i + 0.5) / layer.size();
                for (var to : edges.getOrDefault(layer.get(i), Collections.emptySortedSet())) {
                    before[to] += height[layer.get(i)];
                    count[to]++;
                }
            }
        }
        return List.copyOf(byLayer.values());
    }

    public String write(Form form) {
        return form == Form.DOT ? dot() : mermaid();
    }

    private String dot() {
        var out = new StringBuilder("digraph run {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
        for (var i = 0; i < nodes.size(); i++) {
            out.append("  n")
                    .append(i)
                    .append(" [label=\"")
                    .append(label(nodes.get(i), RunGraph::escapedForDot, "\\n"))
                    .append("\", fillcolor=\"")
                    .append(colour(nodes.get(i).state()))
                    .append("\"];\n");
        }
        edges.forEach((from, all) -> all.forEach(to -> out.append("  n" + from + " -> n" + to + ";\n")));
        return out.append("}\n").toString();
    }

    private String mermaid() {
        var out = new StringBuilder("flowchart LR\n");
        var members = new TreeMap<TaskState, List<String>>();
        for (var i = 0; i < nodes.size(); i++) {
            var node = nodes.get(i);
            out.append("    n")
                    .append(i)
                    .append("[\"")
                    .append(label(node, RunGraph::escapedForMermaid, "<br/>"))
                    .append("\"]\n");
            members.computeIfAbsent(node.state(), state -> new ArrayList<>()).add("n" + i);
        }
        edges.forEach((from, all) -> all.forEach(to -> out.append("    n" + from + " --> n" + to + "\n")));
        members.forEach((state, ids) -> out.append("    classDef " + Names.word(state) + " fill:" + colour(state)
                + ",color:#000\n    class " + String.join(",", ids) + " " + Names.word(state) + "\n"));
        return out.toString();
    }

    private static String label(Node node, UnaryOperator<String> escaped, String newline) {
        var name = escaped.apply(node.name());
        return node.size() == 1 ? name : name + newline + node.succeeded() + " of " + node.size();
    }

    private static String escapedForDot(String name) {
        return name.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    /** As Mermaid has it: the entities of HTML, which begin with a number sign. */
    private static String escapedForMermaid(String name) {
        return name.replace("#", "#35;")
                .replace("\"", "#quot;")
                .replace("<", "#lt;")
                .replace(">", "#gt;");
    }

    private static String colour(TaskState state) {
        return switch (state) {
            case SUCCEEDED -> "#cfe8d5";
            case FAILED -> "#f5c6c2";
            case RUNNING, ASSIGNED -> "#cfe0f5";
            case CANCELED -> "#e3e3e3";
            case IGNORED -> "#f5e6c2";
            case WAITING, READY -> "#f6f6f6";
        };
    }
}
