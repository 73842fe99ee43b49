package muster.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import org.jspecify.annotations.Nullable;

/** Turns the options of {@code submit} into a job specification. What is not given is left out; the manager checks. */
final class Specification {
    private static final Pattern AFTER = Pattern.compile("([0-9]+)(?::(success|end))?");
    private static final Pattern LOOKS_LIKE_JSON =
            Pattern.compile("true|false|-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?|[\\[{\"].*", Pattern.DOTALL);

    private final Map<String, String> environment;
    private final TaskInputs inputs;

    /**
     * @param environment of the client, for variables that are passed on
     * @param upload brings a file to the manager and gives the name of its content
     * @param sharedFolders what all workers see at the same path
     */
    Specification(Map<String, String> environment, Function<Path, String> upload, Supplier<List<Path>> sharedFolders) {
        this.environment = environment;
        inputs = new TaskInputs(upload, sharedFolders);
    }

    ObjectNode of(
            SubmitCommand.JobOptions job,
            SubmitCommand.TaskOptions task,
            SubmitCommand.ArrayOptions array,
            List<String> command) {
        var specification = Json.object();
        putJob(specification, job);
        var template = task(task, command);
        var given = (array.indices == null ? 0 : 1) + (array.eachLine == null ? 0 : 1) + (array.items == null ? 0 : 1);
        if (given > 1) {
            throw Failure.user("--array, --each-line and --items each say what the tasks are; give one");
        }
        if (given == 0) {
            if (array.throttle != null) {
                throw Failure.user("--throttle bounds an array; add --array, --each-line or --items");
            }
            specification.set("task", template);
            return specification;
        }
        var into = specification.putObject("array");
        into.set("task", template);
        if (array.indices != null) {
            into.put("indices", array.indices);
        }
        if (array.eachLine != null) {
            var items = into.putArray("items");
            text(array.eachLine).lines().forEach(items::add);
            requireItems(items, array.eachLine);
        }
        if (array.items != null) {
            into.set("items", items(array.items));
        }
        if (array.throttle != null) {
            into.put("throttle", array.throttle);
        }
        return specification;
    }

    /** Sets what is given of a job as a whole. */
    static void putJob(ObjectNode specification, SubmitCommand.JobOptions job) {
        if (job.name != null) {
            specification.put("name", job.name);
        }
        put(specification, "tags", job.tags);
        if (job.priority != null) {
            specification.put("priority", job.priority);
        }
        if (!job.after.isEmpty()) {
            var after = specification.putArray("after");
            job.after.forEach(text -> putAfter(after, text));
        }
        if (job.maxFails != null) {
            specification.put("maxFails", job.maxFails);
        }
        putSecrets(specification, job.secrets, job.secretFiles);
    }

    /** Takes the values of secrets away, before it is printed. */
    static void hideSecrets(ObjectNode specification) {
        specification.path("secrets").forEach(secret -> {
            if (secret instanceof ObjectNode given) {
                given.remove(List.of("value", "base64"));
            }
        });
    }

    /** Says of every task that it may fail. */
    static void putMayFail(ObjectNode specification) {
        var tasks = new ArrayList<JsonNode>();
        tasks.add(specification.path("task"));
        tasks.add(specification.at("/array/task"));
        specification.at("/graph/tasks").forEach(tasks::add);
        for (var task : tasks) {
            if (task instanceof ObjectNode found) {
                found.put("mayFail", true);
            }
        }
    }

    /** Adds secrets to those that are there, with their values. */
    static void putSecrets(ObjectNode specification, List<String> texts, List<String> files) {
        if (!texts.isEmpty() || !files.isEmpty()) {
            var secrets = specification.withArray("secrets");
            texts.forEach(secret -> putSecret(secrets, "--secret", secret));
            files.forEach(secret -> putSecret(secrets, "--secret-file", secret).put("as", "file"));
        }
    }

    private static ObjectNode putSecret(ArrayNode secrets, String option, String text) {
        var at = text.indexOf("=@");
        if (at <= 0 || text.indexOf('=') != at || at + 2 == text.length()) {
            // what it says may be the secret itself
            throw Failure.user(option + " takes a value from a file, so that it is in no list of processes and no"
                    + " shell's history; write such as " + option + " DB_PASSWORD=@password.txt");
        }
        var secret = secrets.addObject().put("name", text.substring(0, at));
        var bytes = bytes(text.substring(at + 2));
        var lines = option.equals("--secret");
        secret.put("base64", Base64.getEncoder().encodeToString(lines ? withoutLineEnd(bytes) : bytes));
        return secret;
    }

    /** As a shell takes a file into a variable: the end of the last line does not count. */
    private static byte[] withoutLineEnd(byte[] bytes) {
        var end = bytes.length;
        if (end > 0 && bytes[end - 1] == '\n') {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }

    private static void putAfter(ArrayNode after, String text) {
        var match = AFTER.matcher(text);
        if (!match.matches()) {
            throw Failure.user(
                    "--after '" + text + "' is not a job; write such as 17, or 17:end to start even if it fails");
        }
        var dependency = after.addObject().put("job", match.group(1));
        if (match.group(2) != null) {
            dependency.put("on", match.group(2));
        }
    }

    private ObjectNode task(SubmitCommand.TaskOptions options, List<String> command) {
        var task = Json.object();
        if (options.executor != null) {
            task.put("executor", options.executor);
        }
        put(task, "command", command);
        if (!options.parameters.isEmpty()) {
            var parameters = task.putObject("parameters");
            options.parameters.forEach((key, value) -> parameters.set(key, value(value)));
        }
        if (options.warm) {
            task.putObject("session");
        }
        if (!options.environment.isEmpty()) {
            var variables = task.putObject("environment");
            options.environment.forEach(variable -> putVariable(variables, variable));
        }
        if (options.workingDirectory != null) {
            task.put(
                    "workingDirectory",
                    Path.of(options.workingDirectory)
                            .toAbsolutePath()
                            .normalize()
                            .toString());
        }
        putText(task, "stdin", options.stdin);
        putText(task, "stdout", options.stdout);
        putText(task, "stderr", options.stderr);
        var resources = resources(options);
        if (!resources.isEmpty()) {
            task.set("resources", resources);
        }
        putText(task, "timeLimit", options.timeLimit);
        if (!options.inputs.isEmpty()) {
            var into = task.putArray("inputs");
            options.inputs.forEach(input -> inputs.put(into, input));
        }
        if (!options.outputs.isEmpty()) {
            var into = task.putArray("outputs");
            options.outputs.forEach(output -> putOutput(into, output, options.keep));
        }
        if (options.retries != null) {
            task.put("retries", options.retries);
        }
        if (options.mayFail) {
            task.put("mayFail", true);
        }
        return task;
    }

    private static ObjectNode resources(SubmitCommand.TaskOptions options) {
        var resources = Json.object();
        if (options.cores != null) {
            resources.put("cores", options.cores);
        }
        putText(resources, "memory", options.memory);
        putText(resources, "disk", options.disk);
        if (options.gpus != null) {
            resources.put("gpus", options.gpus);
        }
        if (!options.custom.isEmpty()) {
            var custom = resources.putObject("custom");
            options.custom.forEach(custom::put);
        }
        put(resources, "labels", options.labels);
        return resources;
    }

    private static void putOutput(ArrayNode outputs, String text, @Nullable Boolean keep) {
        var optional = text.endsWith("?");
        var path = optional ? text.substring(0, text.length() - 1) : text;
        if (!optional && keep == null) {
            outputs.add(path);
            return;
        }
        var output = outputs.addObject().put("path", path);
        if (optional) {
            output.put("optional", true);
        }
        if (keep != null) {
            output.put("keep", keep.booleanValue());
        }
    }

    private void putVariable(ObjectNode variables, String text) {
        var equals = text.indexOf('=');
        if (equals > 0) {
            variables.put(text.substring(0, equals), text.substring(equals + 1));
            return;
        }
        var here = environment.get(text);
        if (here == null) {
            throw Failure.user(
                    "--env " + text + " has no value, and there is no such variable here; write " + text + "=VALUE");
        }
        variables.put(text, here);
    }

    /** A parameter's value: JSON where it is JSON, else text. */
    private static JsonNode value(String text) {
        if (LOOKS_LIKE_JSON.matcher(text).matches()) {
            try {
                return Json.read(text);
            } catch (JsonProcessingException e) {
                // text that begins like JSON
                return Json.object().textNode(text);
            }
        }
        return Json.object().textNode(text);
    }

    private static JsonNode items(String file) {
        var items = json(file);
        if (!items.isArray()) {
            throw Failure.user(file + " is not a JSON array; write such as [\"a\", \"b\"]");
        }
        requireItems(items, file);
        return items;
    }

    private static void requireItems(JsonNode items, String file) {
        if (items.isEmpty()) {
            throw Failure.user(file + " has no items; an array needs at least one");
        }
    }

    /** Reads a job specification; the manager checks what is in it. */
    static ObjectNode read(String file) {
        if (json(file) instanceof ObjectNode specification) {
            return specification;
        }
        throw Failure.user(file + " is not a JSON object; a job specification looks like {\"task\": {\"command\":"
                + " [\"echo\", \"hello\"]}}");
    }

    private static JsonNode json(String file) {
        try {
            return Json.read(text(file));
        } catch (JsonProcessingException e) {
            var location = e.getLocation();
            throw Failure.user(
                    (file.equals("-") ? "standard input" : file) + " is not JSON: line " + location.getLineNr()
                            + ", column " + location.getColumnNr() + ": " + e.getOriginalMessage(),
                    e);
        }
    }

    private static String text(String file) {
        return new String(bytes(file), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String file) {
        try {
            return file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
        } catch (NoSuchFileException e) {
            throw Failure.user("there is no file " + file + "; correct its name", e);
        } catch (IOException e) {
            throw Failure.user("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void put(ObjectNode into, String key, List<String> values) {
        if (!values.isEmpty()) {
            var array = into.putArray(key);
            values.forEach(array::add);
        }
    }

    private static void putText(ObjectNode into, String key, @Nullable String value) {
        if (value != null) {
            into.put(key, value);
        }
    }
}
