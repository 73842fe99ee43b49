package muster.language.yaml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import muster.api.Names;
import muster.api.Secret;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** Reads what a script says. Everything that is wrong with its form is told at once. */
final class Reader {
    static final Set<String> SCRIPT = ordered("description", "settings", "secrets", "defaults", "tasks");
    static final Set<String> DEFAULTS = ordered(
            "executor",
            "image",
            "parameters",
            "warm",
            "environment",
            "workingDirectory",
            "resources",
            "timeLimit",
            "retries",
            "mayFail",
            "category");
    static final Set<String> TASK = ordered(
            "run",
            "command",
            "needs",
            "inputs",
            "outputs",
            "matrix",
            "foreach",
            "name",
            "executor",
            "image",
            "parameters",
            "warm",
            "environment",
            "workingDirectory",
            "stdin",
            "stdout",
            "stderr",
            "resources",
            "timeLimit",
            "retries",
            "mayFail",
            "category");
    static final Set<String> RESOURCES = ordered("cores", "memory", "disk", "gpus", "custom", "labels");
    static final Set<String> SECRET = ordered("name", "as");
    static final Set<String> INPUT = ordered("name", "from", "executable");
    static final Set<String> OUTPUT = ordered("path", "optional", "keep");

    private static final List<String> TEXTS =
            List.of("executor", "image", "warm", "workingDirectory", "timeLimit", "retries", "mayFail", "category");
    private static final List<String> AMOUNTS = List.of("cores", "memory", "disk", "gpus");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]{1,18}");
    private static final Pattern NUMBER = Pattern.compile("[-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]{1,3})?");

    private final Faults faults = new Faults();
    private final Map<String, Value> settings = new LinkedHashMap<>();
    private final Map<String, Secret> secrets = new LinkedHashMap<>();

    private Reader() {}

    /**
     * A script as it is written.
     *
     * @param settings what its settings stand for
     * @param secrets that its tasks rely on, without values
     */
    record Read(List<Definition> definitions, Map<String, Value> settings, List<Secret> secrets) {}

    /** @param given values of settings, by name */
    static Read read(String file, String text, Map<String, String> given) {
        var root = Document.read(file, text);
        var reader = new Reader();
        var definitions = new ArrayList<Definition>();
        Fields.of(withoutExtensions(root), "a script", SCRIPT, reader.faults)
                .ifPresent(fields -> reader.read(root.at(), fields, given, definitions));
        reader.faults.throwIfAny();
        return new Read(definitions, reader.settings, List.copyOf(reader.secrets.values()));
    }

    /** Keys that begin with {@code x-} are the author's own: a place for anchors. */
    private static Node withoutExtensions(Node root) {
        if (!(root instanceof Node.Mapping mapping)) {
            return root;
        }
        var entries = new LinkedHashMap<>(mapping.entries());
        entries.keySet().removeIf(key -> key.startsWith("x-"));
        return new Node.Mapping(mapping.at(), entries);
    }

    private void read(Place at, Fields fields, Map<String, String> given, List<Definition> definitions) {
        settings(at, fields, given);
        fields.items("secrets").forEach(this::secret);
        fields.scalar("description");
        var defaults = fields.node("defaults")
                .flatMap(node -> Fields.of(node, "'defaults'", DEFAULTS, faults))
                .map(found -> said(found, settings.keySet()))
                .orElse(Said.NOTHING);
        var tasks = fields.map("tasks");
        if (tasks.isEmpty()) {
            faults.add(
                    fields.node("tasks").map(Node::at).orElse(at),
                    "the script has no tasks; expected 'tasks' with at least one");
        }
        tasks.forEach((key, entry) -> faults.check(entry.key().at(), () -> Names.requireName("task name", key))
                .flatMap(name -> Fields.of(entry.value(), "task '" + key + "'", TASK, faults))
                .ifPresent(task -> definitions.add(definition(entry.key().at(), key, task, defaults))));
    }

    private void settings(Place at, Fields fields, Map<String, String> given) {
        var defined = fields.map("settings");
        defined.forEach((name, entry) -> {
            if (!NAME.matcher(name).matches()) {
                faults.add(
                        entry.key().at(),
                        "'" + Node.Scalar.shown(name)
                                + "' is no name of a setting; use a letter, then letters, digits and '_'");
            }
            faults.check(() -> setting(name, entry, given.get(name))).ifPresent(value -> settings.put(name, value));
            // whoever uses it is not to blame
            settings.putIfAbsent(name, Value.text(""));
        });
        given.keySet().forEach(name -> {
            if (!defined.containsKey(name)) {
                faults.add(
                        fields.node("settings").map(Node::at).orElse(at),
                        "the script has no setting '" + Node.Scalar.shown(name) + "' to set; "
                                + (defined.isEmpty()
                                        ? "it has none"
                                        : "known are " + String.join(", ", defined.keySet())));
            }
        });
    }

    private void secret(Node node) {
        Optional<Node.Scalar> name;
        var place = Secret.Place.ENVIRONMENT;
        if (node instanceof Node.Scalar scalar && !node.absent()) {
            name = Optional.of(scalar);
        } else {
            var fields = Fields.of(node, "a secret", SECRET, faults);
            if (fields.isPresent() && fields.get().lacks("name")) {
                faults.add(node.at(), "a secret has no name; expected such as {name: CERTIFICATE, as: file}");
            }
            name = fields.flatMap(found -> found.scalar("name"));
            var as = fields.flatMap(found -> found.scalar("as"));
            if (as.isPresent() && as.get().text().equals(Names.word(Secret.Place.FILE))) {
                place = Secret.Place.FILE;
            } else if (as.isPresent() && !as.get().text().equals(Names.word(place))) {
                faults.add(
                        as.get().at(),
                        "'as' is '" + Node.Scalar.shown(as.get().text()) + "' here; expected environment or file");
            }
        }
        var where = place;
        name.flatMap(text -> faults.check(text.at(), () -> new Secret(text.text(), where, null)))
                .ifPresent(secret -> {
                    if (secrets.putIfAbsent(secret.name(), secret) != null) {
                        faults.add(node.at(), "secret '" + secret.name() + "' stands here twice; remove one");
                    }
                });
    }

    private Value setting(String name, Node.Entry entry, @Nullable String given) {
        var node = entry.value();
        if (given == null && node.absent()) {
            throw entry.key().at().error("setting '" + name + "' has no value; give one by --set " + name + "=VALUE");
        }
        var value = node.absent() ? Value.text("") : value("setting '" + name + "'", node);
        if (given == null) {
            return value;
        }
        var set = Value.of(node.at(), given, value.list());
        return value.list() && !set.list() ? new Value(List.of(given.split(",", -1)), true) : set;
    }

    /** A text, or a list: written out, a range, or of a setting. */
    private Value value(String what, Node node) {
        if (node instanceof Node.Scalar scalar) {
            var template = Template.of(scalar, settings.keySet());
            return template.usesList(bindings())
                    ? new Value(template.texts(bindings()), true)
                    : Value.of(scalar.at(), template.text(bindings()), scalar.plain());
        }
        if (node instanceof Node.Sequence sequence) {
            var items = new ArrayList<String>();
            for (var item : sequence.items()) {
                if (!(item instanceof Node.Scalar scalar) || item.absent()) {
                    throw item.at()
                            .error("an item of " + what + " is " + item.kind() + " here; expected a text or number");
                }
                for (var text : Template.of(scalar, settings.keySet()).texts(bindings())) {
                    items.addAll(Value.of(item.at(), text, scalar.plain()).items());
                }
                if (items.size() > Value.MAX_ITEMS) {
                    throw item.at().error(what + " has more than " + Value.MAX_ITEMS + " values up to here; use fewer");
                }
            }
            return new Value(items, true);
        }
        throw node.at().error(what + " is " + node.kind() + " here; expected a text, a list or a range such as 1..12");
    }

    private Bindings bindings() {
        return new Bindings(Map.of(), settings);
    }

    private Definition definition(Place at, String key, Fields fields, Said defaults) {
        var combinations = combinations(key, fields);
        var names = new HashSet<>(settings.keySet());
        names.addAll(combinations.names());
        var run = template(fields, "run", names);
        var command = templates(fields, "command", names);
        if (fields.node("run").isPresent() && fields.node("command").isPresent()) {
            faults.add(at, "task '" + key + "' has run and command; give one of them");
        }
        if (fields.node("command").filter(Node.Scalar.class::isInstance).isPresent()) {
            faults.add(
                    fields.node("command").orElseThrow().at(),
                    "'command' is a text here; expected a list such as [sort, in.txt], or write the text under 'run'");
        }
        var said = said(fields, names).or(defaults);
        if (fields.lacks("run") && fields.lacks("command") && !said.texts().containsKey("executor")) {
            faults.add(at, "task '" + key + "' has nothing to do; expected 'run' or 'command'");
        }
        var streams = new LinkedHashMap<String, Template>();
        for (var stream : List.of("stdin", "stdout", "stderr")) {
            template(fields, stream, names).ifPresent(path -> streams.put(stream, path));
        }
        return new Definition(
                at,
                key,
                combinations,
                said,
                template(fields, "name", names).orElse(null),
                run.orElse(null),
                command,
                streams,
                templates(fields, "needs", names),
                inputs(fields, names),
                outputs(fields, names));
    }

    private Said said(Fields fields, Set<String> names) {
        var texts = new LinkedHashMap<String, Template>();
        for (var key : TEXTS) {
            template(fields, key, names).ifPresent(text -> texts.put(key, text));
        }
        var parameters = new LinkedHashMap<String, Function<Bindings, Object>>();
        fields.map("parameters").forEach((key, entry) -> faults.check(() -> parameter(entry.value(), names))
                .ifPresent(value -> parameters.put(key, value)));
        var amounts = new LinkedHashMap<String, Template>();
        var custom = new LinkedHashMap<String, Template>();
        var labels = new ArrayList<List<Template>>();
        fields.node("resources")
                .flatMap(node -> Fields.of(node, "'resources'", RESOURCES, faults))
                .ifPresent(resources -> {
                    for (var key : AMOUNTS) {
                        template(resources, key, names).ifPresent(amount -> amounts.put(key, amount));
                    }
                    custom.putAll(templates(resources.texts("custom"), names));
                    resources.node("labels").ifPresent(node -> labels.add(templates(resources, "labels", names)));
                });
        return new Said(
                texts,
                parameters,
                templates(fields.texts("environment"), names),
                amounts,
                custom,
                labels.isEmpty() ? null : labels.get(0));
    }

    private Optional<Template> template(Fields fields, String key, Set<String> names) {
        return fields.scalar(key).flatMap(scalar -> faults.check(() -> Template.of(scalar, names)));
    }

    private List<Template> templates(Fields fields, String key, Set<String> names) {
        var templates = new ArrayList<Template>();
        fields.scalars(key).forEach(scalar -> faults.check(() -> Template.of(scalar, names))
                .ifPresent(templates::add));
        return templates;
    }

    private Map<String, Template> templates(Map<String, Node.Scalar> scalars, Set<String> names) {
        var templates = new LinkedHashMap<String, Template>();
        scalars.forEach((key, scalar) -> faults.check(
                        () -> scalar.absent() ? Template.literal(scalar.at(), "") : Template.of(scalar, names))
                .ifPresent(template -> templates.put(key, template)));
        return templates;
    }

    /** What is without quotes is a number or true or false if it reads so. */
    private static Function<Bindings, Object> parameter(Node node, Set<String> names) {
        if (node.absent()) {
            throw node.at().error("a parameter is nothing here; expected a value");
        }
        if (node instanceof Node.Mapping mapping) {
            var values = new LinkedHashMap<String, Function<Bindings, Object>>();
            mapping.entries().forEach((key, entry) -> values.put(key, parameter(entry.value(), names)));
            return bindings -> {
                var map = new LinkedHashMap<String, Object>();
                values.forEach((key, value) -> map.put(key, value.apply(bindings)));
                return map;
            };
        }
        if (node instanceof Node.Sequence sequence) {
            var values = sequence.items().stream()
                    .map(item -> parameter(item, names))
                    .toList();
            return bindings ->
                    values.stream().map(value -> value.apply(bindings)).toList();
        }
        var scalar = (Node.Scalar) node;
        var template = Template.of(scalar, names);
        return bindings -> {
            var text = template.text(bindings);
            return scalar.plain() ? typed(text) : text;
        };
    }

    private static Object typed(String text) {
        if (text.equals("true") || text.equals("false")) {
            return Boolean.valueOf(text);
        }
        if (WHOLE.matcher(text).matches()) {
            return Long.valueOf(text);
        }
        return NUMBER.matcher(text).matches() ? (Object) Double.valueOf(text) : text;
    }

    private Combinations combinations(String key, Fields fields) {
        var matrix = fields.node("matrix");
        var foreach = fields.node("foreach");
        if (matrix.isPresent() && foreach.isPresent()) {
            faults.add(foreach.get().at(), "task '" + key + "' has a matrix and foreach; give one of them");
        }
        if (matrix.isPresent()) {
            return matrix(matrix.get().at(), fields.map("matrix"));
        }
        return foreach.map(this::rows).orElse(Combinations.ONE);
    }

    private Combinations matrix(Place at, Map<String, Node.Entry> entries) {
        if (entries.isEmpty()) {
            faults.add(at, "the matrix has no names; expected such as day: 1..365");
        }
        var axes = new LinkedHashMap<String, List<String>>();
        entries.forEach((name, entry) -> {
            requireFree(name, entry.key().at());
            var values = faults.check(() -> value("'" + name + "'", entry.value()));
            values.filter(value -> !value.list() || value.items().isEmpty())
                    .ifPresent(value -> faults.add(
                            entry.value().at(),
                            "'" + name + "' is "
                                    + (value.list()
                                            ? "an empty list"
                                            : entry.value().kind())
                                    + " here; expected a list such as [a, b] or a range such as 1..12"));
            axes.put(
                    name,
                    values.map(Value::items).filter(items -> !items.isEmpty()).orElse(List.of("")));
        });
        return axes.isEmpty() ? Combinations.ONE : Combinations.product(Collections.unmodifiableMap(axes));
    }

    private Combinations rows(Node node) {
        if (!(node instanceof Node.Sequence sequence) || sequence.items().isEmpty()) {
            faults.add(
                    node.at(),
                    "'foreach' is " + (node instanceof Node.Sequence ? "an empty list" : node.kind())
                            + " here; expected a list of maps such as [{site: a, year: 2001}, {site: b, year: 2004}]");
            return Combinations.ONE;
        }
        var names = new LinkedHashSet<String>();
        var rows = new ArrayList<Map<String, Value>>();
        for (var item : sequence.items()) {
            if (!(item instanceof Node.Mapping mapping) || mapping.entries().isEmpty()) {
                faults.add(item.at(), "a row of foreach is " + item.kind() + " here; expected a map such as {site: a}");
                continue;
            }
            var row = new LinkedHashMap<String, Value>();
            mapping.entries().forEach((name, entry) -> {
                if (names.add(name)) {
                    requireFree(name, entry.key().at());
                    if (!rows.isEmpty()) {
                        faults.add(
                                entry.key().at(),
                                "the rows before have no '" + Node.Scalar.shown(name) + "'; all have the same names");
                    }
                }
                row.put(
                        name,
                        faults.check(() -> value("'" + name + "'", entry.value()))
                                .orElse(Value.text("")));
            });
            if (row.size() < names.size()) {
                var missing = new LinkedHashSet<>(names);
                missing.removeAll(row.keySet());
                faults.add(
                        item.at(), "this row has no '" + String.join("', '", missing) + "'; all have the same names");
            }
            rows.add(row);
        }
        return rows.isEmpty() ? Combinations.ONE : Combinations.rows(rows);
    }

    private void requireFree(String name, Place at) {
        if (!NAME.matcher(name).matches()) {
            faults.add(at, "'" + Node.Scalar.shown(name) + "' is no name; use a letter, then letters, digits and '_'");
        }
        if (settings.containsKey(name)) {
            faults.add(at, "'" + name + "' is a setting too; name one of them differently");
        }
    }

    private List<Definition.In> inputs(Fields fields, Set<String> names) {
        var inputs = new ArrayList<Definition.In>();
        for (var item : fields.items("inputs")) {
            if (item instanceof Node.Scalar scalar) {
                path(scalar, "inputs", names).ifPresent(path -> inputs.add(new Definition.In(null, path, false)));
                continue;
            }
            Fields.of(item, "an input", INPUT, faults).ifPresent(input -> {
                var from = template(input, "from", names);
                if (input.lacks("from")) {
                    faults.add(item.at(), "an input has no 'from'; expected such as {name: in.txt, from: data/in.txt}");
                }
                var name = template(input, "name", names);
                var executable = bool(input, "executable").orElse(false);
                from.ifPresent(source -> inputs.add(new Definition.In(name.orElse(null), source, executable)));
            });
        }
        return inputs;
    }

    private List<Definition.Out> outputs(Fields fields, Set<String> names) {
        var outputs = new ArrayList<Definition.Out>();
        for (var item : fields.items("outputs")) {
            if (item instanceof Node.Scalar scalar) {
                path(scalar, "outputs", names).ifPresent(path -> outputs.add(new Definition.Out(path, false, null)));
                continue;
            }
            Fields.of(item, "an output", OUTPUT, faults).ifPresent(output -> {
                if (output.lacks("path")) {
                    faults.add(item.at(), "an output has no 'path'; expected such as {path: out.txt, keep: true}");
                }
                var optional = bool(output, "optional").orElse(false);
                var keep = bool(output, "keep").orElse(null);
                template(output, "path", names)
                        .ifPresent(path -> outputs.add(new Definition.Out(path, optional, keep)));
            });
        }
        return outputs;
    }

    private Optional<Template> path(Node.Scalar scalar, String key, Set<String> names) {
        if (scalar.absent()) {
            faults.add(scalar.at(), "an item of '" + key + "' is nothing here; expected a path");
            return Optional.empty();
        }
        return faults.check(() -> Template.of(scalar, names));
    }

    private Optional<Boolean> bool(Fields fields, String key) {
        return fields.scalar(key).flatMap(scalar -> {
            if (scalar.text().equals("true") || scalar.text().equals("false")) {
                return Optional.of(Boolean.valueOf(scalar.text()));
            }
            faults.add(scalar.at(), "'" + key + "' is " + scalar.kind() + " here; expected true or false");
            return Optional.empty();
        });
    }

    private static Set<String> ordered(String... names) {
        return Collections.unmodifiableSet(new LinkedHashSet<>(List.of(names)));
    }
}
