package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Objects;
import muster.cli.terminal.Table;
import muster.cli.terminal.Terminal;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about jobs. */
@Command(
        name = "job",
        description = "Lists, shows and manages jobs.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            JobCommands.ListJobs.class,
            JobCommands.Show.class,
            JobCommands.Wait.class,
            JobCommands.Cancel.class,
            JobCommands.Retry.class,
            JobCommands.Delete.class,
            JobCommands.Logs.class,
            JobCommands.Spec.class,
            JobCommands.Events.class,
            JobCommands.Outputs.class,
            DownloadCommand.class,
            ReportCommand.class,
            ResultsCommand.class
        })
final class JobCommands extends CommandGroup {
    /** How a job ended, in one line. */
    static String summary(JsonNode job) {
        var tasks = job.path("tasks");
        var text = new StringBuilder("job " + job.path("id").asText() + " "
                + job.path("state").asText() + ": " + tasks.path("succeeded").asInt() + " succeeded");
        for (var state : List.of("failed", "ignored", "canceled")) {
            if (tasks.path(state).asInt() > 0) {
                text.append(", ").append(tasks.path(state).asInt()).append(' ').append(state);
            }
        }
        return text.append(" in ").append(Times.duration(JobWatch.elapsed(job))).toString();
    }

    private static String path(String id) {
        return Client.path("jobs", id);
    }

    /** Reads the pages of a list until there are enough items; {@code next} is set if there are more. */
    static ObjectNode pages(Client client, String path, String query, int limit) {
        var all = Json.object();
        var items = all.putArray("items");
        var cursor = "";
        while (true) {
            var page = client.get(path + "?limit=" + Math.min(1000, limit - items.size()) + query
                    + (cursor.isEmpty() ? "" : "&cursor=" + Client.escape(cursor)));
            page.path("items").forEach(items::add);
            cursor = page.path("next").asText("");
            if (cursor.isEmpty() || cursor.equals("null") || items.size() >= limit) {
                all.set("next", page.path("next"));
                return all;
            }
        }
    }

    static String parameter(String name, @Nullable String value) {
        return value == null ? "" : "&" + name + "=" + Client.escape(value);
    }

    static int requirePositive(int limit) {
        if (limit < 1) {
            throw Failure.user("--limit " + limit + " is not positive; write such as 100");
        }
        return limit;
    }

    @Command(name = "list", description = "Lists jobs, the newest first.")
    static final class ListJobs extends ClusterCommand {
        @Option(
                names = "--state",
                paramLabel = "STATE",
                split = ",",
                description = "waiting, running, succeeded, failed, canceled; several with commas")
        private List<String> states = new ArrayList<>();

        @Option(names = "--tag", paramLabel = "TAG", description = "Only with this tag")
        private @Nullable String tag;

        @Option(names = "--owner", paramLabel = "NAME", description = "Only of this user")
        private @Nullable String owner;

        @Option(names = "--name", paramLabel = "TEXT", description = "Only with this in the name")
        private @Nullable String name;

        @Option(names = "--limit", paramLabel = "N", description = "At most N; 100 by default")
        private int limit = 100;

        ListJobs(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var query = parameter("state", states.isEmpty() ? null : String.join(",", states))
                    + parameter("tag", tag)
                    + parameter("owner", owner)
                    + parameter("name", name);
            var page = pages(client(), "/jobs", query, requirePositive(limit));
            if (json) {
                print(page);
                return ExitCode.OK;
            }
            var table = new Table("ID", "NAME", "STATE", "DONE", "FAILED", "OWNER", "SUBMITTED", "TIME").states(2);
            for (var job : page.path("items")) {
                var tasks = job.path("tasks");
                table.row(
                        job.path("id").asText(),
                        job.path("name").asText(),
                        job.path("state").asText(),
                        tasks.path("succeeded").asInt() + "/" + job.path("size").asInt(),
                        tasks.path("failed").asInt(),
                        job.path("owner").asText(),
                        Times.local(job.path("submittedAt").asText("")),
                        job.path("startedAt").isTextual() ? Times.duration(JobWatch.elapsed(job)) : "-");
            }
            table.print(terminal());
            if (page.path("next").isTextual()) {
                terminal().tell("there are more jobs; --limit shows them");
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "show", description = "Shows a job.")
    static final class Show extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        Show(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var job = client().get(path(id));
            if (json) {
                print(job);
                return ExitCode.OK;
            }
            var tasks = job.path("tasks");
            var counts = new ArrayList<String>();
            tasks.properties().forEach(state -> {
                if (state.getValue().asInt() > 0) {
                    counts.add(state.getValue().asInt() + " " + state.getKey());
                }
            });
            new Details(terminal())
                    .line("job", job.path("id"))
                    .line("name", job.path("name"))
                    .state("state", job.path("state"))
                    .line("message", job.path("message"))
                    .line("kind", job.path("kind"))
                    .line("tasks", String.join(", ", counts))
                    .line("owner", job.path("owner"))
                    .line("tags", job.path("tags"))
                    .line("priority", job.path("priority"))
                    .time("submitted", job.path("submittedAt"))
                    .time("started", job.path("startedAt"))
                    .time("finished", job.path("finishedAt"))
                    .line("time", job.path("startedAt").isTextual() ? Times.duration(JobWatch.elapsed(job)) : "");
            return ExitCode.OK;
        }
    }

    @Command(name = "wait", description = "Waits for the end of a job and exits as its tasks did.")
    static final class Wait extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        Wait(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var client = client();
            var job = client.get(path(id));
            var watch = new JobWatch(client.with(patience()), terminal());
            watch.detachOnInterrupt(id);
            var ended = watch.untilEnd(job, JobWatch.Output.NONE);
            if (json) {
                print(ended);
            } else {
                print(summary(ended));
            }
            return watch.exitCode(ended);
        }
    }

    @Command(name = "cancel", description = "Cancels the tasks that have not ended.")
    static final class Cancel extends ClusterCommand {
        @Parameters(paramLabel = "JOB", arity = "1..*")
        private List<String> ids;

        Cancel(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var client = client();
            for (var id : ids) {
                var job = client.post(Client.path("jobs", id, "cancel"));
                if (json) {
                    print(job);
                } else {
                    print("job " + id + " is " + job.path("state").asText());
                }
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "retry", description = "Queues the tasks of an ended job that did not succeed again.")
    static final class Retry extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        @Option(
                names = "--failed",
                description = "Only those that failed, with what was canceled since it needs them; what was canceled"
                        + " otherwise stays so")
        private boolean failedOnly;

        Retry(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var answer = client().post(Client.path("jobs", id, "retry") + (failedOnly ? "?failed=true" : ""));
            if (json) {
                print(answer);
            } else {
                print(answer.path("retried").asInt() + " tasks of job " + id + " are queued again");
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "delete", description = "Forgets an ended job and all it left.")
    static final class Delete extends ClusterCommand {
        @Parameters(paramLabel = "JOB", arity = "1..*")
        private List<String> ids;

        Delete(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var client = client();
            for (var id : ids) {
                client.delete(path(id));
                if (!json) {
                    print("job " + id + " is deleted");
                }
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "logs", description = "Prints what the tasks of a job wrote.")
    static final class Logs extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        @Option(names = "--stream", paramLabel = "NAME", description = "stdout or stderr; both by default")
        private @Nullable String stream;

        @Option(
                names = {"-f", "--follow"},
                description = "Go on until the tasks have ended")
        private boolean follow;

        Logs(Context context) {
            super(context);
        }

        @Override
        public Integer call() throws IOException {
            var first = client();
            var job = first.get(path(id));
            var client = follow ? first.with(patience()) : first;
            var single = "single".equals(job.path("kind").asText());
            var streams = TaskCommands.streams(stream);
            if (json) {
                throw Failure.user("logs are no JSON; leave --json out");
            }
            if (single) {
                new LogPrinter(client, terminal()).print(id + ".0", streams, follow);
                return ExitCode.OK;
            }
            var cursor = "";
            do {
                var page = client.get("/tasks?limit=1000&job=" + Client.escape(id)
                        + (cursor.isEmpty() ? "" : "&cursor=" + Client.escape(cursor)));
                for (var task : page.path("items")) {
                    if (follow || !task.path("attempts").isEmpty()) {
                        new LogPrinter(client, terminal()).printTitled(task, streams, follow);
                    }
                }
                cursor = page.path("next").isTextual() ? page.path("next").textValue() : "";
            } while (!cursor.isEmpty());
            return ExitCode.OK;
        }
    }

    @Command(name = "spec", description = "Prints the specification that was submitted, as JSON.")
    static final class Spec extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        Spec(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            print(client().get(Client.path("jobs", id, "spec")));
            return ExitCode.OK;
        }
    }

    @Command(name = "events", description = "Prints what happens to a job until its end.")
    static final class Events extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        @Option(names = "--after", paramLabel = "ID", description = "Only events after this one")
        private String after = "0";

        /** Whether the job had ended when it was last looked. */
        private boolean ended;

        Events(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var first = client();
            // a job that is not there has no events, and would be waited for without end
            ended = JobWatch.ended(first.get(path(id)));
            var client = first.with(patience());
            client.events(
                    id,
                    after,
                    event -> {
                        var data = event.data();
                        if (json) {
                            print(Json.compact(data));
                        } else {
                            print(line(data));
                        }
                        return !last(client, data);
                    },
                    () -> !toldAll(client));
            return ExitCode.OK;
        }

        /** Whether it had ended before all was told: no event that is still kept says so. */
        private boolean toldAll(Client client) {
            var before = ended;
            ended = JobWatch.ended(client.get(path(id)));
            return before && ended;
        }

        private static String line(JsonNode event) {
            var text = new StringBuilder()
                    .append(Times.local(event.path("time").asText("")))
                    .append("  ")
                    .append(Terminal.safe(event.path("type").asText()));
            if (event.path("task").isInt()) {
                text.append("  ")
                        .append(event.path("job").asText())
                        .append('.')
                        .append(event.path("task").asInt());
            }
            if (event.path("worker").isTextual()) {
                text.append("  on ").append(Terminal.safe(event.path("worker").textValue()));
            }
            var message = event.path("message").asText("");
            return message.isEmpty() ? text.toString() : text + "  " + Terminal.safe(message);
        }

        /** Whether nothing follows: the job has ended, and was not retried since. */
        private boolean last(Client client, JsonNode event) {
            switch (event.path("type").asText()) {
                case "job.succeeded", "job.failed", "job.canceled" -> {
                    var job = client.get(path(id));
                    return JobWatch.ended(job)
                            && !Instant.parse(job.path("finishedAt")
                                            .asText(event.path("time").asText()))
                                    .isAfter(Instant.parse(event.path("time").asText())
                                            .plusMillis(1));
                }
                default -> {
                    return false;
                }
            }
        }
    }

    @Command(name = "outputs", description = "Lists the files that the tasks of a job made.")
    static final class Outputs extends ClusterCommand {
        @Parameters(paramLabel = "JOB")
        private String id;

        Outputs(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var outputs = Objects.outputs(client(), id);
            if (json) {
                print(outputs);
                return ExitCode.OK;
            }
            var table = new Table("TASK", "NAME", "BYTES", "AT", "OBJECT");
            for (var made : outputs) {
                table.row(
                        made.path("task").asText(),
                        made.path("name").asText(),
                        made.path("bytes").asText(),
                        made.path("kept").asBoolean() ? "manager" : "worker",
                        made.path("object").asText());
            }
            table.print(terminal());
            return ExitCode.OK;
        }
    }
}
