package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Locale;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.terminal.Table;
import muster.cli.terminal.Times;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows the cluster in a glance. */
@Command(name = "status", description = "Shows the cluster in a glance.")
final class StatusCommand extends ClusterCommand {
    @Option(names = "--workers", description = "Also each worker")
    private boolean workers;

    @Option(names = "--resources", description = "Also what there is and what is in use")
    private boolean resources;

    @Option(names = "--stats", description = "Also how much has been done and how fast")
    private boolean stats;

    StatusCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        var client = client();
        var status = client.get("/cluster");
        if (json) {
            print(status);
            return ExitCode.OK;
        }
        new Details(terminal())
                .line("manager", status.path("manager").asText() + " at " + client.url())
                .line("version", status.path("version"))
                .time("up since", status.path("since"))
                .line("broker", status.path("broker"))
                .line("workers", counts(status.path("workers"), "none"))
                .line("missing", status.path("missing"))
                .line(
                        "cores",
                        WorkerCommands.number(status.path("coresInUse")) + " of "
                                + WorkerCommands.number(status.path("cores")) + " in use")
                .line("jobs", counts(status.path("jobs"), "none"))
                .line("open tasks", counts(status.path("openTasks"), "none"));
        if (stats) {
            print("");
            new Details(terminal())
                    .line("epoch", status.path("epoch"))
                    .line("tasks ended", status.path("endedTasks"))
                    .line(
                            "tasks/s",
                            String.format(
                                    Locale.ROOT,
                                    "%.1f over the last 10 s",
                                    status.path("tasksPerSecond").asDouble()));
        }
        if (workers || resources) {
            showWorkers(client);
        }
        return ExitCode.OK;
    }

    private void showWorkers(Client client) {
        var all = client.get("/workers").path("items");
        if (workers) {
            print("");
            WorkerCommands.table(all).print(terminal());
        }
        if (resources) {
            print("");
            var table = new Table("WORKER", "CORES", "IN USE", "MEMORY", "DISK", "GPUS", "CUSTOM", "LABELS");
            for (var worker : all) {
                var capacity = worker.path("capacity");
                if (capacity.isObject()) {
                    table.row(
                            worker.path("id").asText(),
                            WorkerCommands.number(capacity.path("cores")),
                            WorkerCommands.number(worker.path("coresInUse")),
                            Times.bytes(capacity.path("memoryBytes").asLong()),
                            Times.bytes(capacity.path("diskBytes").asLong()),
                            capacity.path("gpus").size(),
                            join(capacity.path("custom")),
                            join(capacity.path("labels")));
                }
            }
            table.print(terminal());
        }
    }

    private static String join(JsonNode values) {
        var texts = new ArrayList<String>();
        if (values.isObject()) {
            values.properties()
                    .forEach(value ->
                            texts.add(value.getKey() + "=" + value.getValue().asText()));
        } else {
            values.forEach(value -> texts.add(value.asText()));
        }
        return texts.isEmpty() ? "-" : String.join(",", texts);
    }

    private static String counts(JsonNode counts, String none) {
        var texts = new ArrayList<String>();
        counts.properties().forEach(count -> {
            if (count.getValue().asLong() > 0) {
                texts.add(count.getValue().asLong() + " " + count.getKey());
            }
        });
        return texts.isEmpty() ? none : String.join(", ", texts);
    }
}
