package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Patience;
import muster.cli.terminal.Progress;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a workflow and waits for it. */
@Command(
        name = "run",
        description = {
            "Runs a workflow and waits for its end.",
            "FILE is a script in a language that is deployed on the manager, such as Muster's own (.yaml, .yml) or Makeflow"
                    + " (.makeflow, .mf, .jx), or a job specification (.json)."
        })
final class RunCommand extends ClusterCommand {
    /** Its options that job specifications take too. */
    private static final Set<String> OF_SPECIFICATIONS =
            Set.of("--name", "--tag", "--max-fails", "--may-fail", "--secret", "--secret-file", "--detach");

    @Parameters(paramLabel = "FILE", description = "The workflow; - reads a job specification from standard input")
    private String file;

    @Option(
            names = "--language",
            paramLabel = "NAME",
            description = "The language, where the file's name does not tell it")
    private @Nullable String language;

    @Option(names = "--set", paramLabel = "NAME=VALUE", description = "A value for a name of the script")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = "--shared-dir",
            paramLabel = "DIR",
            description = "The workflow's folder as all workers see it: rules run there, and no files are moved")
    private @Nullable Path sharedFolder;

    @Option(
            names = "--outputs-only",
            description =
                    "Bring back only what the workflow calls outputs, or else what no rule reads; not all targets")
    private boolean outputsOnly;

    @Option(names = "--executor", paramLabel = "KIND", description = "Executor of all rules, such as docker")
    private @Nullable String executor;

    @Option(names = "--image", paramLabel = "IMAGE", description = "Image of all rules, for an executor of containers")
    private @Nullable String image;

    @Option(
            names = "--wrapper",
            paramLabel = "COMMAND",
            description = "A command around every rule's: {} is the rule's, [] the rule's quoted, %%%% its number")
    private @Nullable String wrapper;

    @Option(
            names = "--wrapper-input",
            paramLabel = "FILE",
            description = "A file of the workflow's folder that the wrapper reads; may be repeated")
    private List<String> wrapperInputs = List.of();

    @Option(
            names = "--wrapper-output",
            paramLabel = "FILE",
            description = "A file that the wrapper makes, such as trace.%%%%; may be repeated")
    private List<String> wrapperOutputs = List.of();

    @Option(
            names = "--mounts",
            paramLabel = "FILE",
            description = "Where files of the workflow really are: a name and a path or URL on each line")
    private @Nullable Path mounts;

    @Option(names = "--retries", paramLabel = "N", description = "How often a failed rule is tried again")
    private @Nullable Integer retries;

    @Option(
            names = "--max-fails",
            paramLabel = "N",
            description = "Cancel the rest once more than N tasks have failed; without it, all runs that can")
    private @Nullable Integer maxFails;

    @Option(
            names = "--may-fail",
            description = "Ignore failures: the job does not fail for them, and what needs a task that failed runs,"
                    + " unless it takes what that did not make")
    private boolean mayFail;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the job; by default the file's")
    private @Nullable String name;

    @Option(names = "--tag", paramLabel = "TAG", description = "Tag to find the job by")
    private List<String> tags = List.of();

    @Option(
            names = "--secret",
            paramLabel = "NAME=@FILE",
            description = "Give every task the file's text as this variable, and nobody else; @- for standard"
                    + " input; may be repeated")
    private List<String> secrets = List.of();

    @Option(
            names = "--secret-file",
            paramLabel = "NAME=@FILE",
            description = "Likewise as a file of this name in $MUSTER_SECRETS")
    private List<String> secretFiles = List.of();

    @Option(names = "--lint", description = "Only check the workflow, and that the files it takes are here")
    private boolean lint;

    @Option(names = "--dry-run", description = "Only tell what the workflow comes to")
    private boolean dryRun;

    @Option(names = "--graph", paramLabel = "FORM", description = "Only print the graph, as dot, mermaid or json")
    private WorkflowGraph.@Nullable Form graph;

    @Option(names = "--no-cache", description = "Run also what an earlier run of yours has made")
    private boolean noCache;

    @Option(names = "--detach", description = "Print the id of the job and do not wait")
    private boolean detach;

    RunCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (file.equals("-") || (file.endsWith(".json") && language == null)) {
            return runSpecification();
        }
        var workflow = WorkflowFile.of(Path.of(file), request());
        var plan = workflow.plan(client());
        if (lint) {
            workflow.requireInputs(plan);
            print(file + " is right: " + tasks(plan));
            return ExitCode.OK;
        }
        if (graph != null) {
            terminal().out().print(WorkflowGraph.write(plan, graph));
            return ExitCode.OK;
        }
        if (dryRun) {
            if (json) {
                print(plan);
            } else {
                outline(plan);
            }
            return ExitCode.OK;
        }
        var given = Json.object();
        Specification.putSecrets(given, secrets, secretFiles);
        workflow.give(given.path("secrets"), plan);
        if (sharedFolder != null) {
            return watch(workflow.run(client()), JobWatch.Output.NONE, commands(plan), job -> {});
        }
        workflow.requireInputs(plan);
        workflow.upload(plan, client(), new Progress(terminal(), false));
        return watch(workflow.run(client()), JobWatch.Output.NONE, commands(plan), job -> {
            var files = workflow.download(plan, job, client().with(patience()), new Progress(terminal(), false));
            if (!json && files > 0) {
                print(files + (files == 1 ? " file is in " : " files are in ") + workflow.folder());
            }
        });
    }

    /** What each task runs, by name. */
    private static Map<String, String> commands(JsonNode plan) {
        var commands = new HashMap<String, String>();
        plan.path("tasks").forEach(task -> {
            var words = new ArrayList<String>();
            task.path("command").forEach(word -> words.add(word.asText()));
            var inShell = words.size() == 3
                    && words.get(0).equals("/bin/sh")
                    && words.get(1).matches("-e?c");
            commands.put(task.path("name").asText(), inShell ? words.get(2) : String.join(" ", words));
        });
        return commands;
    }

    private ObjectNode request() {
        var request = Json.object();
        if (language != null) {
            request.put("language", language);
        }
        if (name != null) {
            request.put("name", name);
        }
        if (maxFails != null) {
            request.put("maxFails", maxFails);
        }
        if (mayFail) {
            request.put("mayFail", true);
        }
        tags.forEach(request.putArray("tags")::add);
        if (noCache) {
            request.put("cache", false);
        }
        settings.forEach(request.putObject("settings")::put);
        var options = request.putObject("options");
        put(options, "shared-dir", sharedFolder == null ? null : sharedFolder.toString());
        put(options, "outputs-only", outputsOnly ? "true" : null);
        put(options, "executor", executor);
        put(options, "image", image);
        put(options, "wrapper", wrapper);
        put(options, "wrapper-input", lines(wrapperInputs));
        put(options, "wrapper-output", lines(wrapperOutputs));
        put(options, "mounts", mounts == null ? null : WorkflowFile.read(mounts));
        put(options, "retries", retries == null ? null : retries.toString());
        return request;
    }

    private static @Nullable String lines(List<String> files) {
        return files.isEmpty() ? null : String.join("\n", files);
    }

    private static void put(ObjectNode options, String name, @Nullable String value) {
        if (value != null) {
            options.put(name, value);
        }
    }

    private void outline(JsonNode plan) {
        print(tasks(plan));
        plan.path("categories").properties().forEach(entry -> print("  " + entry.getKey() + ": " + entry.getValue()));
        print("inputs:  " + names(plan.path("inputs"), ""));
        print("outputs: " + names(plan.path("outputs"), "/path"));
        if (!plan.path("secrets").isEmpty()) {
            print("secrets: " + names(plan.path("secrets"), "/name"));
        }
    }

    private static String tasks(JsonNode plan) {
        var size = plan.path("size").asInt();
        return size == 1 ? "1 task" : size + " tasks";
    }

    private static String names(JsonNode list, String pointer) {
        var names = new ArrayList<String>();
        list.forEach(item -> names.add(item.at(pointer).asText()));
        return names.isEmpty() ? "none" : String.join(" ", names);
    }

    private Integer runSpecification() {
        var refused = given(option -> option.getDeclaringClass() == RunCommand.class);
        refused.removeAll(OF_SPECIFICATIONS);
        if (!refused.isEmpty()) {
            throw Failure.user(file + " is a job specification, which takes no " + String.join(", ", refused)
                    + "; write into the file what it shall say of tasks");
        }
        var specification = Specification.read(file);
        var given = new SubmitCommand.JobOptions();
        given.name = name;
        given.tags = tags;
        given.maxFails = maxFails;
        given.secrets = secrets;
        given.secretFiles = secretFiles;
        Specification.putJob(specification, given);
        if (mayFail) {
            Specification.putMayFail(specification);
        }
        return watch(
                client().submit(
                                Json.compact(specification),
                                UUID.randomUUID().toString(),
                                detach ? Patience.NONE : patience()),
                SubmitCommand.output(specification),
                Map.of(),
                job -> {});
    }

    /**
     * @param commands of tasks, by name, to tell what failed
     * @param ended is told the id of the job
     */
    private Integer watch(
            JsonNode submitted, JobWatch.Output output, Map<String, String> commands, Consumer<String> ended) {
        var id = submitted.path("id").asText();
        if (detach) {
            if (json) {
                print(submitted);
            } else {
                print(id);
            }
            return ExitCode.OK;
        }
        var watch = new JobWatch(client().with(patience()), terminal());
        watch.detachOnInterrupt(id);
        var job = watch.untilEnd(submitted, json ? JobWatch.Output.NONE : output);
        if (json) {
            print(job);
        } else if (!"single".equals(job.path("kind").asText())) {
            print(JobCommands.summary(job));
        }
        var exitCode = watch.exitCode(job, commands);
        ended.accept(id);
        return exitCode;
    }
}
