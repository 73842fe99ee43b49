package muster.language.lsl.action;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.Input;
import muster.api.Output;
import muster.api.Parameters;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.Outcome;
import muster.api.study.Settings;
import muster.api.study.Subject;
import org.jspecify.annotations.Nullable;

/** Tasks that run a command: one for each system that an action includes, else one. */
final class Tasks {
    private static final Set<String> SETTINGS = Set.of(
            "command",
            "environment",
            "inputs",
            "outputs",
            "records",
            Files.TAKES,
            "cores",
            "memory",
            "disk",
            "gpus",
            "labels",
            "timeLimit",
            "retries");

    /** What an input takes, about, and an output with the input that it becomes: entries of a list. */
    private static final long INPUT_SIZE = 3;

    private static final long OUTPUT_SIZE = 6;

    private final Action action;
    private final String executor;
    private final Parameters parameters;
    private final Program program;
    private final List<TaskSpec> tasks = new ArrayList<>();

    /** What a type of actions makes of its settings, which may be rules. */
    interface Program {
        List<String> command(Settings settings);

        /** Beside what the action sets itself. */
        default Map<String, String> environment(Settings settings) {
            return Map.of();
        }

        /** Those that are there beside what the action names. */
        default List<String> records(Settings settings) {
            return List.of();
        }

        default double cores(Settings settings) {
            return 1;
        }
    }

    /** Of a type whose command is a setting. */
    Tasks(Action action, String executor, Parameters parameters) {
        this(action, executor, parameters, Tasks::command);
    }

    Tasks(Action action, String executor, Parameters parameters, Program program) {
        this.action = action;
        this.executor = executor;
        this.parameters = parameters;
        this.program = program;
    }

    static Set<String> settings(String... further) {
        return Stream.concat(SETTINGS.stream(), Stream.of(further)).collect(Collectors.toUnmodifiableSet());
    }

    Outcome plan() {
        if (!action.includes()) {
            var once = new Subject(action.name(), Map.of(), List.of(), action.needs());
            var made = run("", once, action.settings(), Map.of("LSL_ACTION", action.name()));
            return new Outcome(tasks, List.of(new Abstraction(action.name(), List.of(made))), made.needs(), List.of());
        }
        var abstractions = new ArrayList<Abstraction>();
        var needs = new ArrayList<String>();
        for (var abstraction : action.included()) {
            var systems = abstraction.systems().stream()
                    .map(system -> run(
                            system.id(),
                            system,
                            action.settings().of(system),
                            Map.of(
                                    "LSL_ACTION",
                                    action.name(),
                                    "LSL_ABSTRACTION",
                                    abstraction.name(),
                                    "LSL_SYSTEM",
                                    system.id())))
                    .toList();
            systems.forEach(system -> needs.addAll(system.needs()));
            abstractions.add(new Abstraction(abstraction.name(), systems));
        }
        return new Outcome(tasks, abstractions, needs, List.of());
    }

    /** Adds a system's task; the system afterwards. */
    private Subject run(String part, Subject system, Settings settings, Map<String, String> told) {
        var name = action.taskName(part);
        var inputs = new ArrayList<Input>();
        Files.taken(action, settings, system.products()).forEach(product -> inputs.add(product.input()));
        Files.taken(action, settings, action.common()).forEach(product -> inputs.add(product.input()));
        inputs.addAll(Files.ofUser(action, settings));
        var environment = new TreeMap<>(told);
        environment.putAll(program.environment(settings));
        environment.putAll(settings.textsByName("environment"));
        var records = new ArrayList<>(program.records(settings));
        records.addAll(settings.texts("records"));
        var outputs = new ArrayList<>(settings.texts("outputs"));
        records.stream().filter(path -> !outputs.contains(path)).forEach(outputs::add);
        var command = program.command(settings);
        action.count((long) command.size()
                + environment.size()
                + INPUT_SIZE * inputs.size()
                + OUTPUT_SIZE * outputs.size()
                + system.needs().size()
                + system.products().size()
                + action.common().size());
        var taken = outputs.stream()
                .map(path -> {
                    var output = output(settings, path);
                    return records.contains(path) ? output.kept(true) : output;
                })
                .toList();
        var resources = resources(settings);
        var timeLimit = timeLimit(settings);
        var retries = settings.number("retries").orElse(0L);
        tasks.add(action.at().locate(() -> TaskSpec.builder()
                .name(name)
                .executor(executor)
                .command(command)
                .parameters(parameters)
                .environment(environment)
                .resources(resources)
                .timeLimit(timeLimit)
                .retries((int) Math.max(-1, Math.min(Integer.MAX_VALUE, retries)))
                .needs(system.needs())
                .inputs(inputs)
                .outputs(taken)
                .build()));
        return system.after(
                name,
                outputs.stream()
                        .map(path -> new Subject.Product(
                                action.name(),
                                path,
                                new Input(
                                        Files.literal(place(settings, path)),
                                        Input.TASK + name + "/" + Files.literal(path),
                                        false)))
                        .toList());
    }

    private String place(Settings settings, String path) {
        if (action.name().indexOf('/') >= 0) {
            throw settings.fault("outputs", "the name of an action with outputs has no '/'; rename it");
        }
        return action.name() + "/" + path;
    }

    private static Output output(Settings settings, String path) {
        var output = settings.place("outputs").locate(() -> Output.of(Files.literal(path)));
        if (!output.literal()) {
            throw settings.fault("outputs", "the output '" + path + "' is no path of a file or folder; name each");
        }
        return output;
    }

    /** A text is run by a shell; a list is a program and its arguments. */
    private static List<String> command(Settings settings) {
        var command = settings.texts("command");
        if (command.isEmpty()) {
            throw settings.fault(
                    "command", "there is no command; write command = 'make', or command = ['make', '-j2']");
        }
        return settings.value("command").orElse("") instanceof List
                ? command
                : List.of("/bin/sh", "-c", command.get(0));
    }

    private Resources resources(Settings settings) {
        var cores = settings.decimal("cores").map(BigDecimal::doubleValue).orElseGet(() -> program.cores(settings));
        var memory = bytes(settings, "memory");
        var disk = bytes(settings, "disk");
        var gpus = settings.number("gpus").orElse(0L);
        var labels = settings.texts("labels");
        return action.at()
                .locate(() -> new Resources(
                        cores, memory, disk, (int) Math.max(-1, Math.min(Integer.MAX_VALUE, gpus)), Map.of(), labels));
    }

    private static long bytes(Settings settings, String name) {
        return settings.text(name)
                .map(text -> settings.place(name).locate(() -> Quantity.parseBytes(text)))
                .orElse(0L);
    }

    private static @Nullable Duration timeLimit(Settings settings) {
        return settings.text("timeLimit")
                .map(text -> settings.place("timeLimit").locate(() -> Quantity.parseDuration(text)))
                .orElse(null);
    }
}
