package muster.shell;

import java.util.List;
import muster.api.ClusterService;
import muster.api.WorkerView;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Offers the ids of workers. */
@Service
public final class WorkerIdCompleter implements Completer {
    @Reference
    ClusterService cluster;

    @Override
    public int complete(Session session, CommandLine commandLine, List<String> candidates) {
        return new StringsCompleter(
                        cluster.workers().stream().map(WorkerView::id).toList())
                .complete(session, commandLine, candidates);
    }
}
