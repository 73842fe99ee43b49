package muster.shell;

import java.util.Map;
import java.util.stream.Collectors;
import muster.api.ClusterService;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Shows the cluster in a glance. */
@Service
@Command(scope = "cluster", name = "status", description = "Shows the cluster in a glance")
public final class ClusterStatusCommand extends ServiceCommand {
    @Reference
    ClusterService cluster;

    @Override
    @Nullable
    Object run(Screen screen) {
        var status = cluster.status();
        var notReady = cluster.notReady();
        var details = new Table()
                .left("")
                .left("")
                .row("manager", status.manager() + ", version " + status.version() + ", epoch " + status.epoch())
                .row(
                        "state",
                        notReady.isEmpty() ? new Table.Cell("ready", Style.GOOD) : new Table.Cell(notReady, Style.BAD))
                .row("since", Format.time(status.since()))
                .row("broker", status.broker())
                .row("workers", counts(status.workers()));
        if (!status.missing().isEmpty()) {
            details.row("missing", new Table.Cell(String.join(", ", status.missing()), Style.BAD));
        }
        details.row("cores", Format.trimmed(status.coresInUse()) + " of " + Format.trimmed(status.cores()) + " in use")
                .row("jobs", counts(status.jobs()))
                .row("open tasks", counts(status.openTasks()))
                .row(
                        "ended tasks",
                        status.endedTasks() + ", " + Format.trimmed(status.tasksPerSecond())
                                + "/s over the last ten seconds")
                .print(screen);
        return null;
    }

    private static <E extends Enum<E>> String counts(Map<E, ? extends Number> counts) {
        var text = counts.entrySet().stream()
                .filter(entry -> entry.getValue().longValue() > 0)
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getValue() + " " + Format.name(entry.getKey()))
                .collect(Collectors.joining(", "));
        return text.isEmpty() ? "none" : text;
    }
}
