package muster.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import muster.cli.terminal.Table;
import muster.cli.terminal.Terminal;

/** Loads the classes that commands need, so that the launcher can archive them for fast starts. */
final class ArchiveTraining {
    private ArchiveTraining() {}

    /** Runs command lines that need no manager, and one that does not find it. */
    public static void main(String[] arguments) {
        var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var terminal = new Terminal(nowhere, nowhere, true, true, Map.of("COLUMNS", "80"));
        var token = "muster-" + "A".repeat(43) + "." + "A".repeat(43);
        var environment = Map.of("MUSTER_URL", "https://127.0.0.1:1", "MUSTER_TOKEN", token);
        Main.version();
        Main.run(terminal, environment, "--help");
        Main.run(terminal, environment, "submit", "--name", "x", "--cores", "2", "--dry-run", "--", "true");
        Main.run(terminal, environment, "submit", "--array", "0-9", "--", "true");
        Main.run(terminal, environment, "job", "list");
        Main.run(terminal, environment, "status");
        Main.run(terminal, environment, "nothing");
        new Table("ID", "STATE").states(1).row("1", "running").print(terminal);
    }
}
