package muster.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes down what became of a job. */
@Command(
        name = "report",
        description = {
            "Writes a page about a job: what ran where and when, what it used, what failed.",
            "Without an option the page is job-ID.html."
        })
final class ReportCommand extends ClusterCommand {
    @Parameters(paramLabel = "JOB")
    private String id;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE.html",
            description = "Where the page goes")
    private @Nullable Path page;

    @Option(
            names = "--trace",
            paramLabel = "FILE.csv",
            description = "Also, or only: a row for each task, with the column names of Nextflow's trace")
    private @Nullable Path trace;

    @Option(
            names = "--graph",
            paramLabel = "FILE",
            description = "Also, or only: what needs what, for Graphviz if FILE ends with .dot, else for Mermaid")
    private @Nullable Path graph;

    ReportCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (json) {
            throw Failure.user("a report is no JSON; 'muster task list " + id + " --json' has the tasks as JSON");
        }
        var client = client();
        if (page == null && trace == null && graph == null) {
            page = Path.of("job-" + id + ".html");
        }
        write(client, "report", page);
        write(client, "trace", trace);
        write(client, "graph?form=" + (String.valueOf(graph).endsWith(".dot") ? "dot" : "mermaid"), graph);
        return ExitCode.OK;
    }

    private void write(Client client, String what, @Nullable Path file) {
        if (file == null) {
            return;
        }
        var text = client.text(Client.path("jobs", id) + "/" + what);
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw Failure.user("cannot write " + file + ": " + e + "; name another file", e);
        }
        print(file + " is written");
    }
}
