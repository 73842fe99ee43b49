package muster.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.TaskLog;
import muster.cli.local.DemoGraph;
import muster.cli.local.Installation;
import muster.cli.local.LocalCluster;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows a whole workload on a cluster of this machine. */
@Command(
        name = "demo",
        description = "Starts a cluster, computes a year of sunlight on a mountain in 379 tasks, and stops it again.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class DemoCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--keep", description = "Leave the cluster up")
    private boolean keep;

    @Option(names = "--dem", paramLabel = "FILE.tif", description = "A real terrain in place of the made one")
    private @Nullable Path dem;

    @Option(names = "--latitude", paramLabel = "DEGREES", description = "Where the terrain lies")
    private @Nullable String latitude;

    @Option(names = "--workers", paramLabel = "N", description = "How many workers; 2 by default")
    private @Nullable Integer workers;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where the cluster is kept; .muster/demo by default")
    private @Nullable Path dir;

    DemoCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        var installation = Installation.ofProcess();
        var environment = context.environment();
        var place = dir != null ? dir : installation.defaultDir(environment).resolve("demo");
        var cluster = new LocalCluster(place, context.terminal(), environment);
        var wasThere = !cluster.running().isEmpty();
        var files = cluster.dir().resolve("sunlight");
        var graph = new DemoGraph(installation, files).json(dem, latitude);
        var out = context.terminal().out();
        out.println("starting a cluster in " + cluster.dir());
        var up = cluster.up(installation, new LocalCluster.Request(workers, null, keep));
        var stop = new Thread(cluster::down, "demo-stop");
        if (!keep && !wasThere) {
            Runtime.getRuntime().addShutdownHook(stop);
        }
        var nodes = up.nodes().size() - 1;
        out.println((up.found() ? "it was up already: " : "up after " + Times.duration(up.time()) + ": ")
                + "a manager and " + nodes + (nodes == 1 ? " worker" : " workers") + " at "
                + up.connection().url());
        out.flush();
        return run(new Client(up.connection()), graph, files, up, keep || wasThere);
    }

    private int run(Client client, String graph, Path files, LocalCluster.Up up, boolean stays) {
        var terminal = context.terminal();
        var watch = new JobWatch(client, terminal);
        var job = watch.untilEnd(client.submit(graph, UUID.randomUUID().toString()), JobWatch.Output.NONE);
        var code = watch.exitCode(job);
        var id = job.path("id").asText();
        var lines = new ArrayList<String>();
        var succeeded = job.path("tasks").path("succeeded").asInt();
        var elapsed = JobWatch.elapsed(job);
        if (code == ExitCode.OK) {
            lines.add("insolation of the year: " + written(client, id + ".year"));
            lines.add("map:  " + files.resolve("year.png"));
        }
        lines.add("page: " + up.connection().url() + "/docs"
                + (stays ? "" : "  (while the cluster is up; 'muster demo --keep' leaves it so)"));
        if (stays) {
            lines.add("look around: muster --help; stop it with: muster down --dir " + up.dir());
        }
        lines.add(String.format(
                Locale.ROOT,
                "%d succeeded in %s, %.1f tasks/s",
                succeeded,
                Times.duration(elapsed),
                elapsed.isZero() ? 0 : succeeded / (elapsed.toMillis() / 1000.0)));
        lines.forEach(terminal.out()::println);
        terminal.out().flush();
        return code;
    }

    private static String written(Client client, String task) {
        var bytes = new ByteArrayOutputStream();
        try {
            new TaskLog(client, task, "stdout", bytes).copy();
        } catch (IOException e) {
            throw Failure.external("cannot read what task " + task + " wrote", e);
        }
        return bytes.toString(StandardCharsets.UTF_8).strip();
    }
}
