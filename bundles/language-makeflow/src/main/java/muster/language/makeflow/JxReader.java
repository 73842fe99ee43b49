package muster.language.makeflow;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import muster.api.language.Place;
import muster.language.makeflow.Rule.FileUse;
import muster.language.makeflow.jx.Evaluator;
import muster.language.makeflow.jx.Expression;
import muster.language.makeflow.jx.Parser;
import muster.language.makeflow.jx.Scope;
import muster.language.makeflow.jx.Value;
import org.jspecify.annotations.Nullable;

/** Reads a workflow in JX, or in plain JSON, which is JX too. */
final class JxReader {
    private static final List<String> DOCUMENT =
            List.of("rules", "define", "environment", "categories", "default_category");
    private static final List<String> RULE = List.of(
            "command",
            "workflow",
            "args",
            "inputs",
            "outputs",
            "local_job",
            "environment",
            "category",
            "resources",
            "allocation");

    private final String folder;
    private final int depth;
    private final Map<String, String> given;
    private final Scripts scripts;
    private final Evaluator evaluator;
    private final List<Rule> rules = new ArrayList<>();
    private Map<String, String> environment = Map.of();
    private final Map<String, Map<String, String>> environments = new LinkedHashMap<>();
    private final Map<String, Needs> categories = new LinkedHashMap<>();
    private String category = "default";

    private JxReader(String folder, Map<String, String> given, Scripts scripts, int depth) {
        this.folder = folder;
        this.given = given;
        this.scripts = scripts;
        this.evaluator = scripts.evaluator();
        this.depth = depth;
    }

    static Workflow read(String file, String text, Map<String, String> settings, Scripts scripts) {
        return Workflow.of(rules(file, text, "", settings, scripts, 0), Set.of());
    }

    /** @param given names that the document may use; text that is a number or boolean stands for that */
    static List<Rule> rules(
            String file, String text, String folder, Map<String, String> given, Scripts scripts, int depth) {
        var reader = new JxReader(folder, given, scripts, depth);
        reader.read(Parser.parse(file, text));
        return reader.rules;
    }

    private void read(Expression document) {
        if (!(document instanceof Expression.Fields fields)) {
            throw document.at().error("a workflow is an object with \"rules\"; expected '{'");
        }
        var parts = new LinkedHashMap<String, Expression>();
        for (var pair : fields.pairs()) {
            var key = key(pair);
            if (!DOCUMENT.contains(key)) {
                throw pair.key()
                        .at()
                        .error("a workflow has no \"" + key + "\"; known are " + String.join(", ", DOCUMENT));
            }
            parts.put(key, pair.value());
        }
        var scope = scope(parts.get("define"));
        environment = strings(parts.get("environment"), scope);
        var usual = parts.get("default_category");
        if (usual != null) {
            category = text(usual.at(), "default_category", evaluator.evaluate(usual, scope));
        }
        categories(parts.get("categories"), scope);
        var list = parts.get("rules");
        if (list == null) {
            throw document.at().error("the workflow has no \"rules\"; expected an array of them");
        }
        evaluator.forEach(list, scope, (at, value) -> rule(at, object(at, "a rule", value, RULE)));
        if (rules.isEmpty()) {
            throw list.at().error("the workflow has no rules; expected at least one in \"rules\"");
        }
    }

    private Scope scope(@Nullable Expression define) {
        var defines = new LinkedHashMap<String, Expression>();
        if (define instanceof Expression.Fields fields) {
            for (var pair : fields.pairs()) {
                defines.put(key(pair), pair.value());
            }
        } else if (define != null) {
            throw define.at().error("\"define\" is no object; expected {\"name\": value, …}");
        }
        return evaluator.defines(defines, name -> {
            var value = given.get(name);
            return value == null ? null : plain(value);
        });
    }

    private String key(Expression.Pair pair) {
        return evaluator.text(pair.key().at(), evaluator.evaluate(pair.key(), name -> null));
    }

    private static Value plain(String text) {
        if (text.matches("-?[0-9]{1,18}")) {
            return new Value.Whole(Long.parseLong(text));
        }
        if (text.equals("true") || text.equals("false")) {
            return new Value.Truth(text.equals("true"));
        }
        return new Value.Text(text);
    }

    private void categories(@Nullable Expression expression, Scope scope) {
        if (expression == null) {
            return;
        }
        var at = expression.at();
        object(at, "\"categories\"", evaluator.evaluate(expression, scope), null)
                .forEach((name, value) -> {
                    var fields = object(
                            at, "category \"" + name + "\"", value, List.of("environment", "resources", "allocation"));
                    environments.put(name, strings(at, fields.get("environment")));
                    categories.put(name, needs(at, fields.get("resources")));
                });
    }

    private void rule(Place at, Map<String, Value> fields) {
        var outputs = files(at, "outputs", fields.get("outputs"));
        if (outputs.isEmpty()) {
            throw at.error("the rule makes nothing; give it \"outputs\"");
        }
        var inputs = files(at, "inputs", fields.get("inputs"));
        var named = fields.get("category");
        var own = named == null ? category : text(at, "category", named);
        var shared = new TreeMap<>(environment);
        shared.putAll(environments.getOrDefault(own, Map.of()));
        shared.putAll(strings(at, fields.get("environment")));
        var command = fields.get("command");
        var workflow = fields.get("workflow");
        if ((command == null) == (workflow == null)) {
            throw at.error(
                    "a rule has either \"command\" or \"workflow\"; " + (command == null ? "give one" : "remove one"));
        }
        if (workflow != null) {
            nest(at, Paths.resolve(at, folder, text(at, "workflow", workflow)), fields.get("args"), outputs, shared);
            return;
        }
        rules.add(scripts.added(new Rule(
                at,
                folder,
                outputs,
                inputs,
                text(at, "command", Objects.requireNonNull(command)),
                fields.get("local_job") instanceof Value.Truth local && local.value(),
                own,
                needs(at, fields.get("resources")).or(categories.getOrDefault(own, Needs.NONE)),
                shared)));
    }

    private void nest(Place at, String path, @Nullable Value args, List<FileUse> targets, Map<String, String> shared) {
        var text = scripts.nested(at, path, depth + 1);
        var passed = new TreeMap<>(shared);
        if (args != null) {
            object(at, "\"args\"", args, null).forEach((name, value) -> passed.put(name, evaluator.text(at, value)));
        }
        var nested = MakeflowLanguage.isJx(path, text)
                ? rules(path, text, folder, passed, scripts, depth + 1)
                : ClassicReader.rules(path, text, folder, passed, scripts, depth + 1);
        ClassicReader.requireMade(at, path, targets, nested);
        rules.addAll(nested);
    }

    /** One file alone needs no array. */
    private List<FileUse> files(Place at, String what, @Nullable Value value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof Value.Text || value instanceof Value.Fields) {
            return List.of(file(at, what, value));
        }
        if (!(value instanceof Value.Items items)) {
            throw at.error("\"" + what + "\" is " + value.type() + " " + value + "; expected an array of files");
        }
        var files = new ArrayList<FileUse>();
        items.values().forEach(item -> files.add(file(at, what, item)));
        return files;
    }

    private FileUse file(Place at, String what, Value value) {
        if (value instanceof Value.Fields fields) {
            var path = either(at, what, fields, "dag_name", "dag_path");
            var name = either(at, what, fields, "task_name", "task_path");
            return FileUse.of(at, folder, path, name);
        }
        return FileUse.of(at, folder, text(at, what, value), null);
    }

    private static String either(Place at, String what, Value.Fields fields, String first, String second) {
        var value = fields.values().get(first);
        var other = value != null ? value : fields.values().get(second);
        if (other == null) {
            throw at.error("a file of \"" + what + "\" has no \"" + first + "\"; expected a string or {\"dag_name\": …,"
                    + " \"task_name\": …}");
        }
        return text(at, first, other);
    }

    private Map<String, String> strings(@Nullable Expression expression, Scope scope) {
        return expression == null ? Map.of() : strings(expression.at(), evaluator.evaluate(expression, scope));
    }

    private Map<String, String> strings(Place at, @Nullable Value value) {
        var strings = new TreeMap<String, String>();
        if (value != null) {
            object(at, "\"environment\"", value, null)
                    .forEach((name, text) -> strings.put(name, evaluator.text(at, text)));
        }
        return strings;
    }

    private static Needs needs(Place at, @Nullable Value value) {
        var needs = Needs.NONE;
        if (value == null) {
            return needs;
        }
        var known =
                Map.of("cores", "CORES", "memory", "MEMORY", "disk", "DISK", "gpus", "GPUS", "wall-time", "WALL_TIME");
        for (var entry :
                object(at, "\"resources\"", value, List.copyOf(known.keySet())).entrySet()) {
            needs = needs.with(
                    at,
                    Objects.requireNonNull(known.get(entry.getKey())),
                    entry.getValue().toString());
        }
        return needs;
    }

    private static String text(Place at, String what, Value value) {
        if (value instanceof Value.Text text) {
            return text.value();
        }
        throw at.error("\"" + what + "\" is " + value.type() + " " + value + "; expected a string");
    }

    /** @param known keys that it may have; null for any */
    private static Map<String, Value> object(Place at, String what, Value value, @Nullable List<String> known) {
        if (!(value instanceof Value.Fields fields)) {
            throw at.error(what + " is " + value.type() + " " + value + "; expected an object");
        }
        for (var key : fields.values().keySet()) {
            if (known != null && !known.contains(key)) {
                throw at.error(what + " has no \"" + key + "\"; known are " + String.join(", ", known));
            }
        }
        return fields.values();
    }
}
