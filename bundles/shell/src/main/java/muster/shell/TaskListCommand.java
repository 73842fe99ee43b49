package muster.shell;

import java.time.Instant;
import java.util.List;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.TaskQuery;
import muster.api.TaskState;
import muster.api.TaskView;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;

/** Lists the tasks of a job with their last attempts. */
@Service
@Command(scope = "task", name = "list", description = "Lists the tasks of a job with their last attempts")
public final class TaskListCommand extends ServiceCommand {
    @Reference
    JobService jobs;

    @Option(name = "--state", description = "Only tasks in this state", multiValued = true)
    @Completion(
            value = StringsCompleter.class,
            values = {"waiting", "ready", "assigned", "running", "succeeded", "failed", "canceled"})
    List<String> states = List.of();

    @Option(name = "--limit", description = "How many at most, 1 to 1000")
    int limit = 100;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        var page = jobs.tasks(
                new TaskQuery(JobId.parse(job), JobListCommand.states(TaskState.class, states), null, limit));
        print(page.items(), screen);
        if (page.next() != null) {
            screen.line("... there are more; raise --limit or give --state");
        }
        return null;
    }

    static void print(List<TaskView> tasks, Screen screen) {
        var now = Instant.now();
        var table = new Table()
                .right("ID")
                .left("NAME")
                .left("STATE")
                .right("ATTEMPT")
                .left("WORKER")
                .right("TIME")
                .left("MESSAGE");
        for (var task : tasks) {
            var last = task.attempts().isEmpty()
                    ? null
                    : task.attempts().get(task.attempts().size() - 1);
            table.row(
                    task.id(),
                    task.name(),
                    new Table.Cell(Format.name(task.state()), Style.of(task.state())),
                    last == null ? "-" : last.number(),
                    last == null ? "-" : last.worker(),
                    last == null ? "-" : Format.between(last.startedAt(), last.finishedAt(), now),
                    task.message());
        }
        table.print(screen);
    }
}
