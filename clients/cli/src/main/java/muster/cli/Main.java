package muster.cli;

import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.terminal.Colour;
import muster.cli.terminal.OutputClosed;
import muster.cli.terminal.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Runs one command line. */
public final class Main {
    /** Options with a value that say which cluster, and who asks it. */
    private static final Set<String> OF_CLUSTER = Set.of("--url", "--token", "--password-file", "--ca");

    private Main() {}

    public static void main(String[] arguments) {
        if (arguments.length == 1 && (arguments[0].equals("--version") || arguments[0].equals("-V"))) {
            // asked often and by scripts: answered before the commands are built
            System.out.println(version());
            return;
        }
        System.exit(run(Terminal.ofProcess(), System.getenv(), arguments));
    }

    /** Runs a command line and returns its exit code. */
    static int run(Terminal terminal, Map<String, String> environment, String... arguments) {
        var ordered = verbFirst(arguments);
        var first = ordered.length == 0 ? "" : ordered[0];
        return commandLine(new Context(terminal, environment), first).execute(ordered);
    }

    /**
     * Moves the options that say which cluster and how to print from before the command to behind it, where the command
     * takes or refuses them: {@code --json job list} becomes {@code job list --json}.
     */
    static String[] verbFirst(String... arguments) {
        var verb = new ArrayList<String>();
        var moved = new ArrayList<String>();
        var complete = false;
        var next = 0;
        while (next < arguments.length && !complete) {
            var argument = arguments[next];
            if (argument.equals("--json")
                    || OF_CLUSTER.stream().anyMatch(option -> argument.startsWith(option + "="))) {
                moved.add(argument);
            } else if (OF_CLUSTER.contains(argument) && next + 1 < arguments.length) {
                moved.add(argument);
                moved.add(arguments[++next]);
            } else if (verb.isEmpty() && Muster.COMMANDS.containsKey(argument)) {
                verb.add(argument);
                complete = !CommandGroup.class.isAssignableFrom(Muster.COMMANDS.get(argument));
            } else if (!verb.isEmpty() && !argument.startsWith("-")) {
                verb.add(argument);
                complete = true;
            } else {
                break;
            }
            next++;
        }
        var rest = List.of(arguments).subList(next, arguments.length);
        return Stream.of(verb, complete ? moved : List.<String>of(), rest)
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    static String version() {
        var version = Main.class.getPackage().getImplementationVersion();
        return "muster " + (version == null ? "(unpackaged)" : version);
    }

    /**
     * Builds the commands.
     *
     * @param first word of the command line: if it names a command, the others are left out, which halves the time
     */
    static CommandLine commandLine(Context context, String first) {
        var terminal = context.terminal();
        var commandLine = new CommandLine(new Muster(), context.factory());
        var one = Muster.COMMANDS.containsKey(first) && !first.equals("help");
        Muster.COMMANDS.forEach((name, command) -> {
            if (!one || name.equals(first)) {
                commandLine.addSubcommand(name, command);
            }
        });
        var plain = !terminal.outIsTerminal()
                || !context.environment().getOrDefault("NO_COLOR", "").isEmpty();
        commandLine
                .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .setColorScheme(CommandLine.Help.defaultColorScheme(plain ? Ansi.OFF : Ansi.ON))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, unparsed) -> refuse(context, e))
                .setExecutionExceptionHandler((e, command, parsed) -> fail(context, e));
        commandLine.registerConverter(BigDecimal.class, Main::number);
        if (terminal.outIsTerminal()) {
            commandLine.setUsageHelpWidth(Math.max(60, Math.min(terminal.width(), 120)));
        }
        var submit = commandLine.getSubcommands().get("submit");
        if (submit != null) {
            // what follows the command to submit is its own
            submit.setStopAtPositional(true);
        }
        return commandLine;
    }

    private static BigDecimal number(String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw new CommandLine.TypeConversionException("'" + text + "' is not a number; write such as 2 or 0.5");
        }
    }

    private static int refuse(Context context, CommandLine.ParameterException e) {
        var command = e.getCommandLine().getCommandSpec().qualifiedName();
        var message = e instanceof CommandLine.UnmatchedArgumentException unmatched
                        && "muster".equals(command)
                        && !unmatched.getUnmatched().get(0).startsWith("-")
                ? "'" + Terminal.safe(unmatched.getUnmatched().get(0)) + "' is not a command"
                : Terminal.safe(String.valueOf(e.getMessage()));
        report(context, message + "; see " + command + " --help");
        debug(context, e);
        return ExitCode.USER;
    }

    private static int fail(Context context, Exception e) {
        debug(context, e);
        if (e instanceof OutputClosed) {
            return ExitCode.OUTPUT_CLOSED;
        }
        if (e instanceof Failure failure) {
            report(context, Terminal.safe(failure.getMessage()));
            failure.details().forEach(line -> context.terminal().err().println("  " + Terminal.safe(line)));
            return failure.exitCode();
        }
        report(context, "a defect of muster: " + Terminal.safe(e.toString()) + "; MUSTER_DEBUG=1 shows where");
        return ExitCode.INTERNAL;
    }

    private static void report(Context context, String message) {
        var terminal = context.terminal();
        terminal.err().println(terminal.paintError(Colour.RED, "muster:") + " " + message);
    }

    private static void debug(Context context, Exception e) {
        if ("1".equals(context.environment().get("MUSTER_DEBUG"))) {
            e.printStackTrace(context.terminal().err());
        }
    }
}
