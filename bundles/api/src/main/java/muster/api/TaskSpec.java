package muster.api;

import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one task does, or every task of an array. It is made by {@link #builder()}, which has a default for all.
 *
 * @param name unique in a graph, where {@code needs} refer to it; empty elsewhere if the user gave none
 * @param executor the kind of executor, such as {@code native}
 * @param command program and arguments, where the executor takes one
 * @param parameters what the executor is told beside the command
 * @param environment added to what every task sees
 * @param workingDirectory absolute path on the worker; null for a fresh workspace
 * @param stdin path of a file to read, relative to the working directory; null for none
 * @param stdout pattern of a path to write to ({@code %j} job, {@code %t} task, {@code %i} index, {@code %n} name,
 *     {@code %a} attempt), relative to the working directory; null to keep it with the task
 * @param stderr likewise
 * @param timeLimit of one attempt; null for none
 * @param retries how often a failed attempt is tried again
 * @param mayFail whether its failure is ignored: its job does not fail for it, and those that need it run all the same,
 *     but for those that take what it did not make
 * @param needs names of tasks of the same graph that must succeed first, or fail if they may; those whose outputs are inputs are added
 * @param inputs put into its workspace before it starts
 * @param outputs taken from its workspace after it has succeeded
 * @param category tasks of one category are alike, for progress and reports; empty for {@link #categoryName()} to tell
 * @param session what it keeps or finds on its worker beside files; null for nothing
 */
public record TaskSpec(
        String name,
        String executor,
        List<String> command,
        Parameters parameters,
        Map<String, String> environment,
        @Nullable String workingDirectory,
        @Nullable String stdin,
        @Nullable String stdout,
        @Nullable String stderr,
        Resources resources,
        @Nullable Duration timeLimit,
        int retries,
        boolean mayFail,
        List<String> needs,
        List<Input> inputs,
        List<Output> outputs,
        String category,
        @Nullable SessionSpec session) {
    /** The executor of a task that names none. */
    public static final String DEFAULT_EXECUTOR = "native";

    public TaskSpec {
        if (!name.isEmpty()) {
            Names.requireName("task name", name);
        }
        Names.requireName("executor", executor);
        command = List.copyOf(command);
        command.forEach(argument -> requireNoNul("command", argument));
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
        environment.forEach((key, value) -> {
            if (key.isEmpty() || key.indexOf('=') >= 0) {
                throw MusterException.invalid("environment variable '" + Names.escape(key)
                        + "' is not a name; it must not be empty or contain '='");
            }
            requireNoNul("environment variable", key);
            requireNoNul("environment variable '" + key + "'", value);
        });
        if (workingDirectory != null && !workingDirectory.startsWith("/")) {
            throw MusterException.invalid("working directory '" + Names.escape(workingDirectory)
                    + "' is not absolute; write a path that starts with /");
        }
        for (var path : new String[] {workingDirectory, stdin, stdout, stderr}) {
            if (path != null) {
                if (path.isEmpty()) {
                    throw MusterException.invalid(
                            "a path of task '" + name + "' is empty; leave it out or name a file");
                }
                requireNoNul("path", path);
            }
        }
        if (timeLimit != null && (timeLimit.isZero() || timeLimit.isNegative())) {
            throw MusterException.invalid("time limit " + Quantity.formatDuration(timeLimit)
                    + " is not positive; leave it out or write such as 90s");
        }
        if (retries < 0 || retries > 1000) {
            throw MusterException.invalid("retries " + retries + " is outside 0 to 1000");
        }
        if (new HashSet<>(needs).size() < needs.size()) {
            throw MusterException.invalid("task '" + name + "' names a need twice: " + needs);
        }
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        if (category.length() > 128 || category.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid(
                    "category '" + Names.escape(category) + "' is not allowed; use at most 128 printable characters");
        }
        needs = inputs.isEmpty() && session == null ? List.copyOf(needs) : withThoseOfInputs(needs, inputs, session);
        if (!inputs.isEmpty() || !outputs.isEmpty()) {
            requireFiles(name, workingDirectory, inputs);
        }
    }

    /** To make one; what is not told is as in {@link #command(List)}, without a command. */
    public static Builder builder() {
        return new Builder();
    }

    /** To make one like this. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    private static List<String> withThoseOfInputs(
            List<String> needs, List<Input> inputs, @Nullable SessionSpec session) {
        var all = new LinkedHashSet<>(needs);
        inputs.stream().map(Input::need).filter(need -> !need.isEmpty()).forEach(all::add);
        if (session != null) {
            session.takes().stream().map(SessionSpec::need).forEach(all::add);
        }
        return List.copyOf(all);
    }

    private static void requireFiles(String name, @Nullable String workingDirectory, List<Input> inputs) {
        if (workingDirectory != null) {
            throw MusterException.invalid("task '" + name + "' has inputs or outputs and the working directory '"
                    + Names.escape(workingDirectory) + "'; leave it out, so that the task gets a workspace of its own");
        }
        var names = new HashSet<String>();
        for (var input : inputs) {
            if (!names.add(input.name())) {
                throw MusterException.invalid(
                        "task '" + name + "' has two inputs named '" + input.name() + "'; name each differently");
            }
        }
    }

    /** Whether what another task takes of it under this path may be missing though it has succeeded: optional outputs. */
    public boolean mayMiss(String path) {
        var any = false;
        for (var output : outputs) {
            if (output.takenBy(path)) {
                if (!output.optional()) {
                    return false;
                }
                any = true;
            }
        }
        return any;
    }

    /** Its category; one that names none is alike to those whose names differ in numbers alone: {@code day-#}. */
    public String categoryName() {
        if (!category.isEmpty()) {
            return category;
        }
        if (name.isEmpty()) {
            return "tasks";
        }
        var kind = new StringBuilder(name.length());
        for (var i = 0; i < name.length(); i++) {
            var digit = name.charAt(i) >= '0' && name.charAt(i) <= '9';
            if (!digit) {
                kind.append(name.charAt(i));
            } else if (kind.length() == 0 || kind.charAt(kind.length() - 1) != '#') {
                kind.append('#');
            }
        }
        return kind.toString();
    }

    /** A native task with defaults for all else. */
    public static TaskSpec command(String... command) {
        return command(List.of(command));
    }

    /** A native task with defaults for all else. */
    public static TaskSpec command(List<String> command) {
        return builder().command(command).build();
    }

    private static void requireNoNul(String what, String value) {
        if (value.indexOf('\0') >= 0) {
            throw MusterException.invalid(what + " contains a NUL character; remove it");
        }
    }

    /** Each of its methods sets the component of its name. Not thread-safe. */
    public static final class Builder {
        private String name = "";
        private String executor = DEFAULT_EXECUTOR;
        private List<String> command = List.of();
        private Parameters parameters = Parameters.NONE;
        private Map<String, String> environment = Map.of();
        private @Nullable String workingDirectory;
        private @Nullable String stdin;
        private @Nullable String stdout;
        private @Nullable String stderr;
        private Resources resources = Resources.DEFAULT;
        private @Nullable Duration timeLimit;
        private int retries;
        private boolean mayFail;
        private List<String> needs = List.of();
        private List<Input> inputs = List.of();
        private List<Output> outputs = List.of();
        private String category = "";
        private @Nullable SessionSpec session;

        private Builder() {}

        private Builder(TaskSpec task) {
            name = task.name;
            executor = task.executor;
            command = task.command;
            parameters = task.parameters;
            environment = task.environment;
            workingDirectory = task.workingDirectory;
            stdin = task.stdin;
            stdout = task.stdout;
            stderr = task.stderr;
            resources = task.resources;
            timeLimit = task.timeLimit;
            retries = task.retries;
            mayFail = task.mayFail;
            needs = task.needs;
            inputs = task.inputs;
            outputs = task.outputs;
            category = task.category;
            session = task.session;
        }

        public Builder name(String name) {
            this.name = name;
            return this;
        }

        public Builder executor(String executor) {
            this.executor = executor;
            return this;
        }

        public Builder command(List<String> command) {
            this.command = command;
            return this;
        }

        public Builder parameters(Parameters parameters) {
            this.parameters = parameters;
            return this;
        }

        public Builder environment(Map<String, String> environment) {
            this.environment = environment;
            return this;
        }

        public Builder workingDirectory(@Nullable String workingDirectory) {
            this.workingDirectory = workingDirectory;
            return this;
        }

        public Builder stdin(@Nullable String stdin) {
            this.stdin = stdin;
            return this;
        }

        public Builder stdout(@Nullable String stdout) {
            this.stdout = stdout;
            return this;
        }

        public Builder stderr(@Nullable String stderr) {
            this.stderr = stderr;
            return this;
        }

        public Builder resources(Resources resources) {
            this.resources = resources;
            return this;
        }

        public Builder timeLimit(@Nullable Duration timeLimit) {
            this.timeLimit = timeLimit;
            return this;
        }

        public Builder retries(int retries) {
            this.retries = retries;
            return this;
        }

        public Builder mayFail(boolean mayFail) {
            this.mayFail = mayFail;
            return this;
        }

        public Builder needs(List<String> needs) {
            this.needs = needs;
            return this;
        }

        public Builder inputs(List<Input> inputs) {
            this.inputs = inputs;
            return this;
        }

        public Builder outputs(List<Output> outputs) {
            this.outputs = outputs;
            return this;
        }

        public Builder category(String category) {
            this.category = category;
            return this;
        }

        public Builder session(@Nullable SessionSpec session) {
            this.session = session;
            return this;
        }

        public TaskSpec build() {
            return new TaskSpec(
                    name,
                    executor,
                    command,
                    parameters,
                    environment,
                    workingDirectory,
                    stdin,
                    stdout,
                    stderr,
                    resources,
                    timeLimit,
                    retries,
                    mayFail,
                    needs,
                    inputs,
                    outputs,
                    category,
                    session);
        }
    }
}
