package muster.cli;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import muster.cli.bench.Latency;
import muster.cli.bench.Measurement;
import muster.cli.bench.Native;
import muster.cli.bench.Noop;
import muster.cli.bench.Transfer;
import muster.cli.bench.Workflow;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.local.Installation;
import muster.cli.terminal.Table;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures a cluster. */
@Command(
        name = "bench",
        description = "Measures a cluster that has nothing else to do; with --json one object a line.",
        sortOptions = false)
final class BenchCommand extends ClusterCommand {
    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,8})([KMG]?)");

    /** What can be measured. */
    enum Benchmark {
        NOOP(100_000),
        LATENCY(1_000),
        NATIVE(3_000),
        WORKFLOW(377),
        TRANSFER(0);

        final int tasks;

        Benchmark(int tasks) {
            this.tasks = tasks;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            description = "noop: tasks that do nothing, as one array. latency: one at a time, until its result is seen."
                    + " native: processes that end at once, beside a bare program that starts as many. workflow:"
                    + " processes that wait for one another, beside as many as an array. transfer: a random"
                    + " file to a worker and back, beside a bare program that copies as much over TLS")
    private Benchmark benchmark = Benchmark.NOOP;

    @Option(names = "--tasks", paramLabel = "N", description = "How many; by default 100000, 1000, 3000 or 377")
    private @Nullable Integer tasks;

    @Option(names = "--size", paramLabel = "BYTES", description = "transfer: of the file; 100M by default")
    private String size = "100M";

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "noop, workflow, transfer: how often, the median counts; 3 by default")
    private int rounds = 3;

    BenchCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (benchmark == Benchmark.TRANSFER) {
            return transfer();
        }
        var count = tasks == null ? benchmark.tasks : tasks;
        if (count < 2 || count > 1_000_000) {
            throw Failure.user("--tasks " + count + " is outside 2 to 1000000; write such as 10000");
        }
        if (rounds < 1) {
            throw Failure.user("--rounds " + rounds + " is not positive; write such as 3");
        }
        var table = new Table(
                "NAME", "TASKS", "SECONDS", "TASKS/S", "BARE/S", "MEDIAN MS", "P99 MS", "HEAP", "CPU US/TASK");
        Consumer<Measurement> tell = json ? one -> print(Json.compact(one.json())) : one -> row(table, one);
        var client = client();
        switch (benchmark) {
            case NOOP -> new Noop(client, count, rounds).run(tell);
            case LATENCY -> new Latency(client, count).run(tell);
            case NATIVE -> new Native(client, count).run(tell);
            case WORKFLOW -> new Workflow(client, count, rounds).run(tell);
            case TRANSFER -> throw new IllegalStateException("it has no tasks");
        }
        if (!json) {
            table.print(terminal());
        }
        return ExitCode.OK;
    }

    private int transfer() {
        if (rounds < 1) {
            throw Failure.user("--rounds " + rounds + " is not positive; write such as 3");
        }
        var bundle = Installation.ofProcess().bundle("data");
        var measured = new Transfer(client(), bytes(size), rounds, bundle).run();
        if (json) {
            print(Json.compact(measured));
            return ExitCode.OK;
        }
        var table = new Table("NAME", "WORKER", "BYTES", "SECONDS", "MB/S", "BARE MB/S");
        table.row(
                "transfer",
                measured.path("worker").asText(),
                measured.path("bytes").asText(),
                String.format(Locale.ROOT, "%.3f", measured.path("seconds").asDouble()),
                measured.path("mb_per_second").asText(),
                measured.path("baseline_mb_per_second").asText());
        table.print(terminal());
        return ExitCode.OK;
    }

    /** Of {@code 100M} or {@code 1G}, where M is 10⁶ as in MB/s. */
    private static long bytes(String text) {
        var match = SIZE.matcher(text);
        if (!match.matches()) {
            throw Failure.user("--size " + text + " is no size; write such as 100M or 1G");
        }
        var unit =
                switch (match.group(2)) {
                    case "K" -> 1_000L;
                    case "M" -> 1_000_000L;
                    case "G" -> 1_000_000_000L;
                    default -> 1L;
                };
        return Long.parseLong(match.group(1)) * unit;
    }

    private static void row(Table table, Measurement one) {
        var heap = one.figure(Measurement.HEAP);
        table.row(
                one.name(),
                one.tasks(),
                cell(one, Measurement.SECONDS, "%.3f"),
                cell(one, Measurement.TASKS_PER_SECOND, "%.0f"),
                cell(one, Measurement.BASELINE, "%.0f"),
                cell(one, Measurement.MEDIAN, "%.2f"),
                cell(one, Measurement.P99, "%.2f"),
                Double.isNaN(heap) ? "-" : Times.bytes((long) heap),
                cell(one, Measurement.CPU, "%.1f"));
    }

    private static String cell(Measurement one, String figure, String format) {
        var value = one.figure(figure);
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }
}
