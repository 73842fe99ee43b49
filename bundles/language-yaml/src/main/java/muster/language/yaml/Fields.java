package muster.language.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The keys of one map of a script. What has the wrong kind is a fault, and counts as not there. */
final class Fields {
    private final Node.Mapping mapping;
    private final Faults faults;

    private final Set<String> known;

    private Fields(Node.Mapping mapping, Set<String> known, Faults faults) {
        this.mapping = mapping;
        this.known = known;
        this.faults = faults;
    }

    /**
     * The fields of a node; a fault for each key that is not known, and nothing if it is no map.
     *
     * @param what it is, for messages: {@code a task}
     */
    static Optional<Fields> of(Node node, String what, Set<String> known, Faults faults) {
        if (!(node instanceof Node.Mapping mapping)) {
            faults.add(node.at(), what + " is " + node.kind() + " here; expected a map of " + String.join(", ", known));
            return Optional.empty();
        }
        mapping.entries().forEach((name, entry) -> {
            if (!known.contains(name)) {
                faults.add(
                        entry.key().at(),
                        what + " has no key '" + Node.Scalar.shown(name) + "'; known are " + String.join(", ", known));
            }
        });
        return Optional.of(new Fields(mapping, known, faults));
    }

    /** A key's value; one that is nothing counts as not there. */
    Optional<Node> node(String name) {
        return Optional.ofNullable(mapping.entries().get(name))
                .map(Node.Entry::value)
                .filter(value -> !value.absent());
    }

    /** Whether a key is not there, and not just misspelt: that is told of its own. */
    boolean lacks(String name) {
        return node(name).isEmpty() && known.containsAll(mapping.entries().keySet());
    }

    Optional<Node.Scalar> scalar(String name) {
        return node(name).flatMap(node -> scalar(name, node));
    }

    private Optional<Node.Scalar> scalar(String name, Node node) {
        if (node instanceof Node.Scalar scalar && !node.absent()) {
            return Optional.of(scalar);
        }
        faults.add(node.at(), "'" + name + "' is " + node.kind() + " here; expected a text or number");
        return Optional.empty();
    }

    /** The items of a list; one alone need not be in a list. */
    List<Node> items(String name) {
        return node(name)
                .map(node -> node instanceof Node.Sequence list ? list.items() : List.of(node))
                .orElse(List.of());
    }

    /** The texts of a list; one alone need not be in a list. */
    List<Node.Scalar> scalars(String name) {
        var scalars = new ArrayList<Node.Scalar>();
        items(name).forEach(item -> scalar(name, item).ifPresent(scalars::add));
        return scalars;
    }

    /** A map of whatever, in its order. */
    Map<String, Node.Entry> map(String name) {
        return node(name)
                .flatMap(node -> {
                    if (node instanceof Node.Mapping map) {
                        return Optional.of(map.entries());
                    }
                    faults.add(
                            node.at(),
                            "'" + name + "' is " + node.kind() + " here; expected a map of names and values");
                    return Optional.empty();
                })
                .orElse(Map.of());
    }

    /** A map of texts, in its order. */
    Map<String, Node.Scalar> texts(String name) {
        var texts = new LinkedHashMap<String, Node.Scalar>();
        map(name).forEach((key, entry) -> {
            if (entry.value() instanceof Node.Scalar scalar) {
                texts.put(key, scalar);
            } else {
                faults.add(
                        entry.value().at(),
                        "'" + key + "' of '" + name + "' is " + entry.value().kind()
                                + " here; expected a text or number");
            }
        });
        return texts;
    }
}
