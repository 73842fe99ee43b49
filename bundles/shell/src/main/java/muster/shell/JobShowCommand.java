package muster.shell;

import java.time.Instant;
import java.util.Set;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.TaskQuery;
import muster.api.TaskState;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Shows one job and why its first failed tasks failed. */
@Service
@Command(scope = "job", name = "show", description = "Shows a job")
public final class JobShowCommand extends ServiceCommand {
    private static final int FAILURES = 10;

    @Reference
    JobService jobs;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        var view = jobs.job(JobId.parse(job));
        var details = new Table()
                .left("")
                .left("")
                .row("id", view.id())
                .row("name", view.name())
                .row("kind", view.kind())
                .row("state", new Table.Cell(Format.name(view.state()), Style.of(view.state())))
                .row("tasks", view.size() + ": " + Format.tasks(view))
                .row("owner", view.owner())
                .row("tags", String.join(", ", view.tags()))
                .row("priority", view.priority())
                .row("submitted", Format.time(view.submittedAt()))
                .row("started", Format.time(view.startedAt()))
                .row("finished", Format.time(view.finishedAt()))
                .row("time", Format.between(view.startedAt(), view.finishedAt(), Instant.now()));
        if (!view.message().isEmpty()) {
            details.row("message", view.message());
        }
        details.print(screen);
        var failed = jobs.tasks(new TaskQuery(view.id(), Set.of(TaskState.FAILED), null, FAILURES));
        if (!failed.items().isEmpty()) {
            screen.line("");
            TaskListCommand.print(failed.items(), screen);
        }
        if (failed.next() != null) {
            screen.line("... there are more; see task:list --state failed " + view.id());
        }
        return null;
    }
}
