package muster.shell;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.ObjectService;
import muster.api.language.Content;
import muster.api.language.MissingSources;
import muster.api.language.WorkflowRequest;
import muster.api.language.WorkflowService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Runs a workflow that lies on the manager's machine, and prints the id of its job. */
@Service
@Command(
        scope = "workflow",
        name = "run",
        description = "Runs a workflow on the manager's machine and prints the id of its job")
public final class WorkflowRunCommand extends ChangingCommand {
    @Reference
    WorkflowService workflows;

    @Reference
    JobService jobs;

    @Reference
    ObjectService objects;

    @Option(name = "--language", description = "The language, where the file's name does not tell it")
    String language = "";

    @Option(name = "--set", description = "NAME=VALUE for a name of the script", multiValued = true)
    List<String> settings = List.of();

    @Option(name = "--shared-dir", description = "The workflow's folder as all workers see it; no files are moved")
    @Nullable
    String sharedFolder;

    @Option(name = "--outputs-only", description = "Bring back only what the workflow calls outputs, not all it makes")
    boolean outputsOnly;

    @Option(name = "--executor", description = "Executor of all tasks, such as docker")
    @Nullable
    String executor;

    @Option(name = "--image", description = "Image of all tasks, for an executor of containers")
    @Nullable
    String image;

    @Option(name = "--wrapper", description = "A command around every task's")
    @Nullable
    String wrapper;

    @Option(name = "--retries", description = "How often a failed task is tried again")
    @Nullable
    String retries;

    @Option(name = "--max-fails", description = "Cancel the rest once more tasks than this have failed")
    @Nullable
    Integer maxFails;

    @Option(name = "--may-fail", description = "Ignore failures of tasks: the job does not fail for them")
    boolean mayFail;

    @Option(name = "--name", description = "Name of the job; by default the file's")
    String name = "";

    @Option(name = "--tag", description = "Tag to find the job by", multiValued = true)
    List<String> tags = List.of();

    @Option(name = "--no-cache", description = "Run also what an earlier run has made")
    boolean noCache;

    @Option(name = "--wait", description = "Wait for the job's end, and bring its files back to the workflow's folder")
    boolean wait;

    @Argument(name = "file", description = "Path of the workflow", required = true)
    String file = "";

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        var path = Path.of(file).toAbsolutePath().normalize();
        var folder = path.getParent();
        if (folder == null) {
            throw MusterException.invalid("'" + Names.escape(file) + "' is no file; give the path of a workflow");
        }
        var files = new TreeMap<String, String>();
        var contents = new TreeMap<String, List<Content>>();
        var text = read(path);
        while (true) {
            var request = request(path, text, files, contents);
            try {
                var id = audited(screen, "runWorkflow", "", () -> workflows.run(request, screen.user(), null));
                if (!wait) {
                    return id;
                }
                screen.line(id.toString());
                new Waiting(jobs).forEnd(id, screen);
                if (sharedFolder == null) {
                    new WorkflowFolder(folder, objects).bringBack(workflows.compile(request, screen.user()), id);
                }
                return null;
            } catch (MissingSources e) {
                if (!e.variables().isEmpty()) {
                    throw MusterException.invalid("the workflow uses the variables " + String.join(", ", e.variables())
                            + ", which the console does not have; give them by --set");
                }
                for (var name : e.files()) {
                    files.put(name, read(folder.resolve(name)));
                }
                for (var name : e.contents()) {
                    if (contents.containsKey(name)) {
                        throw MusterException.invalid("the workflow looks into '" + Names.escape(name)
                                + "', which has no files; put some there");
                    }
                    contents.put(name, new WorkflowFolder(folder, objects).upload(name));
                }
            }
        }
    }

    private WorkflowRequest request(
            Path path, String text, Map<String, String> files, Map<String, List<Content>> contents) {
        return new WorkflowRequest(
                language,
                path.getFileName().toString(),
                text,
                settings(),
                options(),
                files,
                Map.of(),
                UNDEFINED,
                contents,
                name,
                tags,
                0,
                !noCache,
                maxFails,
                mayFail,
                List.of());
    }

    private Map<String, String> options() {
        var options = new TreeMap<String, String>();
        put(options, "shared-dir", sharedFolder);
        put(options, "outputs-only", outputsOnly ? "true" : null);
        put(options, "executor", executor);
        put(options, "image", image);
        put(options, "wrapper", wrapper);
        put(options, "retries", retries);
        return options;
    }

    private static void put(Map<String, String> options, String name, @Nullable String value) {
        if (value != null) {
            options.put(name, value);
        }
    }

    /** What a workflow takes of its user's environment by itself; there is none here. */
    private static final Set<String> UNDEFINED = Set.of("CORES", "MEMORY", "DISK", "GPUS", "WALL_TIME");

    private Map<String, String> settings() {
        var values = new TreeMap<String, String>();
        for (var setting : settings) {
            var equals = setting.indexOf('=');
            if (equals < 1) {
                throw MusterException.invalid("--set '" + Names.escape(setting) + "' has no name; write NAME=VALUE");
            }
            values.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return values;
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw MusterException.invalid("the workflow " + Names.escape(path.toString())
                    + " cannot be read on the manager's machine: " + e.getMessage());
        }
    }
}
