package muster.language.yaml;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads one document of YAML 1.2 within bounds of size and depth. No tag is followed, so that nothing but maps, lists and
 * texts comes of it. An alias stands for what its anchor names; what all aliases stand for counts towards the size.
 */
final class Document {
    static final int MAX_DEPTH = 40;
    static final int MAX_CHARACTERS = 16_000_000;
    static final int MAX_NODES = 1_000_000;

    private final String file;
    private final String[] lines;
    private final Iterator<Event> events;
    private final Map<Anchor, Node> anchors = new HashMap<>();
    private final Map<Anchor, Integer> sizes = new HashMap<>();
    private int nodes;

    private Document(String file, String text) {
        this.file = file;
        lines = text.split("\n", -1);
        events = new Parse(LoadSettings.builder()
                        .setLabel(file)
                        .setCodePointLimit(MAX_CHARACTERS)
                        .build())
                .parseString(text)
                .iterator();
    }

    /** The value that the document has; every fault is INVALID and tells its place. */
    static Node read(String file, String text) {
        var beginning = new Place(file, 1, 1);
        if (text.length() > MAX_CHARACTERS) {
            throw beginning.error("the script has " + text.length() + " characters; at most " + MAX_CHARACTERS
                    + " are read, so split it");
        }
        try {
            return new Document(file, text).document();
        } catch (MarkedYamlEngineException e) {
            var mark = e.getProblemMark().or(e::getContextMark);
            var line = mark.map(m -> lineOf(text, m.getLine())).orElse("");
            throw mark.map(m -> place(file, m))
                    .orElse(beginning)
                    .error("this is no YAML: " + e.getProblem() + (e.getContext() == null ? "" : " " + e.getContext())
                            + (line.isBlank() ? "" : ", in '" + Node.Scalar.shown(line.strip()) + "'"));
        } catch (YamlEngineException e) {
            throw beginning.error("this is no YAML: " + e.getMessage());
        }
    }

    private static String lineOf(String text, int number) {
        return text.lines().skip(number).findFirst().orElse("");
    }

    private static Place place(String file, Mark mark) {
        return new Place(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Place at(Event event) {
        return place(file, event.getStartMark().orElseThrow());
    }

    private Node document() {
        var root = Optional.<Node>empty();
        while (events.hasNext()) {
            var event = events.next();
            if (event instanceof NodeEvent) {
                if (root.isPresent()) {
                    throw at(event).error("a second document begins here; a script is one document");
                }
                root = Optional.of(node(event, 0));
            }
        }
        return root.orElseThrow(
                () -> new Place(file, 1, 1).error("the script is empty; expected a map with the key 'tasks'"));
    }

    private Node node(Event event, int depth) {
        if (depth > MAX_DEPTH) {
            throw at(event).error("this is nested deeper than " + MAX_DEPTH + " lists and maps; write it flatter");
        }
        if (event instanceof AliasEvent alias) {
            return alias(alias);
        }
        var before = nodes;
        count(event, 1);
        Node node;
        if (event instanceof ScalarEvent scalar) {
            requireNoTag(event, scalar.getTag());
            node = scalar(scalar);
        } else {
            var collection = (CollectionStartEvent) event;
            requireNoTag(event, collection.getTag());
            node = event.getEventId() == Event.ID.SequenceStart ? sequence(event, depth) : mapping(event, depth);
        }
        ((NodeEvent) event).getAnchor().ifPresent(anchor -> {
            anchors.put(anchor, node);
            sizes.put(anchor, nodes - before);
        });
        return node;
    }

    private void count(Event event, int more) {
        nodes += more;
        if (nodes > MAX_NODES) {
            throw at(event)
                    .error("the script has more than " + MAX_NODES
                            + " values up to here, with those that aliases stand for; make it shorter");
        }
    }

    private void requireNoTag(Event event, Optional<String> tag) {
        tag.ifPresent(name -> {
            throw at(event).error("the tag '" + name + "' is not followed; leave it out");
        });
    }

    private Node alias(AliasEvent alias) {
        var node = anchors.get(alias.getAlias());
        if (node == null) {
            throw at(alias)
                    .error("no anchor '&" + alias.getAlias().getValue()
                            + "' stands before this alias; correct the name or add the anchor");
        }
        count(alias, sizes.getOrDefault(alias.getAlias(), 1));
        return node;
    }

    private Node.Sequence sequence(Event start, int depth) {
        var items = new ArrayList<Node>();
        for (var event = events.next(); event.getEventId() != Event.ID.SequenceEnd; event = events.next()) {
            items.add(node(event, depth + 1));
        }
        return new Node.Sequence(at(start), items);
    }

    private Node.Mapping mapping(Event start, int depth) {
        var entries = new LinkedHashMap<String, Node.Entry>();
        for (var event = events.next(); event.getEventId() != Event.ID.MappingEnd; event = events.next()) {
            if (!(node(event, depth + 1) instanceof Node.Scalar key)) {
                throw at(event).error("this key is no text; a list or map can be no key");
            }
            var value = node(events.next(), depth + 1);
            var before = entries.putIfAbsent(key.text(), new Node.Entry(key, value));
            if (before != null) {
                throw at(event)
                        .error("the key '" + Node.Scalar.shown(key.text()) + "' stands here twice; the first is at "
                                + before.key().at() + "; remove one");
            }
        }
        return new Node.Mapping(at(start), entries);
    }

    private Node.Scalar scalar(ScalarEvent event) {
        return new Node.Scalar(at(event), event.getValue(), event.isPlain(), first(event));
    }

    /** Where a scalar's characters begin, if they stand in the script as they are. */
    private @Nullable Place first(ScalarEvent event) {
        var start = event.getStartMark().orElseThrow();
        var end = event.getEndMark().orElseThrow();
        var style = event.getScalarStyle();
        if (style == ScalarStyle.LITERAL) {
            for (var i = start.getLine() + 1; i < lines.length; i++) {
                var indent = lines[i].length() - lines[i].stripLeading().length();
                if (indent < lines[i].length()) {
                    return new Place(file, start.getLine() + 2, indent + 1);
                }
            }
            return null;
        }
        var quotes = style == ScalarStyle.PLAIN ? 0 : 1;
        var asItIs = start.getLine() == end.getLine()
                && end.getColumn() - start.getColumn() == event.getValue().length() + 2 * quotes;
        return asItIs ? new Place(file, start.getLine() + 1, start.getColumn() + 1 + quotes) : null;
    }
}
