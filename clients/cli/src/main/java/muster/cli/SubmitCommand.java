package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Objects;
import muster.cli.client.Patience;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Submits a command, an array of commands or a specification, and prints the id of its job. */
@Command(
        name = "submit",
        description = "Submits a job and prints its id.",
        customSynopsis = {
            "muster submit [OPTIONS] [--] COMMAND [ARGUMENT]...",
            "  or:  muster submit [OPTIONS] --file SPEC.json"
        })
final class SubmitCommand extends ClusterCommand {
    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "Program and arguments; it ends the options")
    private List<String> command = new ArrayList<>();

    @Option(names = "--file", paramLabel = "FILE", description = "A job specification as JSON; - for standard input")
    private @Nullable String file;

    @ArgGroup(validate = false, heading = "%nThe job:%n", order = 1)
    private JobOptions job = new JobOptions();

    @ArgGroup(validate = false, heading = "%nEach task:%n", order = 2)
    private TaskOptions task = new TaskOptions();

    @ArgGroup(validate = false, heading = "%nMany tasks:%n", order = 3)
    private ArrayOptions array = new ArrayOptions();

    @Option(names = "--wait", description = "Wait for the end, pass on the output and the exit code", order = 80)
    private boolean wait;

    @Option(names = "--dry-run", description = "Print the specification and submit nothing", order = 81)
    private boolean dryRun;

    private @Nullable List<Path> sharedFolders;

    /** What belongs to the job as a whole. */
    static final class JobOptions {
        @Option(names = "--name", paramLabel = "NAME", description = "Name of the job")
        @Nullable
        String name;

        @Option(names = "--tag", paramLabel = "TAG", description = "To find it by; may be repeated")
        List<String> tags = List.of();

        @Option(names = "--priority", paramLabel = "N", description = "-1000 to 1000, higher first; 0 by default")
        @Nullable
        Integer priority;

        @Option(
                names = "--after",
                paramLabel = "JOB[:end]",
                description = "Start after this job succeeded, or with :end ended in any way; may be repeated")
        List<String> after = List.of();

        @Option(
                names = "--max-fails",
                paramLabel = "N",
                description = "Cancel the rest once more than N tasks have failed")
        @Nullable
        Integer maxFails;

        @Option(
                names = "--secret",
                paramLabel = "NAME=@FILE",
                description = "Give every task the file's text as this variable, and nobody else; @- for standard"
                        + " input; may be repeated")
        List<String> secrets = List.of();

        @Option(
                names = "--secret-file",
                paramLabel = "NAME=@FILE",
                description = "Likewise as a file of this name in $MUSTER_SECRETS")
        List<String> secretFiles = List.of();
    }

    /** What every task of the job does. */
    static final class TaskOptions {
        @Option(names = "--executor", paramLabel = "KIND", description = "Kind of executor; native by default")
        @Nullable
        String executor;

        @Option(
                names = "--param",
                paramLabel = "KEY=VALUE",
                description = "Parameter of the executor; a value that is JSON is passed as that")
        Map<String, String> parameters = Map.of();

        @Option(
                names = "--warm",
                description = "Let the executor keep what is warm from one task of the job to the next, such as"
                        + " containers")
        boolean warm;

        @Option(
                names = "--env",
                paramLabel = "KEY[=VALUE]",
                description = "Environment variable; without a value it is taken from here")
        List<String> environment = List.of();

        @Option(names = "--cwd", paramLabel = "DIR", description = "Working directory on the worker")
        @Nullable
        String workingDirectory;

        @Option(names = "--stdin", paramLabel = "FILE", description = "Standard input")
        @Nullable
        String stdin;

        @Option(
                names = "--stdout",
                paramLabel = "PATTERN",
                description =
                        "Write standard output there; %%j is the job, %%t the task, %%i the index, %%n the name, %%a the attempt")
        @Nullable
        String stdout;

        @Option(names = "--stderr", paramLabel = "PATTERN", description = "Likewise standard error")
        @Nullable
        String stderr;

        @Option(names = "--cores", paramLabel = "N", description = "Cores, such as 2 or 0.5; 1 by default")
        @Nullable
        BigDecimal cores;

        @Option(names = "--memory", paramLabel = "BYTES", description = "Memory, such as 8G, 8GB, 8192M or 8GiB")
        @Nullable
        String memory;

        @Option(names = "--disk", paramLabel = "BYTES", description = "Disk, likewise")
        @Nullable
        String disk;

        @Option(names = "--gpus", paramLabel = "N", description = "GPUs")
        @Nullable
        Integer gpus;

        @Option(names = "--custom", paramLabel = "NAME=N", description = "A resource that operators named")
        Map<String, Long> custom = Map.of();

        @Option(
                names = "--label",
                paramLabel = "LABEL",
                description = "Only workers with this label; !LABEL only those without; may be repeated")
        List<String> labels = List.of();

        @Option(names = "--time-limit", paramLabel = "TIME", description = "Of one attempt, such as 90s or 1h30m")
        @Nullable
        String timeLimit;

        @Option(
                names = "--input",
                paramLabel = "FILE[=NAME]",
                description =
                        "Put this file or folder into the workspace; uploaded unless it is on shared storage; also a URL,"
                                + " muster:NAME, task:17.3/PATH, file:/PATH; may be repeated")
        List<String> inputs = List.of();

        @Option(
                names = "--output",
                paramLabel = "PATH[?]",
                description = "Take this file or glob from the workspace; with ? it may be missing; may be repeated")
        List<String> outputs = List.of();

        @Option(
                names = "--keep",
                negatable = true,
                description = "Bring outputs to the manager before the task counts as succeeded, as is the default;"
                        + " --no-keep leaves them on the worker until the job has ended")
        @Nullable
        Boolean keep;

        @Option(names = "--retries", paramLabel = "N", description = "How often a failed attempt is tried again")
        @Nullable
        Integer retries;

        @Option(names = "--may-fail", description = "Ignore failures of tasks: the job does not fail for them")
        boolean mayFail;
    }

    /** What makes many tasks of one. */
    static final class ArrayOptions {
        @Option(names = "--array", paramLabel = "INDICES", description = "One task an index: 0-99, 1,3,7-9, 0-99%%10")
        @Nullable
        String indices;

        @Option(names = "--each-line", paramLabel = "FILE", description = "One task a line; - for standard input")
        @Nullable
        String eachLine;

        @Option(names = "--items", paramLabel = "FILE", description = "One task an item of this JSON array")
        @Nullable
        String items;

        @Option(names = "--throttle", paramLabel = "N", description = "How many may run at once")
        @Nullable
        Integer throttle;
    }

    SubmitCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        var specification = specification();
        if (dryRun) {
            Specification.hideSecrets(specification);
            print(specification);
            return ExitCode.OK;
        }
        var client = client();
        var submitted = client.submit(
                Json.compact(specification), UUID.randomUUID().toString(), wait ? patience() : Patience.NONE);
        if (!wait) {
            if (json) {
                print(submitted);
            } else {
                print(submitted.path("id").asText());
            }
            return ExitCode.OK;
        }
        var watch = new JobWatch(client.with(patience()), terminal());
        watch.detachOnInterrupt(submitted.path("id").asText());
        var ended = watch.untilEnd(submitted, json ? JobWatch.Output.NONE : output(specification));
        if (json) {
            print(ended);
        } else if (!"single".equals(ended.path("kind").asText())) {
            terminal()
                    .tell("what its tasks wrote: muster job logs "
                            + ended.path("id").asText());
        }
        return watch.exitCode(ended);
    }

    private String upload(Path path) {
        return dryRun ? Objects.name(path) : Objects.upload(client(), path);
    }

    private List<Path> sharedFolders() {
        if (sharedFolders == null) {
            var folders = new ArrayList<Path>();
            if (!dryRun) {
                client().get("/cluster").path("sharedFolders").forEach(folder -> folders.add(Path.of(folder.asText())));
            }
            sharedFolders = folders;
        }
        return sharedFolders;
    }

    static JobWatch.Output output(JsonNode specification) {
        return specification.path("task").path("retries").asInt(0) > 0 ? JobWatch.Output.AT_END : JobWatch.Output.LIVE;
    }

    private ObjectNode specification() {
        if (file == null) {
            if (command.isEmpty() && task.executor == null) {
                throw Failure.user("a command is missing; write such as: muster submit -- echo hello");
            }
            return new Specification(context.environment(), this::upload, this::sharedFolders)
                    .of(job, task, array, command);
        }
        if (!command.isEmpty()) {
            throw Failure.user("--file and the command '" + command.get(0) + "' both say what to run; give one");
        }
        var refused = given(option ->
                option.getDeclaringClass() == TaskOptions.class || option.getDeclaringClass() == ArrayOptions.class);
        refused.remove("--may-fail");
        if (!refused.isEmpty()) {
            throw Failure.user("--file takes no " + String.join(", ", refused) + "; write into " + file
                    + " what it shall say of tasks");
        }
        var specification = Specification.read(file);
        Specification.putJob(specification, job);
        if (task.mayFail) {
            Specification.putMayFail(specification);
        }
        return specification;
    }
}
