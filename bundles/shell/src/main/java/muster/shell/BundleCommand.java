package muster.shell;

import java.util.List;
import muster.api.ClusterService;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.WorkerState;
import muster.api.WorkerView;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.jspecify.annotations.Nullable;

/** A command about a bundle or a feature on one worker, or on all that have a label. */
abstract class BundleCommand extends ChangingCommand {
    private static final String JAR = ".jar";

    @Reference
    ClusterService cluster;

    @Option(name = "--label", description = "Instead of the worker: every worker online that has this label")
    @Nullable
    String label;

    @Argument(name = "worker", description = "Id of the worker; left out with --label", required = true)
    @Completion(WorkerIdCompleter.class)
    String first = "";

    @Argument(
            index = 1,
            name = "bundle",
            description = "FILE.jar of the manager's machine, mvn:GROUP/ARTIFACT/VERSION, or a feature such as docker")
    @Completion(FileCompleter.class)
    String second = "";

    /** What became of a bundle on a worker. */
    abstract String apply(Screen screen, String worker, String bundle) throws InterruptedException;

    @Override
    @Nullable
    final Object run(Screen screen) throws InterruptedException {
        if (second.isEmpty() == (label == null)) {
            throw MusterException.invalid(
                    label == null
                            ? "name a worker and a bundle, such as: w1 docker"
                            : "with --label name the bundle alone, such as: --label gpu docker");
        }
        var bundle = label == null ? second : first;
        for (var worker : label == null ? List.of(first) : labelled(label)) {
            screen.line("worker " + worker + ": " + apply(screen, worker, bundle));
        }
        return null;
    }

    private List<String> labelled(String wanted) {
        var found = cluster.workers().stream()
                .filter(worker -> worker.state() == WorkerState.ONLINE)
                .filter(worker ->
                        worker.capacity() != null && worker.capacity().labels().contains(wanted))
                .map(WorkerView::id)
                .toList();
        if (found.isEmpty()) {
            throw MusterException.notFound(
                    "no worker that is online has the label '" + Names.escape(wanted) + "'; see worker:list");
        }
        return found;
    }

    /** Whether this is the name of a feature, and no bundle. */
    static boolean isFeature(String bundle) {
        return !isMaven(bundle) && !bundle.endsWith(JAR);
    }

    static boolean isMaven(String bundle) {
        return bundle.startsWith("mvn:");
    }

    /** What a bundle is called on a worker: as its file is here. */
    static String file(String bundle) {
        var words = bundle.split("/", -1);
        if (!isMaven(bundle)) {
            return words[words.length - 1];
        }
        if (words.length != 3) {
            throw MusterException.invalid(
                    "'" + Names.escape(bundle) + "' names no bundle; write mvn:GROUP/ARTIFACT/VERSION");
        }
        return words[1] + "-" + words[2] + JAR;
    }
}
