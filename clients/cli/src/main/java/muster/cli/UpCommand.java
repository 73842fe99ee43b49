package muster.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import muster.cli.client.ExitCode;
import muster.cli.client.Json;
import muster.cli.client.Plaintext;
import muster.cli.local.Installation;
import muster.cli.local.LocalCluster;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Starts a cluster on this machine. */
@Command(
        name = "up",
        description = "Starts a cluster on this machine, in the background: a manager and workers.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class UpCommand implements Callable<Integer> {
    private final Context context;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "How many workers; 2 by default, 0 if all join from elsewhere")
    private @Nullable Integer workers;

    @Option(names = "--slots", paramLabel = "K", description = "Cores that each offers; by default its share")
    private @Nullable Integer slots;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where the cluster is kept; .muster by default")
    private @Nullable Path dir;

    @Option(names = "--json", description = "Print the result as JSON")
    private boolean json;

    UpCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (Plaintext.CHOSEN) {
            context.terminal().tell(Plaintext.WARNING);
        }
        var installation = Installation.ofProcess();
        var environment = context.environment();
        var place = dir != null ? dir : installation.defaultDir(environment);
        var up = new LocalCluster(place, context.terminal(), environment)
                .up(installation, new LocalCluster.Request(workers, slots, true));
        var out = context.terminal().out();
        if (json) {
            out.println(Json.pretty(up.json()));
            return ExitCode.OK;
        }
        var count = up.nodes().size() - 1;
        out.println((up.found() ? "already up: " : "up: ") + "a manager and " + count
                + (count == 1 ? " worker" : " workers") + " at "
                + up.connection().url()
                + (up.found() ? "" : " after " + Times.duration(up.time())));
        out.println("its files are in " + up.dir() + "; stop it with: muster down");
        return ExitCode.OK;
    }
}
