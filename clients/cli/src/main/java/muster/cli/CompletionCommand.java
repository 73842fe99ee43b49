package muster.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints a script that completes command lines. */
@Command(
        name = "completion",
        description = "Prints a completion script; use it by: source <(muster completion bash)",
        mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(paramLabel = "SHELL", description = "bash or zsh", completionCandidates = Shells.class)
    private String shell;

    /** The shells that there is a script for. */
    private static final class Shells extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Shells() {
            super(List.of("bash", "zsh"));
        }
    }

    CompletionCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (!new Shells().contains(shell)) {
            throw Failure.user("there is no completion for '" + shell + "'; there is for bash and zsh");
        }
        // picocli's script loads zsh's emulation of bash by itself
        context.terminal().out().println(AutoComplete.bash("muster", Main.commandLine(context, "")));
        return ExitCode.OK;
    }
}
