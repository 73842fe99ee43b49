package muster.shell;

import muster.api.ClusterService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Lets a worker finish what it runs and gives it nothing more. */
@Service
@Command(scope = "worker", name = "drain", description = "Lets a worker finish what it runs and gives it nothing more")
public final class WorkerDrainCommand extends ChangingCommand {
    @Reference
    ClusterService cluster;

    @Argument(name = "worker", description = "Id of the worker", required = true)
    @Completion(WorkerIdCompleter.class)
    String worker = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        audited(screen, "drainWorker", worker, () -> cluster.drain(worker, screen.user()));
        var view = cluster.worker(worker);
        screen.line("worker " + worker + ": " + screen.styled(Style.of(view.state()), Format.name(view.state())) + ", "
                + view.running() + " running");
        return null;
    }
}
