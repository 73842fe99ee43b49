package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Copies a file to the manager or back. */
@Command(
        name = "cp",
        description = "Copies a file to the manager or back.",
        footer = {
            "",
            "  muster cp data.csv muster:           prints its name, muster:sha256:…, which --input takes",
            "  muster cp muster:sha256:… data.csv   brings it back",
            "  muster cp muster:17.3/out.txt .      brings what task 17.3 made"
        })
final class CopyCommand extends ClusterCommand {
    /** Begins the name of what is at the manager. */
    static final String REMOTE = "muster:";

    @Parameters(index = "0", paramLabel = "FROM", description = "A file, or muster:NAME")
    private String from;

    @Parameters(index = "1", paramLabel = "TO", description = "muster:, or a file or folder")
    private String to;

    CopyCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (from.startsWith(REMOTE) == to.startsWith(REMOTE)) {
            throw Failure.user("one of '" + from + "' and '" + to + "' must be at the manager: write such as"
                    + " muster cp FILE muster: or muster cp muster:17.3/out.txt FILE");
        }
        if (to.startsWith(REMOTE)) {
            upload();
        } else {
            download();
        }
        return ExitCode.OK;
    }

    private void upload() {
        if (!to.equals(REMOTE)) {
            throw Failure.user("'" + to + "' cannot be chosen: a file is named by its content; write muster: alone");
        }
        var file = Path.of(from);
        if (!Files.isRegularFile(file)) {
            throw Failure.user("there is no file " + from + "; correct its name");
        }
        var object = Objects.upload(client(), file);
        if (json) {
            print(Json.object().put("object", object));
        } else {
            print(REMOTE + object);
        }
    }

    private void download() {
        var client = client();
        var name = from.substring(REMOTE.length());
        var slash = name.indexOf('/');
        if (slash < 0) {
            Objects.download(client, name, target(name.replace(':', '-')), false);
            return;
        }
        var made = output(client, name.substring(0, slash), name.substring(slash + 1));
        var file = Path.of(made.path("name").asText()).getFileName().toString();
        Objects.download(
                client,
                made.path("object").asText(),
                target(file),
                made.path("executable").asBoolean());
    }

    private Path target(String name) {
        var path = Path.of(to);
        return Files.isDirectory(path) ? path.resolve(name) : path;
    }

    private static JsonNode output(Client client, String task, String name) {
        var id = client.get(Client.path("tasks", task)).path("id").asText();
        for (var made : Objects.outputs(client, id.substring(0, id.indexOf('.')))) {
            if (made.path("task").asText().equals(id)
                    && made.path("name").asText().equals(name)) {
                return made;
            }
        }
        throw Failure.user("task " + task + " made no output '" + name + "'; 'muster job outputs' lists them");
    }
}
