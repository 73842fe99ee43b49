package muster.language.yaml;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Parameters;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Place;
import muster.api.language.Plan;
import muster.api.language.Script;
import org.jspecify.annotations.Nullable;

/** Makes tasks of what a script says. */
final class Compiler {
    private final Script script;
    private final Instances instances;
    private final Bound bound = new Bound();
    private final Wiring wiring;
    private final boolean resultsOnly;
    private final List<Secret> secrets;

    private Compiler(Reader.Read read, Script script) {
        this.script = script;
        secrets = read.secrets();
        instances = Instances.of(read);
        wiring = new Wiring(instances.all(), script.sources(), bound);
        resultsOnly = Boolean.parseBoolean(script.options().get(YamlLanguage.OUTPUTS_ONLY));
    }

    static Plan compile(Reader.Read read, Script script) {
        return new Compiler(read, script).plan();
    }

    private Plan plan() {
        var tasks = new ArrayList<TaskSpec>();
        var categories = new TreeMap<String, Integer>();
        for (var i = 0; i < instances.all().size(); i++) {
            tasks.add(task(i));
            categories.merge(category(instances.all().get(i)), 1, Integer::sum);
        }
        // what is kept depends on what all take
        for (var i = 0; i < tasks.size(); i++) {
            var outputs = wiring.outputs(i, resultsOnly);
            tasks.set(i, tasks.get(i).toBuilder().outputs(outputs).build());
        }
        return new Plan(graph(tasks), wiring.fromUser(), wiring.deliveries(resultsOnly), categories, secrets);
    }

    private Work.Graph graph(List<TaskSpec> tasks) {
        try {
            return new Work.Graph(tasks);
        } catch (MusterException e) {
            throw new MusterException(e.code(), onCircle(tasks) + ": " + e.getMessage(), e);
        }
    }

    /** Where the definition of a task is that needs itself, by way of others. */
    private Place onCircle(List<TaskSpec> tasks) {
        var positions = new HashMap<String, Integer>();
        for (var i = 0; i < tasks.size(); i++) {
            positions.put(tasks.get(i).name(), i);
        }
        var open = new int[tasks.size()];
        var dependants = new ArrayList<List<Integer>>();
        tasks.forEach(task -> dependants.add(new ArrayList<>()));
        var ready = new ArrayList<Integer>();
        for (var i = 0; i < open.length; i++) {
            open[i] = tasks.get(i).needs().size();
            for (var need : tasks.get(i).needs()) {
                dependants.get(Objects.requireNonNull(positions.get(need))).add(i);
            }
            if (open[i] == 0) {
                ready.add(i);
            }
        }
        for (var next = 0; next < ready.size(); next++) {
            for (var dependant : dependants.get(ready.get(next))) {
                if (--open[dependant] == 0) {
                    ready.add(dependant);
                }
            }
        }
        var current = 0;
        while (open[current] == 0) {
            current++;
        }
        for (var steps = 0; steps < open.length; steps++) {
            current = tasks.get(current).needs().stream()
                    .map(need -> Objects.requireNonNull(positions.get(need)))
                    .filter(need -> open[need] > 0)
                    .findFirst()
                    .orElseThrow();
        }
        return instances.all().get(current).definition().at();
    }

    private static String category(Instance instance) {
        var said = instance.definition().said().texts().get("category");
        return said == null ? instance.definition().key() : said.text(instance.bindings());
    }

    private TaskSpec task(int number) {
        var instance = instances.all().get(number);
        var definition = instance.definition();
        var bindings = instance.bindings();
        var said = definition.said();
        var command = command(number);
        var inputs = wiring.inputs(number, bound);
        var resources = resources(instance);
        var executor = text(
                instance, "executor", script.options().getOrDefault(YamlLanguage.EXECUTOR, TaskSpec.DEFAULT_EXECUTOR));
        var environment = texts(said.environment(), bindings);
        environment.forEach((name, value) -> bound.take(definition.at(), name.length() + (long) value.length()));
        var streams = texts(definition.streams(), bindings);
        var parameters = parameters(instance, executor);
        var workingDirectory =
                said.texts().containsKey("workingDirectory") ? text(instance, "workingDirectory", "") : null;
        var timeLimit = timeLimit(instance);
        var retries = retries(instance);
        var mayFail = flag(instance, "mayFail");
        var session = flag(instance, "warm") ? SessionSpec.WARM : null;
        var category = category(instance);
        var needs = needs(instance);
        return definition.at().locate(() -> TaskSpec.builder()
                .name(instance.name())
                .executor(executor)
                .command(command)
                .parameters(parameters)
                .environment(environment)
                .workingDirectory(workingDirectory)
                .stdin(streams.get("stdin"))
                .stdout(streams.get("stdout"))
                .stderr(streams.get("stderr"))
                .resources(resources)
                .timeLimit(timeLimit)
                .retries(retries)
                .mayFail(mayFail)
                .session(session)
                .needs(needs)
                .inputs(inputs)
                .category(category)
                .build());
    }

    private static String text(Instance instance, String key, String other) {
        var template = instance.definition().said().texts().get(key);
        return template == null ? other : template.text(instance.bindings());
    }

    private static Map<String, String> texts(Map<String, Template> templates, Bindings bindings) {
        var texts = new LinkedHashMap<String, String>();
        templates.forEach((key, template) -> texts.put(key, template.text(bindings)));
        return texts;
    }

    /** A text runs in a shell that ends at the first command that fails, once the folders of the outputs are there. */
    private List<String> command(int number) {
        var instance = instances.all().get(number);
        var run = instance.definition().run();
        if (run == null) {
            var words = new ArrayList<String>();
            for (var template : instance.definition().command()) {
                words.addAll(template.texts(instance.bindings()));
            }
            words.forEach(word -> bound.take(instance.definition().at(), word.length()));
            return words;
        }
        var folders = new TreeSet<String>();
        for (var path : wiring.paths(number)) {
            if (path.indexOf('/') > 0) {
                folders.add(path.substring(0, path.lastIndexOf('/')));
            }
        }
        var before = new StringBuilder();
        if (!folders.isEmpty()) {
            before.append("mkdir -p --");
            folders.forEach(folder ->
                    before.append(" '").append(folder.replace("'", "'\\''")).append('\''));
            before.append("; ");
        }
        var text = before + run.text(instance.bindings()).stripTrailing();
        bound.take(run.at(), text.length());
        return List.of("/bin/sh", "-ec", text);
    }

    private Parameters parameters(Instance instance, String executor) {
        var values = new LinkedHashMap<String, Object>();
        instance.definition()
                .said()
                .parameters()
                .forEach((key, value) -> values.put(key, value.apply(instance.bindings())));
        var image = text(instance, "image", script.options().getOrDefault(YamlLanguage.IMAGE, ""));
        if (!image.isEmpty()) {
            if (executor.equals(TaskSpec.DEFAULT_EXECUTOR)) {
                throw instance.definition()
                        .at()
                        .error("task '" + instance.name() + "' has the image '" + image
                                + "' and runs natively; add 'executor: docker' or another executor of containers");
            }
            values.put("image", image);
        }
        return instance.definition().at().locate(() -> new Parameters(values));
    }

    private static Resources resources(Instance instance) {
        var said = instance.definition().said();
        var labels = new ArrayList<String>();
        var templates = said.labels();
        if (templates != null) {
            templates.forEach(label -> labels.addAll(label.texts(instance.bindings())));
        }
        var custom = new TreeMap<String, Long>();
        said.custom()
                .forEach((name, amount) -> custom.put(
                        name,
                        number(
                                amount,
                                instance,
                                "custom resource '" + name + "'",
                                "a whole number such as 2",
                                Long::parseLong)));
        double cores = amount(instance, "cores", 1.0, "a number such as 1 or 0.5", Double::parseDouble);
        long memory = amount(instance, "memory", 0L, "an amount such as 8GiB", Quantity::parseBytes);
        long disk = amount(instance, "disk", 0L, "an amount such as 8GiB", Quantity::parseBytes);
        int gpus = amount(instance, "gpus", 0, "a whole number such as 1", Integer::parseInt);
        var at = said.amounts().values().stream()
                .findFirst()
                .map(Template::at)
                .orElse(instance.definition().at());
        return at.locate(() -> new Resources(cores, memory, disk, gpus, custom, labels));
    }

    private static <T> T amount(Instance instance, String key, T other, String expected, Function<String, T> parsed) {
        var amount = instance.definition().said().amounts().get(key);
        return amount == null ? other : number(amount, instance, "'" + key + "'", expected, parsed);
    }

    private static <T> T number(
            Template template, Instance instance, String what, String expected, Function<String, T> parsed) {
        var text = template.text(instance.bindings()).strip();
        try {
            return template.at().locate(() -> parsed.apply(text));
        } catch (NumberFormatException e) {
            throw template.at().error(what + " is '" + Node.Scalar.shown(text) + "' here; expected " + expected);
        }
    }

    private static @Nullable Duration timeLimit(Instance instance) {
        var template = instance.definition().said().texts().get("timeLimit");
        return template == null ? null : number(template, instance, "'timeLimit'", "", Quantity::parseDuration);
    }

    private int retries(Instance instance) {
        var template = instance.definition().said().texts().get("retries");
        if (template != null) {
            return number(template, instance, "'retries'", "a whole number such as 2", Integer::parseInt);
        }
        var text = script.options().getOrDefault(YamlLanguage.RETRIES, "0");
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw MusterException.invalid("retries '" + Names.escape(text) + "' is no number; write such as 2");
        }
    }

    private static boolean flag(Instance instance, String key) {
        var template = instance.definition().said().texts().get(key);
        if (template == null) {
            return false;
        }
        var text = template.text(instance.bindings()).strip();
        if (!text.equals("true") && !text.equals("false")) {
            throw template.at()
                    .error("'" + key + "' is '" + Node.Scalar.shown(text) + "' here; expected true or false");
        }
        return text.equals("true");
    }

    private List<String> needs(Instance instance) {
        var needs = new LinkedHashSet<String>();
        for (var template : instance.definition().needs()) {
            for (var need : template.texts(instance.bindings())) {
                var found = instances.named(need);
                if (found.isEmpty()) {
                    throw template.at()
                            .error("task '" + instance.name() + "' needs '" + Node.Scalar.shown(need)
                                    + "', which is no task of the script; correct the name or add the task");
                }
                for (var position : found) {
                    bound.take(template.at(), 0);
                    needs.add(instances.all().get(position).name());
                }
            }
        }
        return List.copyOf(needs);
    }
}
