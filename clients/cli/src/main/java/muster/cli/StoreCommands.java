package muster.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import muster.cli.client.Failure;
import muster.cli.local.Installation;
import muster.cli.local.ManagerStore;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about the files in which a manager of this machine keeps jobs and results. */
@Command(
        name = "store",
        description = "Looks after the store of a manager on this machine.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {StoreCommands.Verify.class, StoreCommands.Backup.class, StoreCommands.Restore.class})
final class StoreCommands extends CommandGroup {
    /** One that lets a program of the manager's distribution do the work. */
    abstract static class Tool implements Callable<Integer> {
        private static final String PROGRAM = "muster.manager.store.StoreTool";

        private final Context context;

        @Option(
                names = "--dir",
                paramLabel = "DIR",
                description = "The cluster's folder, or the manager's own; by default KARAF_BASE, MUSTER_DIR, the"
                        + " cluster started here last, or where 'muster up' keeps one")
        private @Nullable Path dir;

        Tool(Context context) {
            this.context = context;
        }

        /** The manager's SQLite file. */
        final Path store(String verb, Path backup) {
            return ManagerStore.of(place(), context.environment()).sqlite(verb, backup.toString());
        }

        private Path place() {
            if (dir != null) {
                return dir;
            }
            var environment = context.environment();
            var base = environment.getOrDefault("KARAF_BASE", "");
            var folder = base.isBlank() ? context.configuration().folder() : Path.of(base);
            return folder != null ? folder : Installation.ofProcess().defaultDir(environment);
        }

        final int run(String verb, Path... files) {
            var command = new ArrayList<String>();
            command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
            command.add("-cp");
            command.add(Installation.ofProcess().storeTool().stream()
                    .map(Path::toString)
                    .collect(Collectors.joining(File.pathSeparator)));
            command.add(PROGRAM);
            command.add(verb);
            for (var file : files) {
                command.add(file.toAbsolutePath().toString());
            }
            try {
                return new ProcessBuilder(command).inheritIO().start().waitFor();
            } catch (IOException e) {
                throw Failure.external("cannot start " + command.get(0) + ": " + e, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Failure.external("interrupted", e);
            }
        }
    }

    @Command(
            name = "verify",
            description =
                    "Looks at every row of the store of a manager that is stopped, or of a backup. The exit code is"
                            + " 1 if something is damaged.",
            mixinStandardHelpOptions = true)
    static final class Verify extends Tool {
        @Parameters(paramLabel = "FILE", arity = "0..1", description = "A backup; the manager's store by default")
        private @Nullable Path file;

        Verify(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            return run("verify", file != null ? file : store("verify", Path.of("")));
        }
    }

    @Command(
            name = "backup",
            description = "Copies the store into a new file, also while the manager runs, and verifies that.",
            mixinStandardHelpOptions = true,
            footer = {"", "The folders 'security', 'objects' and 'outputs' of the manager are copied by other means."})
    static final class Backup extends Tool {
        @Parameters(paramLabel = "FILE", description = "Where to; not there yet")
        private Path file = Path.of("");

        Backup(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            return run("backup", store("backup", file), file);
        }
    }

    @Command(
            name = "restore",
            description = "Puts a backup in the place of the store of a manager that is stopped. What was there is kept"
                    + " beside it.",
            mixinStandardHelpOptions = true)
    static final class Restore extends Tool {
        @Parameters(paramLabel = "FILE", description = "The backup")
        private Path file = Path.of("");

        Restore(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            return run("restore", store("restore", file), file);
        }
    }
}
