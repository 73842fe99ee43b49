package muster.cli;

import muster.cli.client.ExitCode;
import picocli.CommandLine.Command;

/** Prints the description of the REST interface. */
@Command(name = "openapi", description = "Prints the OpenAPI document of the REST interface.")
final class OpenApiCommand extends ClusterCommand {
    OpenApiCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        print(client().text("/openapi.json").strip());
        return ExitCode.OK;
    }
}
