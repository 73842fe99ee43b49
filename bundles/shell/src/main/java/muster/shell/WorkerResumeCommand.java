package muster.shell;

import muster.api.ClusterService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Gives tasks to a drained worker again. */
@Service
@Command(scope = "worker", name = "resume", description = "Gives tasks to a drained worker again")
public final class WorkerResumeCommand extends ChangingCommand {
    @Reference
    ClusterService cluster;

    @Argument(name = "worker", description = "Id of the worker", required = true)
    @Completion(WorkerIdCompleter.class)
    String worker = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        audited(screen, "resumeWorker", worker, () -> cluster.resume(worker, screen.user()));
        var view = cluster.worker(worker);
        screen.line("worker " + worker + ": " + screen.styled(Style.of(view.state()), Format.name(view.state())) + ", "
                + view.running() + " running");
        return null;
    }
}
