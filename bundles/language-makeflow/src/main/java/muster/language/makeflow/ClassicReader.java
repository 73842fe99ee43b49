package muster.language.makeflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import muster.api.language.Place;
import muster.language.makeflow.Rule.FileUse;
import org.jspecify.annotations.Nullable;

/** Reads the classic form, line by line. A variable has the value that it was given last before the line that uses it. */
final class ClassicReader {
    private static final Pattern ASSIGNMENT = Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)[ \\t]*(\\+?)=(?!=)");
    private static final Pattern ONLY_ASSIGNMENT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=\\S*");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern WORD = Pattern.compile("\\S+");
    private static final String DEFAULT_CATEGORY = "default";

    private final Scripts scripts;
    private final String folder;
    private final int depth;
    private final List<Rule> rules = new ArrayList<>();
    private final Map<String, String> variables = new HashMap<>();
    private final Map<String, Needs> categories = new HashMap<>();
    private final Set<String> exported = new LinkedHashSet<>();
    private final Set<String> outputs = new LinkedHashSet<>();
    private String category = DEFAULT_CATEGORY;

    /** What rules see of exported variables; null when one has changed. */
    private @Nullable Map<String, String> environment;

    /** A rule whose command has not come yet. */
    private @Nullable Open open;

    private record Open(Line line, List<FileUse> targets, List<FileUse> sources, Map<String, String> own) {}

    /**
     * @param folder where its files are, relative to the first workflow's; empty for that one
     * @param given variables of the user's, and exported ones of a workflow that nests this one
     */
    private ClassicReader(Scripts scripts, String folder, int depth, Map<String, String> given) {
        this.scripts = scripts;
        this.folder = folder;
        this.depth = depth;
        variables.putAll(given);
    }

    /** The rules of a script and of those that it nests. */
    static Workflow read(String file, String text, Map<String, String> settings, Scripts scripts) {
        var reader = new ClassicReader(scripts, "", 0, settings);
        reader.read(file, text);
        return Workflow.of(reader.rules, reader.outputs);
    }

    private void read(String file, String text) {
        var lines = Line.of(file, text);
        for (var line : lines) {
            if (!line.blank()) {
                read(line);
            }
        }
        requireClosed();
        if (rules.isEmpty()) {
            throw new Place(file, Math.max(1, lines.size()), 1)
                    .error("the workflow has no rules; expected 'targets: sources' and a command on an indented line");
        }
    }

    private void requireClosed() {
        if (open != null) {
            throw open.line()
                    .at(0)
                    .error("the rule for '" + open.targets().get(0).path()
                            + "' has no command; expected one on an indented line below it");
        }
    }

    private void read(Line line) {
        var text = line.text();
        if (line.indented()) {
            indented(line, line.skipBlank(0));
            return;
        }
        requireClosed();
        var assignment = ASSIGNMENT.matcher(text);
        if (assignment.lookingAt()) {
            assign(line, assignment.group(1), !assignment.group(2).isEmpty(), assignment.end());
        } else if (text.startsWith("export ") || text.startsWith("export\t")) {
            export(line, line.skipBlank("export".length()));
        } else if (text.startsWith(".")) {
            if (!directive(line)) {
                rule(line);
            }
        } else {
            rule(line);
        }
    }

    private void assign(Line line, String name, boolean append, int from) {
        var value = Expander.value(line, line.skipBlank(from), scope(line));
        set(line.at(0), name, appended(line, append ? variables.get(name) : null, value));
    }

    private String appended(Line line, @Nullable String before, String value) {
        if (before == null) {
            return value;
        }
        scripts.replaced(line.at(0), before);
        if (before.length() + value.length() >= Expander.LONGEST) {
            throw line.at(0)
                    .error("the variable grows beyond " + Expander.LONGEST + " characters; use several variables");
        }
        return before + " " + value;
    }

    private void set(Place at, String name, String value) {
        variables.put(name, value);
        if (exported.contains(name)) {
            environment = null;
        }
        if (name.equals("CATEGORY")) {
            if (value.isBlank()) {
                throw at.error("CATEGORY is empty; expected a name");
            }
            category = value;
        } else if (Needs.isName(name)) {
            categories.merge(category, Needs.NONE.with(at, name, value), (before, now) -> now.or(before));
        } else if (name.equals("MAKEFLOW_OUTPUTS")) {
            for (var path : value.strip().split("\\s+", -1)) {
                outputs.add(Paths.resolve(at, folder, path));
            }
        }
    }

    private @Nullable String lookup(String name) {
        var value = variables.get(name);
        return value != null ? value : scripts.sources().variable(name);
    }

    /** What a line sees. */
    private Function<String, @Nullable String> scope(Line line) {
        return name -> replaced(line, lookup(name));
    }

    /** What a line below a rule's first one sees. */
    private Function<String, @Nullable String> scope(Line line, Open rule) {
        return name -> replaced(line, inRule(rule, name));
    }

    private @Nullable String replaced(Line line, @Nullable String value) {
        if (value != null) {
            scripts.replaced(line.at(0), value);
        }
        return value;
    }

    /** {@code export NAME=value} or {@code export NAME NAME …}, whose values are the user's. */
    private void export(Line line, int from) {
        environment = null;
        var assignment =
                ASSIGNMENT.matcher(line.text()).region(from, line.text().length());
        if (assignment.lookingAt()) {
            exported.add(assignment.group(1));
            assign(line, assignment.group(1), !assignment.group(2).isEmpty(), assignment.end());
            return;
        }
        var words = Expander.words(line, from, line.text().length(), scope(line));
        for (var word : words) {
            if (!NAME.matcher(word.text()).matches()) {
                throw line.at(word.offset())
                        .error("'" + word.text() + "' is no variable's name; expected NAME or NAME=value");
            }
            exported.add(word.text());
        }
        if (words.isEmpty()) {
            throw line.at(0).error("export of nothing; expected 'export NAME' or 'export NAME=value'");
        }
    }

    /** Lines that begin with a dot; whether this is one, since files' names may begin so too. */
    private boolean directive(Line line) {
        var words = WORD.matcher(line.text());
        words.find();
        switch (words.group()) {
            case ".MAKEFLOW":
                if (!words.find() || !NAME.matcher(words.group()).matches()) {
                    throw line.at(0).error("expected '.MAKEFLOW NAME value'");
                }
                assign(line, words.group(), false, words.end());
                return true;
            case ".SIZE":
                if (Expander.words(line, words.end(), line.text().length(), scope(line))
                                .size()
                        != 2) {
                    throw line.at(0).error("expected '.SIZE file size', such as .SIZE data.bin 5M");
                }
                return true;
            case ".UMBRELLA":
                throw line.at(0).error("Umbrella is not supported; give an image by --executor docker --image NAME");
            default:
                return false;
        }
    }

    private void rule(Line line) {
        var colon = colon(line);
        if (colon < 0) {
            throw line.at(0)
                    .error("'" + shortened(line.text())
                            + "' is neither a rule nor a variable; expected 'targets: sources'" + " or 'NAME=value'");
        }
        var targets = files(line, 0, colon);
        if (targets.isEmpty()) {
            throw line.at(0).error("a rule makes nothing; expected at least one target before ':'");
        }
        open = new Open(line, targets, files(line, colon + 1, line.text().length()), new TreeMap<>());
    }

    private static String shortened(String text) {
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }

    /** The colon that ends the targets: outside of quotes and of variables. */
    private static int colon(Line line) {
        var text = line.text();
        var quote = '\0';
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (quote != '\0') {
                quote = c == quote ? '\0' : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == ':') {
                return i;
            }
        }
        return -1;
    }

    private List<FileUse> files(Line line, int from, int to) {
        var files = new ArrayList<FileUse>();
        for (var word : Expander.words(line, from, to, scope(line))) {
            var at = line.at(word.offset());
            files.add(FileUse.of(at, folder, word.text(), word.renamed()));
        }
        return files;
    }

    private void indented(Line line, int from) {
        var rule = open;
        if (rule == null) {
            throw line.at(from).error(withoutRule());
        }
        if (line.text().charAt(from) == '@') {
            var assignment =
                    ASSIGNMENT.matcher(line.text()).region(from + 1, line.text().length());
            if (!assignment.lookingAt()) {
                throw line.at(from).error("expected '@NAME=value', a variable of this rule alone");
            }
            var value = Expander.value(line, line.skipBlank(assignment.end()), scope(line, rule));
            var before = assignment.group(2).isEmpty() ? null : inRule(rule, assignment.group(1));
            var whole = appended(line, before, value);
            scripts.kept(line.at(from), whole.length());
            rule.own().put(assignment.group(1), whole);
            return;
        }
        open = null;
        command(line, from, rule);
    }

    private String withoutRule() {
        if (rules.isEmpty()) {
            return "an indented line before the first rule; expected 'targets: sources' or 'NAME=value'";
        }
        var before = rules.get(rules.size() - 1).command();
        return "a second command for one rule; "
                + (ONLY_ASSIGNMENT.matcher(before).matches()
                        ? "the one before sets a variable of this rule if it is '@" + shortened(before) + "'"
                        : "join them by ';', or begin the next rule without blanks");
    }

    private @Nullable String inRule(Open rule, String name) {
        var own = rule.own().get(name);
        return own != null ? own : lookup(name);
    }

    private void command(Line line, int from, Open rule) {
        var scope = scope(line, rule);
        var start = from;
        var local = false;
        while (word(line, start, "LOCAL")) {
            local = true;
            start = line.skipBlank(start + "LOCAL".length());
        }
        if (word(line, start, "MAKEFLOW")) {
            nest(line, start + "MAKEFLOW".length(), rule, scope);
            return;
        }
        var command = Expander.command(line, start, scope);
        if (command.isEmpty()) {
            throw line.at(from).error("the rule for '" + rule.targets().get(0).path() + "' has an empty command");
        }
        var at = rule.line().at(0);
        rules.add(scripts.added(new Rule(
                at,
                folder,
                rule.targets(),
                rule.sources(),
                command,
                local,
                rule.own().getOrDefault("CATEGORY", category),
                needs(at, rule),
                environment(rule))));
    }

    private static boolean word(Line line, int at, String word) {
        var end = at + word.length();
        return line.text().startsWith(word, at)
                && (end == line.text().length()
                        || Character.isWhitespace(line.text().charAt(end)));
    }

    /** Those of the rule, else of its category, else of the user's environment. */
    private Needs needs(Place at, Open rule) {
        var needs = Needs.NONE;
        for (var own : rule.own().entrySet()) {
            if (Needs.isName(own.getKey())) {
                needs = needs.with(at, own.getKey(), own.getValue());
            }
        }
        needs = needs.or(categories.getOrDefault(rule.own().getOrDefault("CATEGORY", category), Needs.NONE));
        return needs.or(fromEnvironment(at));
    }

    private @Nullable Needs ofUser;

    private Needs fromEnvironment(Place at) {
        if (ofUser == null) {
            var needs = Needs.NONE;
            for (var name : List.of("CORES", "MEMORY", "DISK", "GPUS", "WALL_TIME")) {
                var value = scripts.sources().variable(name);
                if (value != null && !value.isBlank()) {
                    needs = needs.with(at, name, value);
                }
            }
            ofUser = needs;
        }
        return ofUser;
    }

    private Map<String, String> environment(Open rule) {
        if (environment == null) {
            var shared = new TreeMap<String, String>();
            for (var name : exported) {
                var value = lookup(name);
                if (value != null) {
                    shared.put(name, value);
                }
            }
            environment = Map.copyOf(shared);
        }
        if (exported.stream().noneMatch(rule.own()::containsKey)) {
            return environment;
        }
        var own = new TreeMap<>(environment);
        rule.own().forEach((name, value) -> {
            if (exported.contains(name)) {
                own.put(name, value);
            }
        });
        return own;
    }

    /** {@code MAKEFLOW file [folder]}: the rules of another workflow in place of this one. */
    private void nest(Line line, int from, Open rule, Function<String, @Nullable String> scope) {
        var words = Expander.words(line, from, line.text().length(), scope);
        if (words.isEmpty() || words.size() > 2) {
            throw line.at(from).error("expected 'MAKEFLOW file' or 'MAKEFLOW file folder'");
        }
        var at = line.at(words.get(0).offset());
        var path = Paths.resolve(at, folder, words.get(0).text());
        var inner = words.size() == 1 || words.get(1).text().matches("(\\./*)+")
                ? folder
                : Paths.resolve(
                        line.at(words.get(1).offset()), folder, words.get(1).text());
        var text = scripts.nested(at, path, depth + 1);
        var nested = MakeflowLanguage.isJx(path, text)
                ? JxReader.rules(path, text, inner, environment(rule), scripts, depth + 1)
                : rules(path, text, inner, environment(rule), scripts, depth + 1);
        requireMade(at, path, rule.targets(), nested);
        rules.addAll(nested);
    }

    /** The rules of a workflow that another nests. */
    static List<Rule> rules(
            String file, String text, String folder, Map<String, String> given, Scripts scripts, int depth) {
        var reader = new ClassicReader(scripts, folder, depth, given);
        reader.exported.addAll(given.keySet());
        reader.read(file, text);
        return reader.rules;
    }

    /** What a rule that nests a workflow promises must be made by one of the nested rules. */
    static void requireMade(Place at, String path, List<FileUse> targets, List<Rule> nested) {
        var made = new LinkedHashSet<String>();
        nested.forEach(rule -> rule.targets().forEach(target -> made.add(target.path())));
        for (var target : targets) {
            if (!made.contains(target.path())) {
                throw at.error("the nested workflow '" + path + "' does not make '" + target.path() + "'; it makes "
                        + shortened(String.join(", ", made)));
            }
        }
    }
}
