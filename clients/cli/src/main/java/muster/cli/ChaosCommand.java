package muster.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import muster.cli.chaos.Chaos;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.local.Installation;
import muster.cli.local.Node;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Tests what a cluster promises by breaking its parts. */
@Command(
        name = "chaos",
        description = "Starts a cluster of its own, kills, stops and cuts off its parts while it works, and checks that"
                + " nothing is lost. The last line is a summary in JSON; the exit code is 1 if a promise was broken.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ChaosCommand implements Callable<Integer> {
    private static final int BROKEN = 1;

    private final Context context;

    @Option(names = "--seed", paramLabel = "S", description = "Names the faults: the same seed, the same faults")
    private long seed = 1;

    @Option(names = "--rounds", paramLabel = "N", description = "How many faults; ${DEFAULT-VALUE} by default")
    private int rounds = 10;

    @Option(names = "--tasks", paramLabel = "N", description = "Short tasks in all; ${DEFAULT-VALUE} by default")
    private int tasks = 10_000;

    @Option(names = "--workers", paramLabel = "N", description = "${DEFAULT-VALUE} by default")
    private int workers = 2;

    @Option(names = "--dir", paramLabel = "DIR", description = "Keep the cluster's files in this new folder")
    private @Nullable Path dir;

    ChaosCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        var request = new Chaos.Request(seed, rounds, tasks, workers);
        try {
            var place = dir == null
                    ? Files.createTempDirectory("muster-chaos-")
                    : Files.createDirectory(dir.toAbsolutePath());
            var kept = Chaos.run(
                    request,
                    place,
                    Installation.ofProcess(),
                    context.environment(),
                    context.terminal().out());
            if (kept && dir == null) {
                Node.delete(place);
            } else {
                context.terminal().tell("the files of the cluster are in " + place);
            }
            return kept ? ExitCode.OK : BROKEN;
        } catch (IOException e) {
            throw Failure.external("the faults could not be made: " + e, e);
        }
    }
}
