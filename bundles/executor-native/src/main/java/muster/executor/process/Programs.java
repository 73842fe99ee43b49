package muster.executor.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;
import muster.api.executor.Program;
import org.jspecify.annotations.Nullable;

/** Makes programs of attempts, as a shell would find them, and says exactly why one cannot be run. */
final class Programs {
    /** Where commands are looked for when the environment has no {@code PATH}. */
    private static final String DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

    private static final Path NOTHING = Path.of("/dev/null");
    private static final Path DEVICES = Path.of("/dev");

    /** Files that the worker keeps are for itself; those that a user names are as a shell would make them. */
    private static final int PRIVATE = 0600;

    private static final int SHARED = 0644;

    private Programs() {}

    /** @throws MusterException INVALID if it cannot be run, and why */
    static Program resolve(Attempt attempt) {
        var task = attempt.task();
        task.parameters().requireOnly(task.executor(), List.of());
        if (task.command().isEmpty()) {
            throw MusterException.invalid("the task has no command; give a program and its arguments");
        }
        var environment = attempt.environment();
        var directory = attempt.workingDirectory();
        var stdout = attempt.stdout();
        var stderr = attempt.stderr();
        return attempt.asUser(() -> new Program(
                find(task.command().get(0), environment, directory, worker(environment)),
                task.command(),
                environment,
                directory,
                input(task.stdin(), directory, worker(environment)),
                output("stdout", stdout, task.stdout()),
                task.stdout() == null ? PRIVATE : SHARED,
                output("stderr", stderr, task.stderr()),
                task.stderr() == null ? PRIVATE : SHARED,
                false));
    }

    private static String worker(Map<String, String> environment) {
        var name = environment.get("MUSTER_WORKER");
        return name == null ? "this worker" : "worker '" + name + "'";
    }

    private static Path find(String command, Map<String, String> environment, Path directory, String worker) {
        var name = "command '" + Names.escape(command) + "'";
        if (command.isEmpty()) {
            throw MusterException.invalid("the command's name is empty; give a program");
        }
        if (command.indexOf('/') >= 0) {
            var file = path(name, directory, command);
            if (!isRunnable(file)) {
                throw refused(name, file, worker);
            }
            return file;
        }
        var search = environment.getOrDefault("PATH", DEFAULT_PATH);
        // an empty entry means the working directory, as in a shell
        var candidates = Arrays.stream(search.split(":", -1))
                .map(entry -> path(name, path("PATH entry '" + entry + "'", directory, entry), command))
                .toList();
        for (var file : candidates) {
            if (isRunnable(file)) {
                return file;
            }
        }
        for (var file : candidates) {
            if (Files.isRegularFile(file)) {
                throw refused(name, file, worker);
            }
        }
        throw MusterException.invalid(name + " is not in PATH (" + Names.escape(search) + "); install it on " + worker
                + " or give a full path");
    }

    private static boolean isRunnable(Path file) {
        return may(file, LibC.X_OK) && !Files.isDirectory(file);
    }

    /** By the rights to files that this thread has, unlike {@link Files#isReadable} and its like. */
    private static boolean may(Path file, int mode) {
        return LibC.faccessat(LibC.AT_FDCWD, LibC.path(file), mode, LibC.AT_EACCESS) == 0;
    }

    private static MusterException refused(String name, Path file, String worker) {
        if (Files.isDirectory(file)) {
            return MusterException.invalid(name + " is a directory, " + file + "; name a program");
        }
        if (!Files.exists(file)) {
            return MusterException.invalid(
                    name + " is not there: no file " + file + "; install it on " + worker + " or correct the path");
        }
        return MusterException.invalid(name + " is not executable; run chmod +x " + file + " on " + worker
                + ", or name the program that reads it before it");
    }

    private static Path input(@Nullable String stdin, Path directory, String worker) {
        if (stdin == null) {
            return NOTHING;
        }
        var file = path("stdin '" + Names.escape(stdin) + "'", directory, stdin);
        if (!Files.exists(file)) {
            throw MusterException.invalid("stdin '" + Names.escape(stdin) + "' is not there: no file " + file + " on "
                    + worker + "; make it before the task runs or correct the path");
        }
        if (Files.isDirectory(file) || !may(file, LibC.R_OK)) {
            throw MusterException.invalid("stdin '" + Names.escape(stdin) + "' cannot be read: " + file + " on "
                    + worker + (Files.isDirectory(file) ? " is a directory" : " is not readable") + "; name a file");
        }
        requireNoPipe("stdin", file);
        return file;
    }

    private static Path output(String stream, Path file, @Nullable String asked) {
        if (asked != null) {
            requireNoPipe(stream, file);
        }
        return file;
    }

    /** Opening a pipe would wait for its other end, and with it everything that waits to be started. */
    private static void requireNoPipe(String stream, Path file) {
        try {
            if (!file.startsWith(DEVICES)
                    && Files.readAttributes(file, BasicFileAttributes.class).isOther()) {
                throw MusterException.invalid(stream + " '" + file + "' is a pipe, socket or device; name a file, or"
                        + " redirect inside the command: sh -c 'exec program < " + file + "'");
            }
        } catch (IOException e) {
            return; // not there yet: it is made
        }
    }

    private static Path path(String what, Path directory, String path) {
        try {
            return directory.resolve(path);
        } catch (InvalidPathException e) {
            throw new MusterException(
                    ErrorCode.INVALID,
                    what + " is no path on this worker, whose file names are in "
                            + System.getProperty("sun.jnu.encoding") + "; start it with LC_ALL=C.UTF-8",
                    e);
        }
    }

    /** Why a program that looked well could not be started. */
    static Outcome explain(Attempt attempt, Program program, int error) {
        var task = attempt.task();
        var name = "command '" + Names.escape(task.command().get(0)) + "'";
        var because = LibC.strerror(error);
        switch (error) {
            case LibC.E2BIG:
                return invalid(name + " has more arguments and environment than this system takes (" + because
                        + "); put them into a file");
            case LibC.ENOEXEC:
                return invalid(name + " is " + program.file() + ", which this machine cannot run (" + because
                        + "); begin a script with #!/bin/sh, or build the program for this machine");
            case LibC.EAGAIN, LibC.ENOMEM, LibC.ENFILE, LibC.EMFILE:
                return Outcome.failure(
                        Cause.EXECUTOR,
                        "no process can be started (" + because + "); raise this user's limits of processes,"
                                + " descriptors and memory on the worker, or give it fewer slots");
            case LibC.ENOSPC:
                return Outcome.failure(
                        Cause.DISK_LIMIT,
                        "the disk of " + program.stdout() + " is full (" + because + "); free some space");
            default:
                break;
        }
        if (!Files.isDirectory(program.directory())) {
            return invalid("working directory '" + program.directory() + "' is not there; make it on the worker");
        }
        if (!may(program.directory(), LibC.X_OK)) {
            return invalid("working directory '" + program.directory() + "' may not be entered (" + because
                    + "); change its mode");
        }
        for (var file : new Path[] {program.stdout(), program.stderr()}) {
            var folder = file.getParent();
            if (Files.exists(file) ? !may(file, LibC.W_OK) : folder != null && !may(folder, LibC.W_OK)) {
                return Outcome.failure(
                        task.stdout() == null && task.stderr() == null ? Cause.EXECUTOR : Cause.INVALID,
                        "output cannot be written to '" + file + "' (" + because
                                + "); make its folder, or change its mode");
            }
            if (Files.isDirectory(file)) {
                return invalid("output cannot be written to '" + file + "', a directory; name a file in it");
            }
        }
        if (may(program.file(), LibC.X_OK)) {
            var interpreter = interpreter(program.file());
            return invalid(name + " is " + program.file() + ", which cannot be run (" + because + "); "
                    + (interpreter.isEmpty()
                            ? "see whether its loader is installed and its disk not mounted noexec"
                            : "see whether its first line names a program that is there: " + interpreter));
        }
        return Outcome.failure(Cause.EXECUTOR, name + " could not be started (" + because + "); try again");
    }

    /** The first line of a script after {@code #!}; empty for what is no script. */
    private static String interpreter(Path file) {
        try (var in = Files.newInputStream(file)) {
            var start = new String(in.readNBytes(256), StandardCharsets.ISO_8859_1);
            return start.startsWith("#!")
                    ? Names.escape(start.substring(2).lines().findFirst().orElse(""))
                    : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static Outcome invalid(String message) {
        return Outcome.failure(Cause.INVALID, message);
    }
}
