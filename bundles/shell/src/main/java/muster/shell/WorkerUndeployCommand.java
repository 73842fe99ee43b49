package muster.shell;

import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** Removes a bundle or a feature that was deployed on workers. */
@Service
@Command(
        scope = "worker",
        name = "undeploy",
        description = "Removes a bundle or a feature from workers, once it has ended what it runs")
public final class WorkerUndeployCommand extends BundleCommand {
    @Override
    String apply(Screen screen, String worker, String bundle) throws InterruptedException {
        var name = isFeature(bundle) ? bundle : file(bundle);
        return audited(screen, "undeployBundle", worker, () -> await(cluster.undeploy(worker, name, screen.user())));
    }
}
