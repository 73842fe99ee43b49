package muster.shell;

import muster.api.JobService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Says why a task is where it is. */
@Service
@Command(scope = "task", name = "explain", description = "Says why a task is where it is")
public final class TaskExplainCommand extends ServiceCommand {
    @Reference
    JobService jobs;

    @Argument(name = "task", description = "The task, such as 17.3 or 17.name", required = true)
    @Completion(TaskIdCompleter.class)
    String task = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        var explanation = jobs.explain(Tasks.resolve(jobs, task));
        new Table()
                .left("")
                .left("")
                .left("")
                .row(
                        "task " + explanation.task(),
                        new Table.Cell(Format.name(explanation.state()), Style.of(explanation.state())),
                        explanation.summary())
                .print(screen);
        var details = new Table().left("").left("");
        if (explanation.ahead() != null) {
            details.row("tasks before it", explanation.ahead());
        }
        explanation.waitsFor().forEach(reason -> details.row("waits for", reason));
        explanation.workers().forEach((worker, reason) -> details.row("worker " + worker, reason));
        details.print(screen);
        return null;
    }
}
