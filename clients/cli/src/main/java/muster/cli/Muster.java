package muster.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The root of the commands. */
@Command(
        name = "muster",
        description = "Turns a pile of machines into one: submits jobs, watches them, and runs clusters.",
        mixinStandardHelpOptions = true,
        versionProvider = Muster.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            SubmitCommand.class,
            RunCommand.class,
            JobCommands.class,
            TaskCommands.class,
            WorkerCommands.class,
            StatusCommand.class,
            OpenApiCommand.class,
            UpCommand.class,
            DownCommand.class,
            DemoCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "The cluster is found by --url and --token, then MUSTER_URL and MUSTER_TOKEN, then MUSTER_DIR, then the"
                    + " newest cluster that 'muster up' started here.",
            "In a checkout, 'muster build' and 'muster test' build and test Muster itself."
        })
final class Muster implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Says what {@code --version} prints. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {Main.version()};
        }
    }
}
