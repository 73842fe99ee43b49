package muster.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import muster.cli.client.ExitCode;
import muster.cli.client.Json;
import muster.cli.local.LocalCluster;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Stops a cluster of this machine. */
@Command(
        name = "down",
        description = "Stops the cluster in DIR, else in MUSTER_DIR, else the one that 'muster up' started here last.",
        mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {
    private static final int NOTHING_TO_STOP = 1;

    private final Context context;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where the cluster is kept")
    private @Nullable Path dir;

    @Option(names = "--json", description = "Print the result as JSON")
    private boolean json;

    DownCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        var configuration = context.configuration();
        var place = dir != null ? dir : configuration.folder();
        if (place == null) {
            context.terminal()
                    .tell("no cluster to stop: " + configuration.pointer()
                            + " is not there; --dir names one that another user or place has");
            return NOTHING_TO_STOP;
        }
        var cluster = new LocalCluster(place, context.terminal(), context.environment());
        var stopped = cluster.down();
        if (json) {
            var answer = Json.object().put("dir", cluster.dir().toString());
            var names = answer.putArray("stopped");
            stopped.forEach(names::add);
            context.terminal().out().println(Json.pretty(answer));
        } else if (!stopped.isEmpty()) {
            context.terminal().out().println("stopped " + String.join(", ", stopped) + " in " + cluster.dir());
        }
        if (stopped.isEmpty()) {
            context.terminal().tell("no node of a cluster in " + cluster.dir() + " was running");
            return NOTHING_TO_STOP;
        }
        return ExitCode.OK;
    }
}
