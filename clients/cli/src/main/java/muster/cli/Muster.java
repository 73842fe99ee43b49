package muster.cli;

import java.util.LinkedHashMap;
import java.util.Map;
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
        footer = {
            "",
            "The cluster is found by --url and --token, then MUSTER_URL and MUSTER_TOKEN, then MUSTER_DIR, then the"
                    + " newest cluster that 'muster up' started here. A name and password stand in --password-file or"
                    + " MUSTER_PASSWORD_FILE. These options and --json stand before or behind the command.",
            "In a checkout, 'muster build' and 'muster test' build and test Muster itself."
        })
final class Muster implements Runnable {
    /** The commands by name, in the order of the help. */
    static final Map<String, Class<?>> COMMANDS = commands();

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

    private static Map<String, Class<?>> commands() {
        var commands = new LinkedHashMap<String, Class<?>>();
        commands.put("submit", SubmitCommand.class);
        commands.put("run", RunCommand.class);
        commands.put("job", JobCommands.class);
        commands.put("task", TaskCommands.class);
        commands.put("cp", CopyCommand.class);
        commands.put("worker", WorkerCommands.class);
        commands.put("token", TokenCommands.class);
        commands.put("status", StatusCommand.class);
        commands.put("openapi", OpenApiCommand.class);
        commands.put("up", UpCommand.class);
        commands.put("down", DownCommand.class);
        commands.put("store", StoreCommands.class);
        commands.put("demo", DemoCommand.class);
        commands.put("chaos", ChaosCommand.class);
        commands.put("bench", BenchCommand.class);
        commands.put("completion", CompletionCommand.class);
        commands.put("help", HelpCommand.class);
        return commands;
    }
}
