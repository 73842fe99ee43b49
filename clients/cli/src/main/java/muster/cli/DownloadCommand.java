package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Downloads what a job made. */
@Command(name = "download", description = "Downloads the files that the tasks of a job made.")
final class DownloadCommand extends ClusterCommand {
    @Parameters(paramLabel = "JOB")
    private String id;

    @Option(names = "--to", paramLabel = "DIR", description = "Folder to write to; job-JOB by default")
    private @Nullable Path to;

    @Option(names = "--zip", paramLabel = "FILE", description = "Write a zip file instead")
    private @Nullable Path zip;

    DownloadCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (to != null && zip != null) {
            throw Failure.user("--to and --zip both say where to write; give one");
        }
        var client = client();
        var kind = client.get(Client.path("jobs", id)).path("kind").asText();
        var outputs = Objects.outputs(client, id);
        if (outputs.isEmpty()) {
            throw Failure.user("job " + id + " made no files; declare them with --output");
        }
        var names = kind.equals("graph") ? names(client) : Map.<String, String>of();
        if (zip != null) {
            zip(client, outputs, kind, names, zip);
        } else {
            var folder = to == null ? Path.of("job-" + id) : to;
            for (var made : outputs) {
                Objects.download(
                        client,
                        made.path("object").asText(),
                        folder.resolve(path(made, kind, names)),
                        made.path("executable").asBoolean());
            }
        }
        if (json) {
            print(outputs);
        } else {
            print(outputs.size()
                    + (outputs.size() == 1 ? " file is in " : " files are in ")
                    + (zip != null ? zip : to == null ? Path.of("job-" + id) : to));
        }
        return ExitCode.OK;
    }

    private Map<String, String> names(Client client) {
        var names = new HashMap<String, String>();
        JobCommands.pages(client, "/tasks", "&job=" + Client.escape(id), Integer.MAX_VALUE)
                .path("items")
                .forEach(task ->
                        names.put(task.path("id").asText(), task.path("name").asText()));
        return names;
    }

    /** By itself for a single task, else below the name or index of its task. */
    private static String path(JsonNode made, String kind, Map<String, String> names) {
        var task = made.path("task").asText();
        var name = made.path("name").asText();
        var path = kind.equals("single")
                ? name
                : names.getOrDefault(task, task.substring(task.indexOf('.') + 1)) + "/" + name;
        if (Path.of(path).isAbsolute() || Path.of(path).normalize().startsWith("..")) {
            throw Failure.external("the manager names an output '" + path + "', which is not below a folder");
        }
        return path;
    }

    private static void zip(Client client, JsonNode outputs, String kind, Map<String, String> names, Path file) {
        Objects.write(file, fresh -> {
            var one = file.resolveSibling("." + file.getFileName() + ".one");
            try (var out = new ZipOutputStream(Files.newOutputStream(fresh))) {
                for (var made : outputs) {
                    Objects.download(client, made.path("object").asText(), one, false);
                    out.putNextEntry(new ZipEntry(path(made, kind, names)));
                    Files.copy(one, out);
                    out.closeEntry();
                }
            } finally {
                Files.deleteIfExists(one);
            }
        });
    }
}
