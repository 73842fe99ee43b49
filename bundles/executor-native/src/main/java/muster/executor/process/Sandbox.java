package muster.executor.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import muster.api.executor.Attempt;
import muster.api.executor.Folders;
import muster.api.executor.Program;

/**
 * Shuts programs in by Bubblewrap: they see the system's folders, those that the operator allows and their own, none of
 * the worker's, no process but theirs, and have no capability. Thread-safe.
 */
final class Sandbox implements Function<Attempt, Program> {
    private static final List<String> SYSTEM =
            List.of("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store");

    /** Where tokens of a worker may lie, beside its own folders. */
    private static final String SECRETS = "/etc/muster";

    private static final long PATIENCE_SECONDS = 10;

    private final Path bubblewrap;
    private final Folders folders;
    private final Folders visible;
    private final List<Path> hidden;

    /**
     * Tries it.
     *
     * @param search where to find Bubblewrap, as {@code PATH} has it
     * @param hidden folders that no task sees, such as the worker's own
     * @throws IOException if it does not work here, and what to do
     */
    Sandbox(String search, Folders folders, List<Path> hidden) throws IOException {
        this.folders = folders;
        this.hidden = Stream.concat(hidden.stream(), Stream.of(Path.of(SECRETS)))
                .filter(Files::isDirectory)
                .toList();
        var all = folders;
        for (var folder : SYSTEM) {
            all = all.with(Path.of(folder), false);
        }
        visible = all;
        bubblewrap = Stream.of(search.split(":"))
                .map(folder -> Path.of(folder, "bwrap"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException("isolation = sandbox needs Bubblewrap, and no bwrap is in PATH ("
                        + search + "); install the package bubblewrap, or set isolation = limits"));
        attempt();
    }

    private void attempt() throws IOException {
        var command = arguments();
        command.addAll(List.of("--", "true"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectInput(Path.of("/dev/null").toFile());
        var process = builder.start();
        try (var out = process.getInputStream()) {
            var said = new String(out.readNBytes(1000), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("isolation = sandbox does not work here: " + said
                        + "; let this user make user namespaces, or set isolation = limits");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while trying " + bubblewrap, e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** What is the same for all. */
    private List<String> arguments() {
        var arguments = new ArrayList<>(List.of(
                bubblewrap.toString(),
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--unshare-cgroup-try",
                "--cap-drop",
                "ALL",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--tmpfs",
                "/tmp"));
        SYSTEM.forEach(folder -> arguments.addAll(List.of("--ro-bind-try", folder, folder)));
        folders.allowed().forEach(folder -> bind(arguments, folder.path(), folder.writable()));
        for (var folder : hidden) {
            if (visible.allowed().stream().anyMatch(shown -> folder.startsWith(shown.path()))) {
                arguments.addAll(List.of("--tmpfs", folder.toString()));
            }
        }
        return arguments;
    }

    private static void bind(List<String> arguments, Path path, boolean writable) {
        arguments.addAll(List.of(writable ? "--bind-try" : "--ro-bind-try", path.toString(), path.toString()));
    }

    /** The program of an attempt, in the sandbox. INVALID if it asks for what it would not see there. */
    @Override
    public Program apply(Attempt attempt) {
        var task = attempt.task();
        var program = Programs.resolve(attempt);
        var arguments = arguments();
        var seen = visible;
        if (task.workingDirectory() == null) {
            seen = seen.with(program.directory(), true);
            bind(arguments, program.directory(), true);
        } else {
            folders.require("working directory", program.directory(), true);
        }
        var scratch = attempt.environment().get("MUSTER_SCRATCH");
        if (scratch != null) {
            seen = seen.with(Path.of(scratch), true);
            bind(arguments, Path.of(scratch), true);
        }
        var secrets = attempt.environment().get("MUSTER_SECRETS");
        if (secrets != null) {
            seen = seen.with(Path.of(secrets), false);
            bind(arguments, Path.of(secrets), false);
        }
        seen.require("command", program.file(), false);
        if (task.stdin() != null) {
            seen.require("stdin", program.stdin(), false);
        }
        if (task.stdout() != null) {
            seen.requireFile("stdout", program.stdout(), true);
        }
        if (task.stderr() != null) {
            seen.requireFile("stderr", program.stderr(), true);
        }
        if (!attempt.gpus().isEmpty()) {
            devices().forEach(device -> arguments.addAll(List.of("--dev-bind-try", device, device)));
        }
        arguments.addAll(List.of("--chdir", program.directory().toString(), "--"));
        arguments.addAll(task.command());
        return new Program(
                bubblewrap,
                arguments,
                program.environment(),
                program.directory(),
                program.stdin(),
                program.stdout(),
                program.outputMode(),
                program.stderr(),
                program.errorMode(),
                true);
    }

    private static List<String> devices() {
        var names = Path.of("/dev").toFile().list((folder, name) -> name.startsWith("nvidia"));
        return Stream.of(names == null ? new String[0] : names)
                .map(name -> "/dev/" + name)
                .toList();
    }
}
