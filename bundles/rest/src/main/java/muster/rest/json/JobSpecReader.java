package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Output;
import muster.api.Resources;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import org.jspecify.annotations.Nullable;

/**
 * Reads a job as users write it. Everything that is wrong with it is told at once, each fault with its JSON pointer;
 * a field that is null counts as not there. The rules themselves are those of the API's records: each value is tried
 * in one by itself, so that the fault gets its place.
 */
public final class JobSpecReader {
    private static final Set<String> JOB =
            ordered("name", "tags", "priority", "after", "maxFails", "task", "array", "graph", "secrets");
    private static final Set<String> AFTER = ordered("job", "on");
    private static final Set<String> ARRAY = ordered("task", "indices", "items", "throttle");
    private static final Set<String> GRAPH = ordered("tasks");
    private static final Set<String> TASK = ordered(
            "name",
            "executor",
            "command",
            "parameters",
            "environment",
            "workingDirectory",
            "stdin",
            "stdout",
            "stderr",
            "resources",
            "timeLimit",
            "retries",
            "mayFail",
            "needs",
            "inputs",
            "outputs",
            "category",
            "session");
    private static final Set<String> INPUT = ordered("name", "from", "executable");
    private static final Set<String> OUTPUT = ordered("path", "optional", "keep");
    private static final Set<String> SESSION = ordered("name", "memory", "makes", "takes");
    private static final Set<String> RESOURCES = ordered("cores", "memory", "disk", "gpus", "custom", "labels");
    private static final TaskSpec EMPTY = TaskSpec.builder().build();

    private final Faults faults = new Faults();

    private JobSpecReader() {}

    /** The job that {@code root} describes; else INVALID with every fault. */
    public static JobSpec read(JsonNode root) {
        var reader = new JobSpecReader();
        var job = Fields.of(root, "", "a job", JOB, reader.faults).flatMap(reader::job);
        reader.faults.throwIfAny();
        return job.orElseThrow();
    }

    private Optional<JobSpec> job(Fields fields) {
        var name = fields.string("name")
                .flatMap(v -> faults.check(fields.at("name"), () -> probe(v, 0, null)))
                .map(JobSpec::name);
        var tags = fields.strings("tags", Names::requireLabel);
        var priority = fields.integer("priority")
                .flatMap(v -> faults.check(fields.at("priority"), () -> probe("", v, null)))
                .map(JobSpec::priority);
        var maxFails = fields.integer("maxFails")
                .flatMap(v -> faults.check(fields.at("maxFails"), () -> probe("", 0, v)))
                .map(JobSpec::maxFails);
        var after = new ArrayList<JobSpec.Dependency>();
        var places = fields.list("after");
        for (var i = 0; i < places.size(); i++) {
            Fields.of(places.get(i), fields.at("after") + "/" + i, "a job to come after", AFTER, faults)
                    .flatMap(this::dependency)
                    .ifPresent(after::add);
        }
        var work = work(fields);
        var secrets = SecretReader.read(fields, faults);
        return faults.none()
                ? faults.check(
                        "",
                        () -> new JobSpec(
                                name.orElse(""),
                                tags,
                                priority.orElse(0),
                                after,
                                maxFails.orElse(null),
                                work.orElseThrow(),
                                secrets))
                : Optional.empty();
    }

    /** A job that has nothing but these. */
    private static JobSpec probe(String name, int priority, @Nullable Integer maxFails) {
        return new JobSpec(name, List.of(), priority, List.of(), maxFails, new Work.Single(EMPTY));
    }

    private Optional<JobSpec.Dependency> dependency(Fields fields) {
        if (!fields.has("job")) {
            faults.add(fields.pointer(), "a job to come after has no job; write such as {\"job\":\"12\"}");
        }
        var job = fields.string("job").flatMap(v -> faults.check(fields.at("job"), () -> jobId(v)));
        var on = fields.string("on").orElse("success");
        if (!on.equals("success") && !on.equals("end")) {
            faults.add(fields.at("on"), "on is '" + Words.shown(on) + "'; write success or end");
        }
        return job.map(id -> new JobSpec.Dependency(id, on.equals("end")));
    }

    private static JobId jobId(String text) {
        if (text.length() > 19 || text.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid("'" + Words.shown(text) + "' is not a job id; expected a number such as 17");
        }
        return JobId.parse(text);
    }

    private Optional<Work> work(Fields fields) {
        var given = new ArrayList<String>();
        for (var kind : List.of("task", "array", "graph")) {
            if (fields.has(kind)) {
                given.add(kind);
            }
        }
        if (given.size() != 1) {
            faults.add(
                    fields.pointer(),
                    given.isEmpty()
                            ? "a job has nothing to do; give one of task, array or graph"
                            : "a job has " + String.join(" and ", given) + "; give one of them alone");
        }
        // what is there is read all the same, so that its own faults are told too
        Optional<Work> task =
                fields.object("task", "a task", TASK).map(v -> task(v, null)).map(Work.Single::new);
        Optional<Work> array = fields.object("array", "an array", ARRAY).flatMap(this::array);
        Optional<Work> graph = fields.object("graph", "a graph", GRAPH).flatMap(this::graph);
        return task.or(() -> array).or(() -> graph);
    }

    private Optional<Work> array(Fields fields) {
        if (!fields.has("task")) {
            faults.add(fields.pointer(), "an array has no task; give the template of its tasks");
        }
        var task = fields.object("task", "a task", TASK).map(v -> task(v, null));
        if (fields.has("indices") == fields.has("items")) {
            faults.add(
                    fields.pointer(),
                    fields.has("items")
                            ? "an array has indices and items; give one of them"
                            : "an array has neither indices nor items; give such as \"indices\":\"0-99\" or"
                                    + " \"items\":[\"a\",\"b\"]");
        }
        var given = fields.string("indices");
        var text = given.orElse("");
        var percent = text.indexOf('%');
        var indices = given.flatMap(
                v -> faults.check(fields.at("indices"), () -> indices(percent < 0 ? v : v.substring(0, percent))));
        var throttle = throttle(fields, percent < 0 ? null : text.substring(percent + 1));
        var items = fields.list("items").stream()
                .map(item -> item.isTextual() ? item.textValue() : item.toString())
                .toList();
        if (fields.has("items")) {
            if (items.isEmpty()) {
                faults.add(fields.at("items"), "items is empty; give at least one");
            } else {
                indices = faults.check(fields.at("items"), () -> IndexSet.range(0, items.size() - 1));
            }
        }
        if (task.isEmpty() || indices.isEmpty()) {
            return Optional.empty();
        }
        var members = indices.get();
        return faults.none()
                ? faults.check(
                        fields.pointer(),
                        () -> new Work.Array(task.get(), members, items.isEmpty() ? null : items, throttle))
                : Optional.empty();
    }

    private static IndexSet indices(String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid("indices '" + Words.shown(text) + "' have control characters; remove them");
        }
        return IndexSet.parse(text);
    }

    /** What may run at once: of the field, or behind the indices. */
    private int throttle(Fields fields, @Nullable String behindIndices) {
        var throttle = fields.integer("throttle");
        throttle.filter(v -> v < 0)
                .ifPresent(v -> faults.add(fields.at("throttle"), "throttle " + v + " is negative; write 0 for none"));
        if (behindIndices == null) {
            return throttle.orElse(0);
        }
        if (!behindIndices.matches("[1-9][0-9]{0,8}")) {
            faults.add(
                    fields.at("indices"),
                    "'" + Words.shown(behindIndices) + "' behind % is not a throttle; write such as 0-99%10");
            return 0;
        }
        var both = Integer.parseInt(behindIndices);
        throttle.filter(v -> v != both)
                .ifPresent(v -> faults.add(
                        fields.at("throttle"),
                        "throttle is " + v + " and the indices say %" + both + "; give one of them"));
        return both;
    }

    private Optional<Work> graph(Fields fields) {
        var nodes = fields.list("tasks");
        if (nodes.isEmpty()) {
            faults.add(fields.at("tasks"), "a graph has no tasks; give at least one");
            return Optional.empty();
        }
        var names = names(nodes);
        var places = new HashMap<String, String>();
        var tasks = new ArrayList<TaskSpec>();
        for (var i = 0; i < nodes.size(); i++) {
            var pointer = fields.at("tasks") + "/" + i;
            Fields.of(nodes.get(i), pointer, "a task", TASK, faults)
                    .map(v -> task(v, names))
                    .filter(task -> unique(task.name(), pointer, places))
                    .ifPresent(tasks::add);
        }
        return tasks.size() == nodes.size()
                ? faults.check(fields.at("tasks"), () -> new Work.Graph(tasks))
                : Optional.empty();
    }

    private static Set<String> names(List<JsonNode> tasks) {
        var names = new LinkedHashSet<String>();
        for (var task : tasks) {
            if (task.path("name").isTextual()) {
                names.add(task.path("name").textValue());
            }
        }
        return names;
    }

    private boolean unique(String name, String pointer, Map<String, String> places) {
        var first = name.isEmpty() ? null : places.putIfAbsent(name, pointer);
        if (first != null) {
            faults.add(pointer + "/name", "task name '" + name + "' is taken by " + first + "; names must be unique");
        }
        return !name.isEmpty() && first == null;
    }

    private static void requireKnown(String need, Set<String> names) {
        if (!names.contains(need)) {
            var remedy = names.size() > 1000 ? "" : Words.remedy(need, names);
            throw MusterException.invalid("'" + Words.shown(need) + "' is no task of the graph; "
                    + (remedy.startsWith("did you") ? remedy : "correct the name or add the task"));
        }
    }

    /** A task, wrong values left at their defaults; {@code names} are those of its graph. */
    private TaskSpec task(Fields fields, @Nullable Set<String> names) {
        var name = fields.string("name")
                .filter(v -> !v.isEmpty())
                .flatMap(v -> faults.check(fields.at("name"), () -> Names.requireName("task name", v)))
                .orElse("");
        if (names != null && fields.node("name").map(v -> v.asText().isEmpty()).orElse(true)) {
            faults.add(fields.at("name"), "a task of a graph has no name; name every task");
        }
        var executor = fields.string("executor")
                .flatMap(v -> faults.check(fields.at("executor"), () -> Names.requireName("executor", v)))
                .orElse(TaskSpec.DEFAULT_EXECUTOR);
        var command = fields.strings("command", v -> TaskSpec.command(v));
        if (executor.equals(TaskSpec.DEFAULT_EXECUTOR) && hasNoProgram(fields)) {
            faults.add(
                    fields.at("command"),
                    (name.isEmpty() ? "a task" : "task '" + name + "'")
                            + " has no command; write such as [\"sh\",\"-c\",\"echo hi\"]");
        }
        var environment = fields.stringMap("environment");
        environment.forEach((key, value) -> faults.check(
                Fields.child(fields.at("environment"), key),
                () -> TaskSpec.builder().environment(Map.of(key, value)).build()));
        var needs = fields.strings("needs", v -> {
            if (names != null) {
                requireKnown(v, names);
            }
        });
        if (names == null && !needs.isEmpty()) {
            faults.add(fields.at("needs"), "a task outside a graph has needs; submit a graph");
        }
        if (new HashSet<>(needs).size() < needs.size()) {
            faults.add(fields.at("needs"), "needs names a task twice; name each once");
        }
        var workingDirectory = fields.string("workingDirectory")
                .flatMap(v -> faults.check(
                        fields.at("workingDirectory"),
                        () -> TaskSpec.builder().workingDirectory(v).build()))
                .map(TaskSpec::workingDirectory);
        var stdin = path(fields, "stdin");
        var stdout = path(fields, "stdout");
        var stderr = path(fields, "stderr");
        var resources = fields.object("resources", "resources", RESOURCES)
                .map(this::resources)
                .orElse(Resources.DEFAULT);
        var timeLimit = fields.duration("timeLimit")
                .flatMap(v -> faults.check(
                        fields.at("timeLimit"),
                        () -> TaskSpec.builder().timeLimit(v).build()))
                .map(TaskSpec::timeLimit);
        var retries = fields.integer("retries")
                .flatMap(v -> faults.check(
                        fields.at("retries"),
                        () -> TaskSpec.builder().retries(v).build()))
                .map(TaskSpec::retries)
                .orElse(0);
        var mayFail = fields.bool("mayFail").orElse(false);
        var category = fields.string("category")
                .flatMap(v -> faults.check(
                        fields.at("category"),
                        () -> TaskSpec.builder().category(v).build()))
                .map(TaskSpec::category)
                .orElse("");
        var parameters = fields.parameters("parameters");
        var inputs = inputs(fields, names);
        var outputs = outputs(fields);
        var session = fields.object("session", "a session", SESSION)
                .flatMap(v -> session(v, names))
                .orElse(null);
        if (!faults.none()) {
            // enough to look at the shape of a graph
            return TaskSpec.builder()
                    .name(name)
                    .executor(executor)
                    .needs(List.copyOf(new LinkedHashSet<>(names != null ? needs : List.of())))
                    .build();
        }
        var files = !inputs.isEmpty() || !outputs.isEmpty();
        if (files && workingDirectory.isPresent()) {
            faults.add(
                    fields.at("workingDirectory"),
                    "a task with inputs or outputs gets a workspace of its own; leave workingDirectory out");
            return EMPTY;
        }
        return TaskSpec.builder()
                .name(name)
                .executor(executor)
                .command(command)
                .parameters(parameters)
                .environment(environment)
                .workingDirectory(workingDirectory.orElse(null))
                .stdin(stdin.orElse(null))
                .stdout(stdout.orElse(null))
                .stderr(stderr.orElse(null))
                .resources(resources)
                .timeLimit(timeLimit.orElse(null))
                .retries(retries)
                .mayFail(mayFail)
                .needs(needs)
                .inputs(inputs)
                .outputs(outputs)
                .category(category)
                .session(session)
                .build();
    }

    private Optional<SessionSpec> session(Fields fields, @Nullable Set<String> names) {
        var name = fields.string("name").orElse("");
        var memory = fields.bytes("memory").orElse(0L);
        var makes = fields.strings("makes", v -> new SessionSpec("any", 0, List.of(v), List.of()));
        var takes = fields.strings("takes", v -> {
            new SessionSpec("any", 0, List.of(), List.of(v));
            if (names == null) {
                throw MusterException.invalid("a task outside a graph takes '" + v + "'; submit a graph");
            }
            requireKnown(SessionSpec.need(v), names);
        });
        return faults.none()
                ? faults.check(fields.pointer(), () -> new SessionSpec(name, memory, makes, takes))
                : Optional.empty();
    }

    private List<Input> inputs(Fields fields, @Nullable Set<String> names) {
        var inputs = new ArrayList<Input>();
        var taken = new HashSet<String>();
        var nodes = fields.list("inputs");
        for (var i = 0; i < nodes.size(); i++) {
            var pointer = fields.at("inputs") + "/" + i;
            Fields.of(nodes.get(i), pointer, "an input", INPUT, faults)
                    .flatMap(v -> input(v, names))
                    .filter(input -> {
                        var fresh = taken.add(input.name());
                        if (!fresh) {
                            faults.add(pointer + "/name", "two inputs are named '" + input.name() + "'; rename one");
                        }
                        return fresh;
                    })
                    .ifPresent(inputs::add);
        }
        return inputs;
    }

    private Optional<Input> input(Fields fields, @Nullable Set<String> names) {
        for (var needed : List.of("name", "from")) {
            if (!fields.has(needed)) {
                faults.add(
                        fields.pointer(),
                        "an input has no " + needed + "; write such as {\"name\":\"in.txt\",\"from\":\"sha256:…\"}");
            }
        }
        var name = fields.string("name")
                .flatMap(v -> faults.check(fields.at("name"), () -> Names.requirePath("input", v)));
        var from = fields.string("from");
        var executable = fields.bool("executable").orElse(false);
        if (name.isEmpty() || from.isEmpty()) {
            return Optional.empty();
        }
        return faults.check(fields.at("from"), () -> {
            var input = new Input(name.get(), from.get(), executable);
            if (!input.need().isEmpty()) {
                if (names == null) {
                    throw MusterException.invalid("a task outside a graph takes an output of task '" + input.need()
                            + "'; submit a graph, or name the task of an earlier job such as task:17.3/out.txt");
                }
                requireKnown(input.need(), names);
            }
            return input;
        });
    }

    private List<Output> outputs(Fields fields) {
        var outputs = new ArrayList<Output>();
        var nodes = fields.list("outputs");
        for (var i = 0; i < nodes.size(); i++) {
            var pointer = fields.at("outputs") + "/" + i;
            if (nodes.get(i).isTextual()) {
                var path = nodes.get(i).textValue();
                faults.check(pointer, () -> Output.of(path)).ifPresent(outputs::add);
            } else {
                Fields.of(nodes.get(i), pointer, "an output", OUTPUT, faults)
                        .flatMap(this::output)
                        .ifPresent(outputs::add);
            }
        }
        return outputs;
    }

    private Optional<Output> output(Fields fields) {
        if (!fields.has("path")) {
            faults.add(fields.pointer(), "an output has no path; write such as {\"path\":\"out/*.txt\"}");
        }
        var optional = fields.bool("optional").orElse(false);
        var keep = fields.bool("keep").orElse(null);
        return fields.string("path").flatMap(v -> faults.check(fields.at("path"), () -> new Output(v, optional, keep)));
    }

    private static boolean hasNoProgram(Fields fields) {
        var command = fields.node("command");
        if (command.isEmpty()) {
            return true;
        }
        // what is no list is a fault of its own
        var list = command.get();
        return list.isArray() && (list.isEmpty() || list.get(0).asText("?").isEmpty());
    }

    private Optional<String> path(Fields fields, String name) {
        return fields.string(name)
                .flatMap(v -> faults.check(
                        fields.at(name), () -> TaskSpec.builder().stdout(v).build()))
                .map(TaskSpec::stdout);
    }

    private Resources resources(Fields fields) {
        var cores = fields.number("cores")
                .flatMap(v -> faults.check(fields.at("cores"), () -> resources(v, 0, 0, 0, Map.of(), List.of())))
                .map(Resources::cores)
                .orElse(Resources.DEFAULT.cores());
        var memory = fields.bytes("memory")
                .flatMap(v -> faults.check(fields.at("memory"), () -> resources(1, v, 0, 0, Map.of(), List.of())))
                .map(Resources::memoryBytes)
                .orElse(0L);
        var disk = fields.bytes("disk")
                .flatMap(v -> faults.check(fields.at("disk"), () -> resources(1, 0, v, 0, Map.of(), List.of())))
                .map(Resources::diskBytes)
                .orElse(0L);
        var gpus = fields.integer("gpus")
                .flatMap(v -> faults.check(fields.at("gpus"), () -> resources(1, 0, 0, v, Map.of(), List.of())))
                .map(Resources::gpus)
                .orElse(0);
        var custom = fields.integerMap("custom");
        custom.forEach((key, value) -> faults.check(
                Fields.child(fields.at("custom"), key), () -> resources(1, 0, 0, 0, Map.of(key, value), List.of())));
        var labels = fields.strings("labels", v -> resources(1, 0, 0, 0, Map.of(), List.of(v)));
        return faults.none() ? resources(cores, memory, disk, gpus, custom, labels) : Resources.DEFAULT;
    }

    private static Resources resources(
            double cores, long memory, long disk, int gpus, Map<String, Long> custom, List<String> labels) {
        return new Resources(cores, memory, disk, gpus, custom, labels);
    }

    private static Set<String> ordered(String... names) {
        return new LinkedHashSet<>(List.of(names));
    }
}
