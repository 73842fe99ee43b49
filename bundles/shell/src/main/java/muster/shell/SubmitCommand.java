package muster.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.IndexSet;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.Work;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Submits a command, or an array of it, and prints the id of its job. */
@Service
@Command(scope = "job", name = "submit", description = "Submits a command and prints the id of its job")
public final class SubmitCommand extends ChangingCommand {
    @Reference
    JobService jobs;

    @Option(name = "--name", description = "Name of the job")
    String name = "";

    @Option(name = "--tag", description = "Tag to find the job by", multiValued = true)
    List<String> tags = List.of();

    @Option(name = "--priority", description = "-1000 to 1000; higher goes first")
    int priority;

    @Option(name = "--max-fails", description = "Cancel the rest once more tasks than this have failed")
    @Nullable
    Integer maxFails;

    @Option(name = "--may-fail", description = "Ignore failures of tasks: the job does not fail for them")
    boolean mayFail;

    @Option(name = "--cores", description = "Cores of a task, such as 2 or 0.5")
    double cores = 1;

    @Option(name = "--memory", description = "Memory of a task, such as 8GiB")
    String memory = "0";

    @Option(name = "--disk", description = "Disk of a task, such as 10GiB")
    String disk = "0";

    @Option(name = "--gpus", description = "GPUs of a task")
    int gpus;

    @Option(
            name = "--label",
            description = "Label that the worker must have; with ! before it, must not have",
            multiValued = true)
    List<String> labels = List.of();

    @Option(name = "--time-limit", description = "How long an attempt may run, such as 90s or 1h30m")
    @Nullable
    String timeLimit;

    @Option(name = "--retries", description = "How often a failed task is tried again")
    int retries;

    @Option(name = "--env", description = "NAME=VALUE in the environment of a task", multiValued = true)
    List<String> environment = List.of();

    @Option(name = "--cwd", description = "Working directory on the worker; absolute")
    @Nullable
    String workingDirectory;

    @Option(name = "--stdin", description = "File to read as standard input")
    @Nullable
    String stdin;

    @Option(
            name = "--stdout",
            description = "File to write standard output to; %j job, %t task, %i index, %n name, %a attempt")
    @Nullable
    String stdout;

    @Option(name = "--stderr", description = "File to write standard error to, likewise")
    @Nullable
    String stderr;

    @Option(name = "--array", description = "One task for each index: 0-99, 1,3,7-9, 0-100:10; 0-99%10 runs 10 at once")
    @Nullable
    String array;

    @Option(name = "--executor", description = "Kind of executor")
    String executor = TaskSpec.DEFAULT_EXECUTOR;

    @Option(name = "--wait", description = "Wait for the job's end")
    boolean wait;

    @Option(name = "--", description = "Ends the options")
    boolean endOfOptions;

    @Argument(name = "command", description = "Command and its arguments", required = true, multiValued = true)
    @Completion(NoCompleter.class)
    List<String> command = List.of();

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        var spec = spec();
        var id = audited(screen, "submitJob", "", () -> jobs.submit(spec, screen.user(), null));
        if (!wait) {
            return id;
        }
        screen.line(id.toString());
        new Waiting(jobs).forEnd(id, screen);
        return null;
    }

    /** What the options say. */
    JobSpec spec() {
        var task = TaskSpec.builder()
                .executor(executor)
                .command(command)
                .environment(environment())
                .workingDirectory(workingDirectory)
                .stdin(stdin)
                .stdout(stdout)
                .stderr(stderr)
                .resources(new Resources(
                        cores, Quantity.parseBytes(memory), Quantity.parseBytes(disk), gpus, Map.of(), labels))
                .timeLimit(timeLimit == null ? null : Quantity.parseDuration(timeLimit))
                .retries(retries)
                .mayFail(mayFail)
                .build();
        return new JobSpec(
                name, tags, priority, List.of(), maxFails, array == null ? new Work.Single(task) : array(task, array));
    }

    private static Work array(TaskSpec task, String text) {
        var percent = text.indexOf('%');
        if (percent < 0) {
            return new Work.Array(task, IndexSet.parse(text), null, 0);
        }
        try {
            var throttle = Integer.parseInt(text.substring(percent + 1));
            return new Work.Array(task, IndexSet.parse(text.substring(0, percent)), null, throttle);
        } catch (NumberFormatException e) {
            throw MusterException.invalid("'" + text.substring(percent + 1) + "' after % in array '" + text
                    + "' is not a number; write how many tasks may run at once, such as 0-99%10");
        }
    }

    private Map<String, String> environment() {
        var variables = new LinkedHashMap<String, String>();
        for (var variable : environment) {
            var equals = variable.indexOf('=');
            if (equals < 1) {
                throw MusterException.invalid("--env '" + Names.escape(variable) + "' has no name; write NAME=VALUE");
            }
            variables.put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        return variables;
    }
}
