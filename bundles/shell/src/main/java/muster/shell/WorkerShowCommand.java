package muster.shell;

import java.util.stream.Collectors;
import muster.api.ClusterService;
import muster.api.WorkerView;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Shows one worker: what it has, what it runs, what it can do. */
@Service
@Command(scope = "worker", name = "show", description = "Shows a worker")
public final class WorkerShowCommand extends ServiceCommand {
    @Reference
    ClusterService cluster;

    @Argument(name = "worker", description = "Id of the worker", required = true)
    @Completion(WorkerIdCompleter.class)
    String worker = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        print(cluster.worker(worker), screen);
        return null;
    }

    static void print(WorkerView worker, Screen screen) {
        var details = new Table()
                .left("")
                .left("")
                .row("id", worker.id())
                .row("state", new Table.Cell(Format.name(worker.state()), Style.of(worker.state())))
                .row("address", worker.address())
                .row("data at", worker.dataAddress())
                .row("version", worker.version())
                .row("since", Format.time(worker.since()))
                .row("last seen", Format.time(worker.lastSeen()))
                .row("tasks", worker.running() + " running, " + worker.assigned() + " assigned");
        var capacity = worker.capacity();
        if (capacity != null) {
            details.row(
                            "cores",
                            Format.trimmed(worker.coresInUse()) + " of " + Format.trimmed(capacity.cores()) + " in use")
                    .row("memory", Format.bytes(capacity.memoryBytes()))
                    .row("disk", Format.bytes(capacity.diskBytes()))
                    .row("gpus", capacity.gpus().isEmpty() ? "none" : String.join(", ", capacity.gpus()))
                    .row(
                            "custom",
                            capacity.custom().entrySet().stream()
                                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                                    .collect(Collectors.joining(", ")))
                    .row("labels", String.join(", ", capacity.labels()));
        }
        if (!worker.message().isEmpty()) {
            details.row("message", worker.message());
        }
        details.print(screen);
        if (!worker.executors().isEmpty()) {
            screen.line("");
            var executors = new Table().left("EXECUTOR").left("STATE").left("REASON");
            for (var executor : worker.executors()) {
                executors.row(
                        executor.name(),
                        executor.available()
                                ? new Table.Cell("available", Style.GOOD)
                                : new Table.Cell("unavailable", Style.BAD),
                        executor.reason());
            }
            executors.print(screen);
        }
    }
}
