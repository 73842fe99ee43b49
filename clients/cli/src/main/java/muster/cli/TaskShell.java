package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import muster.cli.terminal.Terminal;

/** A script that runs one task alone on this machine, with its inputs, variables and command. */
final class TaskShell {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private static final String FOLDER_OF_SECRETS = "MUSTER_SECRETS";

    private final JsonNode task;
    private final JsonNode spec;
    private final Set<String> secrets;
    private final List<String> lines = new ArrayList<>();

    /**
     * @param task as the manager tells it
     * @param spec of that task
     * @param secrets variables that its job's secrets are found in
     */
    private TaskShell(JsonNode task, JsonNode spec, Set<String> secrets) {
        this.task = task;
        this.spec = spec;
        this.secrets = secrets;
    }

    /** @param job what was submitted */
    static List<String> script(JsonNode task, JsonNode job) {
        var index = id(task).substring(id(task).indexOf('.') + 1);
        var spec = job.has("graph")
                ? job.at("/graph/tasks/" + index)
                : job.has("array") ? job.at("/array/task") : job.path("task");
        return new TaskShell(task, spec, secrets(job)).write(index);
    }

    private static String id(JsonNode task) {
        return task.path("id").asText();
    }

    private List<String> write(String index) {
        var id = id(task);
        var folder = "task-" + id;
        lines.add("#!/bin/sh");
        lines.add("# Runs task " + id + named() + " alone, here, without the limits that a worker sets.");
        if (TaskCommands.failed(task)) {
            lines.add("# " + TaskCommands.failure(task));
        }
        lines.add("set -e");
        secrets.forEach(variable -> lines.add(": \"${" + variable + ":?set and export it: "
                + (variable.equals(FOLDER_OF_SECRETS) ? "a folder with secrets of the job" : "a secret of the job")
                + "}\""));
        lines.add("mkdir -p " + folder + " && cd " + folder);
        spec.path("inputs").forEach(input -> input(input, index));
        var variables = new ArrayList<String>();
        variables.add("MUSTER_JOB=" + id.substring(0, id.indexOf('.')));
        variables.add("MUSTER_TASK=" + id);
        variables.add("MUSTER_INDEX=" + index);
        variables.add("MUSTER_CORES=" + spec.at("/resources/cores").asText("1"));
        if (task.path("item").isTextual()) {
            variables.add("MUSTER_ITEM=" + task.path("item").asText());
        }
        spec.path("environment")
                .properties()
                .forEach(entry -> variables.add(
                        entry.getKey() + "=" + filled(entry.getValue().asText())));
        var words = new ArrayList<String>();
        spec.path("command").forEach(word -> words.add(quoted(filled(word.asText()))));
        command(variables, String.join(" ", words));
        return lines;
    }

    private String named() {
        var name = task.path("name").asText();
        return name.isEmpty() ? "" : " '" + Terminal.safe(name) + "'";
    }

    /** The variables in which a task finds its job's secrets. Whoever runs the script sets them: only names are told. */
    private static Set<String> secrets(JsonNode job) {
        var variables = new TreeSet<String>();
        job.path("secrets")
                .forEach(secret -> variables.add(
                        secret.path("as").asText().equals("file")
                                ? FOLDER_OF_SECRETS
                                : secret.path("name").asText()));
        return variables;
    }

    private void input(JsonNode input, String index) {
        var name = path(input.path("name").asText(), index);
        var from = path(input.path("from").asText(), index);
        if (name.indexOf('/') > 0) {
            var folder = "mkdir -p " + quoted(name.substring(0, name.lastIndexOf('/')));
            if (!lines.contains(folder)) {
                lines.add(folder);
            }
        }
        if (from.startsWith("task:")) {
            var slash = from.indexOf('/');
            var of = from.substring("task:".length(), slash);
            var maker = Character.isDigit(of.charAt(0)) ? of : id(task).substring(0, id(task).indexOf('.')) + "." + of;
            lines.add("muster cp " + quoted("muster:" + maker + from.substring(slash)) + " " + quoted(name));
        } else if (from.startsWith("sha256:")) {
            lines.add("muster cp muster:" + from + " " + quoted(name));
        } else if (from.startsWith("file:")) {
            lines.add("ln -sfn " + quoted(from.substring("file:".length())) + " " + quoted(name));
        } else {
            lines.add("curl -fsSL -o " + quoted(name) + " " + quoted(from));
        }
        if (input.path("executable").asBoolean()) {
            lines.add("chmod +x " + quoted(name));
        }
    }

    /** In a container where its executor has images, else as it is. */
    private void command(List<String> variables, String words) {
        var image = spec.at("/parameters/image").asText("");
        if (!image.isEmpty() && spec.path("executor").asText().equals("singularity")) {
            apptainer(variables, image, words);
            return;
        }
        if (!image.isEmpty()) {
            var options = new StringBuilder("docker run --rm -v \"$PWD:$PWD\" -w \"$PWD\"");
            new TreeSet<>(variables).forEach(variable -> options.append(" -e ").append(quoted(variable)));
            secrets.forEach(variable -> options.append(" -e ").append(variable));
            if (secrets.contains(FOLDER_OF_SECRETS)) {
                options.append(" -v \"$")
                        .append(FOLDER_OF_SECRETS)
                        .append(":$")
                        .append(FOLDER_OF_SECRETS)
                        .append("\"");
            }
            lines.add(options + " " + quoted(image) + " " + words);
            return;
        }
        variables.forEach(variable -> lines.add("export " + quoted(variable)));
        if (spec.path("workingDirectory").isTextual()) {
            lines.add("cd " + quoted(filled(spec.path("workingDirectory").asText())));
        }
        lines.add(words
                + (spec.path("stdin").isTextual()
                        ? " < " + quoted(spec.path("stdin").asText())
                        : ""));
    }

    private void apptainer(List<String> variables, String image, String words) {
        var prefix = "APPTAINERENV_";
        variables.forEach(variable -> lines.add("export " + quoted(prefix + variable)));
        secrets.forEach(name -> lines.add("export " + prefix + name + "=\"$" + name + "\""));
        var bind = secrets.contains(FOLDER_OF_SECRETS) ? " --bind \"$" + FOLDER_OF_SECRETS + "\"" : "";
        var source = image;
        if (image.matches(".*\\.(tar|tar\\.gz|tgz)")) {
            source = "docker-archive:" + image;
        } else if (!image.matches("(/|\\.|[a-z-]+:/|docker-archive:).*|.*\\.(sif|simg|img|sqsh|squashfs)")) {
            source = "docker://" + image;
        }
        lines.add("apptainer exec --containall --no-eval --home \"$PWD\" --pwd \"$PWD\"" + bind + " " + quoted(source)
                + " " + words);
    }

    private String filled(String text) {
        return task.path("item").isTextual()
                ? text.replace("{item}", task.path("item").asText())
                : text;
    }

    /** The placeholders of paths that a task has. */
    private String path(String text, String index) {
        return filled(text.replace("%%", "\0")
                .replace("%i", index)
                .replace("%t", id(task))
                .replace("\0", "%"));
    }

    private static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
