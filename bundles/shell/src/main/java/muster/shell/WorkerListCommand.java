package muster.shell;

import java.util.stream.Collectors;
import muster.api.ClusterService;
import muster.api.ExecutorView;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Lists the workers. */
@Service
@Command(scope = "worker", name = "list", description = "Lists the workers")
public final class WorkerListCommand extends ServiceCommand {
    @Reference
    ClusterService cluster;

    @Override
    @Nullable
    Object run(Screen screen) {
        var table = new Table()
                .left("ID")
                .left("STATE")
                .right("CORES")
                .right("IN USE")
                .right("RUNNING")
                .right("QUEUED")
                .right("MEMORY")
                .left("EXECUTORS")
                .left("ADDRESS")
                .left("MESSAGE");
        for (var worker : cluster.workers()) {
            var capacity = worker.capacity();
            table.row(
                    worker.id(),
                    new Table.Cell(Format.name(worker.state()), Style.of(worker.state())),
                    capacity == null ? "-" : Format.trimmed(capacity.cores()),
                    Format.trimmed(worker.coresInUse()),
                    worker.running(),
                    worker.assigned(),
                    capacity == null ? "-" : Format.bytes(capacity.memoryBytes()),
                    worker.executors().stream()
                            .filter(ExecutorView::available)
                            .map(ExecutorView::name)
                            .collect(Collectors.joining(",")),
                    worker.address(),
                    worker.message());
        }
        table.print(screen);
        return null;
    }
}
