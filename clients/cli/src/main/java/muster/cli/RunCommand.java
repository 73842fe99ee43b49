package muster.cli;

import java.util.UUID;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a workflow and waits for it. */
@Command(
        name = "run",
        description = "Runs a workflow and waits for its end.",
        footer = {"", "Today a workflow is a job specification in JSON; Makeflow and other languages are planned."})
final class RunCommand extends ClusterCommand {
    @Parameters(paramLabel = "FILE", description = "The workflow: a .json file, or - for standard input")
    private String file;

    @Option(names = "--detach", description = "Print the id of the job and do not wait")
    private boolean detach;

    RunCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (!file.equals("-") && !file.endsWith(".json")) {
            throw Failure.user(file + " is not a .json file: a workflow is a job specification in JSON for now, other"
                    + " languages are planned");
        }
        var specification = Specification.read(file);
        var client = client();
        var submitted =
                client.submit(Json.compact(specification), UUID.randomUUID().toString());
        var id = submitted.path("id").asText();
        if (detach) {
            if (json) {
                print(submitted);
            } else {
                print(id);
            }
            return ExitCode.OK;
        }
        var watch = new JobWatch(client.with(patience()), terminal());
        watch.detachOnInterrupt(id);
        var ended = watch.untilEnd(submitted, json ? JobWatch.Output.NONE : SubmitCommand.output(specification));
        if (json) {
            print(ended);
        } else if (!"single".equals(ended.path("kind").asText())) {
            print(JobCommands.summary(ended));
        }
        return watch.exitCode(ended);
    }
}
