package muster.shell;

import muster.api.ClusterService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Removes a bundle that was deployed on a worker. */
@Service
@Command(
        scope = "worker",
        name = "undeploy",
        description = "Removes a bundle from a worker, once it has ended what it runs")
public final class WorkerUndeployCommand extends ChangingCommand {
    @Reference
    ClusterService cluster;

    @Argument(name = "worker", description = "Id of the worker", required = true)
    @Completion(WorkerIdCompleter.class)
    String worker = "";

    @Argument(index = 1, name = "file", description = "File name of the bundle, such as mine-1.0.jar", required = true)
    @Completion(NoCompleter.class)
    String file = "";

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        var done =
                audited(screen, "undeployBundle", worker, () -> await(cluster.undeploy(worker, file, screen.user())));
        screen.line("worker " + worker + ": " + done);
        return null;
    }
}
