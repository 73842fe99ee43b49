package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.terminal.Table;
import muster.cli.terminal.Terminal;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about tasks. */
@Command(
        name = "task",
        description = "Lists, shows and explains tasks.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TaskCommands.ListTasks.class,
            TaskCommands.Show.class,
            TaskCommands.Logs.class,
            TaskCommands.Explain.class,
            TaskCommands.Shell.class
        })
final class TaskCommands extends CommandGroup {
    private static final String TASK = "TASK";
    private static final String TASK_DESCRIPTION = "Job and index or name, such as 17.3 or 17.sort";

    /** The last attempt of a task; missing if there is none. */
    static JsonNode lastAttempt(JsonNode task) {
        var attempts = task.path("attempts");
        return attempts.isEmpty() ? MissingNode.getInstance() : attempts.path(attempts.size() - 1);
    }

    /** Whether it ran and failed, be that ignored or not. */
    static boolean failed(JsonNode task) {
        var state = task.path("state").asText();
        return state.equals("failed")
                || (state.equals("ignored") && !task.path("attempts").isEmpty());
    }

    /** Which task failed where and why, in one line. */
    static String failure(JsonNode task) {
        var attempt = lastAttempt(task);
        var name = task.path("name").asText();
        var worker = attempt.path("worker").asText("");
        return "task " + task.path("id").asText() + (name.isEmpty() ? "" : " '" + Terminal.safe(name) + "'")
                + (worker.isEmpty() ? "" : " on " + Terminal.safe(worker)) + ": " + why(task);
    }

    /** Why a task failed: its message, or else what its last attempt ended with. */
    private static String why(JsonNode task) {
        var attempt = lastAttempt(task);
        var message = attempt.path("message").asText(task.path("message").asText(""));
        if (message.isEmpty()) {
            message = task.path("message").asText("");
        }
        return Terminal.safe(message.isEmpty() ? ending(attempt) : message);
    }

    private static String ending(JsonNode attempt) {
        if (attempt.path("exitCode").isInt()) {
            return "exit code " + attempt.path("exitCode").asInt();
        }
        if (attempt.path("signal").isInt()) {
            return "signal " + attempt.path("signal").asInt();
        }
        return attempt.path("cause").asText("").replace('_', ' ');
    }

    static List<String> streams(@Nullable String stream) {
        if (stream == null) {
            return List.of("stdout", "stderr");
        }
        if (!stream.equals("stdout") && !stream.equals("stderr")) {
            throw Failure.user("--stream '" + stream + "' is neither stdout nor stderr; give one of them");
        }
        return List.of(stream);
    }

    private static Duration seconds(JsonNode seconds) {
        return Duration.ofNanos(seconds.decimalValue()
                .movePointRight(9)
                .setScale(0, RoundingMode.DOWN)
                .longValue());
    }

    @Command(name = "list", description = "Lists the tasks of a job.")
    static final class ListTasks extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String job;

        @Option(
                names = "--state",
                paramLabel = "STATE",
                split = ",",
                description = "waiting, ready, assigned, running, succeeded, failed, canceled; several with commas")
        private List<String> states = new ArrayList<>();

        @Option(names = "--limit", paramLabel = "N", description = "At most N; 1000 by default")
        private int limit = 1000;

        ListTasks(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var query = JobCommands.parameter("job", job)
                    + JobCommands.parameter("state", states.isEmpty() ? null : String.join(",", states));
            var page = JobCommands.pages(client(), "/tasks", query, JobCommands.requirePositive(limit));
            if (json) {
                print(page);
                return ExitCode.OK;
            }
            var table = new Table("ID", "NAME", "STATE", "ATTEMPT", "WORKER", "TIME", "MEMORY", "MESSAGE").states(2);
            for (var task : page.path("items")) {
                var attempt = lastAttempt(task);
                var usage = attempt.path("usage");
                var item = task.path("item").asText("");
                var name = task.path("name").asText();
                table.row(
                        task.path("id").asText(),
                        name.isEmpty() && !item.equals("null") ? item : name,
                        task.path("state").asText(),
                        attempt.path("number").asText("-"),
                        attempt.path("worker").asText("-"),
                        attempt.path("finishedAt").isTextual()
                                ? Times.duration(seconds(usage.path("wallSeconds")))
                                : "-",
                        usage.path("peakMemoryBytes").asLong() > 0
                                ? Times.bytes(usage.path("peakMemoryBytes").asLong())
                                : "-",
                        failed(task) ? why(task) : task.path("message").asText());
            }
            table.print(terminal());
            if (page.path("next").isTextual()) {
                terminal().tell("there are more tasks; --limit shows them");
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "show", description = "Shows a task and its attempts.")
    static final class Show extends ClusterCommand {
        @Parameters(paramLabel = TASK, description = TASK_DESCRIPTION)
        private String id;

        Show(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var task = client().get(Client.path("tasks", id));
            if (json) {
                print(task);
                return ExitCode.OK;
            }
            new Details(terminal())
                    .line("task", task.path("id"))
                    .line("name", task.path("name"))
                    .state("state", task.path("state"))
                    .line("message", task.path("message"))
                    .line("executor", task.path("executor"))
                    .line("item", task.path("item"));
            for (var attempt : task.path("attempts")) {
                var usage = attempt.path("usage");
                print("");
                var details = new Details(terminal())
                        .line("attempt", attempt.path("number"))
                        .line("worker", attempt.path("worker"))
                        .line("cause", attempt.path("cause"))
                        .line("exit code", attempt.path("exitCode"))
                        .line("signal", attempt.path("signal"))
                        .line("message", attempt.path("message"))
                        .time("assigned", attempt.path("assignedAt"))
                        .time("started", attempt.path("startedAt"))
                        .time("finished", attempt.path("finishedAt"));
                if (attempt.path("finishedAt").isTextual()) {
                    details.line("time", Times.duration(seconds(usage.path("wallSeconds"))))
                            .line("cpu", Times.duration(seconds(usage.path("cpuSeconds"))))
                            .line(
                                    "memory",
                                    Times.bytes(usage.path("peakMemoryBytes").asLong()));
                }
                attempt.path("stderrTail").asText("").lines().forEach(line -> details.line("stderr", line));
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "logs", description = "Prints what a task wrote: stdout to stdout, stderr to stderr.")
    static final class Logs extends ClusterCommand {
        @Parameters(paramLabel = TASK, description = TASK_DESCRIPTION)
        private String id;

        @Option(names = "--stream", paramLabel = "NAME", description = "stdout or stderr; both by default")
        private @Nullable String stream;

        @Option(
                names = {"-f", "--follow"},
                description = "Go on until the task has ended")
        private boolean follow;

        Logs(Context context) {
            super(context);
        }

        @Override
        public Integer call() throws IOException {
            if (json) {
                throw Failure.user("logs are no JSON; leave --json out");
            }
            var streams = streams(stream);
            var first = client();
            // fails at once if there is no such task or no manager
            first.get(Client.path("tasks", id));
            var client = follow ? first.with(patience()) : first;
            new LogPrinter(client, terminal()).print(id, streams, follow);
            return ExitCode.OK;
        }
    }

    @Command(name = "explain", description = "Says why a task is where it is.")
    static final class Explain extends ClusterCommand {
        @Parameters(paramLabel = TASK, description = TASK_DESCRIPTION)
        private String id;

        Explain(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var explanation = client().get(Client.path("tasks", id, "explain"));
            if (json) {
                print(explanation);
                return ExitCode.OK;
            }
            var details = new Details(terminal())
                    .line("task", explanation.path("task"))
                    .state("state", explanation.path("state"))
                    .line("because", explanation.path("summary"));
            explanation.path("waitsFor").forEach(wait -> details.line("waits for", wait));
            explanation
                    .path("workers")
                    .properties()
                    .forEach(worker -> details.line(
                            "worker", worker.getKey() + ": " + worker.getValue().asText()));
            details.line("ahead", explanation.path("ahead"));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "shell",
            description = {
                "Prints a script that runs a task alone on this machine: its inputs, variables and command.",
                "Look at it, or run it at once: muster task shell 17.3 | sh"
            })
    static final class Shell extends ClusterCommand {
        @Parameters(paramLabel = TASK, description = TASK_DESCRIPTION)
        private String id;

        Shell(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            if (json) {
                throw Failure.user("a script is no JSON; 'muster job spec' has the task as JSON");
            }
            var client = client();
            var task = client.get(Client.path("tasks", id));
            var found = task.path("id").asText();
            TaskShell.script(task, client.get(Client.path("jobs", found.substring(0, found.indexOf('.')), "spec")))
                    .forEach(this::print);
            return ExitCode.OK;
        }
    }
}
