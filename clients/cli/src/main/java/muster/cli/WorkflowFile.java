package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import muster.cli.client.Client;
import muster.cli.client.Failure;
import muster.cli.client.Objects;
import muster.cli.terminal.Progress;
import muster.cli.terminal.Terminal;
import org.jspecify.annotations.Nullable;

/** A workflow on this machine, sent to the manager with what it asks for. */
final class WorkflowFile {
    /** A workflow that still asks for more after so many answers does not get on. */
    private static final int MAX_ROUNDS = 100;

    private final Path folder;
    private final ObjectNode request;
    private final Map<String, String> environment;

    private WorkflowFile(Path folder, ObjectNode request, Map<String, String> environment) {
        this.folder = folder;
        this.request = request;
        this.environment = environment;
    }

    /** @param request with all but the script itself */
    static WorkflowFile of(Path file, ObjectNode request) {
        var folder = file.toAbsolutePath().normalize().getParent();
        request.put("file", file.getFileName().toString());
        request.put("text", read(file));
        request.putObject("files");
        request.putObject("variables");
        request.putArray("undefined");
        request.putObject("contents");
        return new WorkflowFile(folder == null ? Path.of("/") : folder, request, System.getenv());
    }

    /** Where the workflow lies. */
    Path folder() {
        return folder;
    }

    /** The text of a file of a workflow. */
    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw Failure.user("there is no file " + file + "; correct the path");
        } catch (MalformedInputException e) {
            throw Failure.user(file + " is no text in UTF-8; a workflow is text");
        } catch (IOException e) {
            throw Failure.user(file + " cannot be read: " + e.getMessage());
        }
    }

    /** What the workflow comes to; afterwards the request has all that it asks for. */
    JsonNode plan(Client client) {
        for (var round = 0; round < MAX_ROUNDS; round++) {
            var answer = dryRun(client);
            if (answer.hasNonNull("plan")) {
                return answer.path("plan");
            }
            answer.at("/missing/files").forEach(path -> addFile(path.asText()));
            answer.at("/missing/variables").forEach(name -> addVariable(name.asText()));
            answer.at("/missing/contents").forEach(path -> addContents(path.asText(), client));
        }
        throw Failure.user(
                request.path("file").asText() + " asks for ever more files or variables; does it nest itself?");
    }

    private JsonNode dryRun(Client client) {
        try {
            return client.post("/workflows?dryRun=true", request);
        } catch (Failure failure) {
            var file = request.path("file").asText();
            var scripts = new HashMap<String, String>();
            request.path("files")
                    .properties()
                    .forEach(script ->
                            scripts.put(script.getKey(), script.getValue().asText()));
            scripts.put(file, request.path("text").asText());
            throw ScriptFaults.shown(failure, file, scripts);
        }
    }

    private void addFile(String path) {
        var file = folder.resolve(path).normalize();
        if (!file.startsWith(folder)) {
            throw Failure.user("the workflow names the script " + path + ", which is outside of its folder " + folder
                    + "; move it there");
        }
        request.withObject("/files").put(path, read(file));
    }

    private void addVariable(String name) {
        var value = environment.get(name);
        if (value == null) {
            request.withArray("/undefined").add(name);
        } else {
            request.withObject("/variables").put(name, value);
        }
    }

    /** Fails if a file that the workflow needs, and does not make, is not here. */
    void requireInputs(JsonNode plan) {
        var missing = new ArrayList<String>();
        plan.path("inputs").forEach(input -> {
            if (!Files.exists(folder.resolve(input.asText()))) {
                missing.add(input.asText());
            }
        });
        if (!missing.isEmpty()) {
            throw Failure.user("no rule makes " + String.join(", ", missing.subList(0, Math.min(5, missing.size())))
                    + (missing.size() > 5 ? " and " + (missing.size() - 5) + " more" : "")
                    + ", and there is no such file in "
                    + folder + "; make it, or correct the rule that names it");
        }
    }

    /** Gives secrets to what runs, of which those must be there that the workflow relies on. */
    void give(JsonNode secrets, JsonNode plan) {
        var places = new HashMap<String, String>();
        secrets.forEach(secret ->
                places.put(secret.path("name").asText(), secret.path("as").asText("environment")));
        for (var needed : plan.path("secrets")) {
            var name = needed.path("name").asText();
            var as = needed.path("as").asText();
            if (!as.equals(places.get(name))) {
                throw Failure.user("the workflow relies on secret '" + name + "'; give it by "
                        + (as.equals("file") ? "--secret-file " : "--secret ") + name + "=@FILE");
            }
        }
        if (!secrets.isEmpty()) {
            request.set("secrets", secrets);
        }
    }

    /** Uploads what the workflow's tasks take and the manager has not. */
    void upload(JsonNode plan, Client client, Progress progress) {
        var done = 0;
        for (var input : plan.path("inputs")) {
            progress.note("uploading " + Terminal.safe(input.asText()) + " (" + ++done + " of "
                    + plan.path("inputs").size() + ")");
            if (!request.path("contents").has(input.asText())) {
                addContents(input.asText(), client);
            }
        }
        progress.clear();
    }

    private void addContents(String path, Client client) {
        if (request.path("contents").has(path)) {
            throw Failure.user("the workflow looks into " + path + ", which has no files; put some there");
        }
        var contents = request.withObject("/contents").putArray(path);
        TaskInputs.files(folder.resolve(path)).forEach((name, file) -> contents.addObject()
                .put("name", name)
                .put("object", Objects.upload(client, file))
                .put("executable", Files.isExecutable(file)));
    }

    /** Submits what {@link #plan} completed; the job. */
    JsonNode run(Client client) {
        return client.post("/workflows", request, UUID.randomUUID().toString());
    }

    /** Brings back what a job has made of what the plan promises; how many files. */
    int download(JsonNode plan, String job, Client client, Progress progress) {
        var promised = new HashMap<String, List<JsonNode>>();
        plan.path("outputs")
                .forEach(output -> promised.computeIfAbsent(output.path("task").asText(), task -> new ArrayList<>())
                        .add(output));
        var files = 0;
        for (var made : Objects.outputs(client, job)) {
            var id = made.path("task").asText();
            var task = plan.path("tasks")
                    .path(Integer.parseInt(id.substring(id.indexOf('.') + 1)))
                    .path("name")
                    .asText();
            for (var output : promised.getOrDefault(task, List.of())) {
                var below =
                        below(made.path("name").asText(), output.path("output").asText());
                if (below != null) {
                    progress.note(
                            "bringing back " + Terminal.safe(output.path("path").asText() + below));
                    Objects.download(
                            client,
                            made.path("object").asText(),
                            within(output.path("path").asText() + below),
                            made.path("executable").asBoolean());
                    files++;
                }
            }
        }
        progress.clear();
        return files;
    }

    /** What a file that was made is called below an output: nothing for the output itself; null if it is another's. */
    private static @Nullable String below(String made, String output) {
        return made.equals(output) ? "" : made.startsWith(output + "/") ? made.substring(output.length()) : null;
    }

    private Path within(String path) {
        var file = folder.resolve(path).normalize();
        if (!file.startsWith(folder) || file.equals(folder)) {
            throw Failure.external("the manager names an output '" + path + "', which is not below " + folder);
        }
        return file;
    }
}
