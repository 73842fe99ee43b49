package muster.executor.singularity;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Attempt;
import muster.api.executor.Folders;
import muster.api.executor.Program;
import org.jspecify.annotations.Nullable;

/** Makes the program that runs an attempt in a container. */
final class Container {
    private static final List<String> PARAMETERS = List.of("image", "pull", "network", "binds", "entrypoint");

    /** What the worker says of its own machine; an image has its own. */
    private static final Set<String> OF_THE_MACHINE = Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL");

    /** Marks by which the worker knows processes of tasks; the runtime's own have them too. */
    private static final String MARKS = "MUSTER_";

    /** A name that the runtime takes; one that it does not take lets it fail. */
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private static final String TMP = "/tmp";
    private static final Path NOTHING = Path.of("/dev/null");
    private static final int PRIVATE = 0600;
    private static final int SHARED = 0644;

    private Container() {}

    /**
     * The program of an attempt.
     *
     * @param image a file or a folder
     * @throws MusterException INVALID if it cannot be run, and why
     */
    static Program program(Attempt attempt, Path image, Settings settings, ContainerRuntime runtime) {
        var task = attempt.task();
        var parameters = task.parameters();
        var ofImage = parameters.bool("entrypoint").orElse(false);
        var directory = attempt.workingDirectory();
        if (directory.toString().indexOf(':') >= 0) {
            throw MusterException.invalid("working directory '" + directory
                    + "' has a ':' in its path, which the runtime" + " cannot mount; name another");
        }
        var arguments = new ArrayList<>(runtime.begin(ofImage ? "run" : "exec"));
        arguments.addAll(network(chosenNetwork(parameters.string("network").orElse(null), settings)));
        arguments.addAll(List.of("--home", directory.toString(), "--pwd", directory.toString()));
        mountOwn(attempt, directory, arguments);
        if (!attempt.gpus().isEmpty()) {
            arguments.add("--nv");
        }
        var stdout = attempt.stdout();
        var stderr = attempt.stderr();
        var environment = environment(attempt, runtime);
        return attempt.asUser(() -> {
            if (task.workingDirectory() != null) {
                settings.binds().require("working directory", directory, true);
            }
            settings.binds()
                    .mounts(parameters)
                    .forEach(mount -> arguments.addAll(mount(mount.source(), mount.target(), mount.writable())));
            arguments.add(image.toString());
            arguments.addAll(task.command());
            var seen = settings.binds().with(directory, true);
            return new Program(
                    runtime.program(),
                    arguments,
                    environment,
                    directory,
                    input(task.stdin(), directory, seen),
                    output("stdout", task.stdout(), stdout, seen),
                    task.stdout() == null ? PRIVATE : SHARED,
                    output("stderr", task.stderr(), stderr, seen),
                    task.stderr() == null ? PRIVATE : SHARED,
                    true);
        });
    }

    /** INVALID if an attempt is not one of this kind, whatever its image holds. */
    static void check(Attempt attempt) {
        var task = attempt.task();
        var parameters = task.parameters();
        parameters.requireOnly(task.executor(), PARAMETERS);
        if (task.command().isEmpty() && !parameters.bool("entrypoint").orElse(false)) {
            throw MusterException.invalid("the task has no command; give a program and its arguments, or"
                    + " --param entrypoint=true for what the image starts by itself");
        }
        for (var name : task.environment().keySet()) {
            if (!VARIABLE.matcher(name).matches()) {
                throw MusterException.invalid(
                        "variable '" + Names.escape(name) + "' cannot be given to containers of kind"
                                + " 'singularity', which take letters, digits and '_' in names; rename it");
            }
        }
        if (task.environment().containsKey("HOME")) {
            throw MusterException.invalid("variable 'HOME' cannot be set for tasks of kind 'singularity', whose home is"
                    + " their workspace; leave it out");
        }
    }

    private static String chosenNetwork(@Nullable String asked, Settings settings) {
        if (asked != null && !settings.networks().contains(asked)) {
            throw MusterException.invalid("network '" + Names.escape(asked) + "' is not allowed on this worker, which"
                    + " has " + String.join(", ", settings.networks())
                    + "; choose one, or have its operator add it to networks in muster.executor.singularity.cfg");
        }
        return asked == null ? settings.networks().get(0) : asked;
    }

    static List<String> network(String name) {
        return name.equals(Settings.HOST_NETWORK) ? List.of() : List.of("--net", "--network", name);
    }

    /**
     * Its scratch folder and its secrets. Its {@code /tmp} is the scratch folder, since the runtime's own is small; but not
     * where that would hide the workspace.
     */
    private static void mountOwn(Attempt attempt, Path directory, List<String> arguments) {
        var scratch = attempt.environment().get("MUSTER_SCRATCH");
        if (scratch != null) {
            if (!directory.startsWith(TMP) && !scratch.startsWith(TMP + "/")) {
                arguments.addAll(mount(Path.of(scratch), TMP, true));
            }
            if (!directory.startsWith(scratch)) {
                arguments.addAll(mount(Path.of(scratch), scratch, true));
            }
        }
        var secrets = attempt.environment().get("MUSTER_SECRETS");
        if (secrets != null) {
            arguments.addAll(mount(Path.of(secrets), secrets, false));
        }
    }

    static List<String> mount(Path source, String target, boolean writable) {
        return List.of(
                "--mount",
                "type=bind," + field("source=" + source) + "," + field("destination=" + target)
                        + (writable ? "" : ",ro"));
    }

    /** A field of a line of comma-separated values. */
    private static String field(String text) {
        return "\"" + text.replace("\"", "\"\"") + "\"";
    }

    private static Map<String, String> environment(Attempt attempt, ContainerRuntime runtime) {
        var own = attempt.task().environment();
        var all = new TreeMap<String, String>();
        attempt.environment().forEach((name, value) -> {
            if ((!OF_THE_MACHINE.contains(name) || own.containsKey(name))
                    && VARIABLE.matcher(name).matches()) {
                all.put(runtime.inside(name), value);
            }
            if (name.startsWith(MARKS) || (OF_THE_MACHINE.contains(name) && !own.containsKey(name))) {
                all.put(name, value);
            }
        });
        // it looks there for what it needs itself
        all.put("PATH", System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
        return all;
    }

    private static Path input(@Nullable String stdin, Path directory, Folders seen) {
        if (stdin == null) {
            return NOTHING;
        }
        var file = directory.resolve(stdin);
        var name = "stdin '" + Names.escape(stdin) + "'";
        if (!Files.exists(file)) {
            throw MusterException.invalid(
                    name + " is not there: no file " + file + "; make it before the task runs or correct the path");
        }
        var real = seen.require("stdin", file, false);
        if (!Files.isRegularFile(real)) {
            throw MusterException.invalid(name + " cannot be read: " + file + "; name a file");
        }
        return real;
    }

    /** The worker itself opens the files of output: a task may name none that it could not write itself. */
    private static Path output(String stream, @Nullable String asked, Path file, Folders seen) {
        if (asked == null) {
            return file;
        }
        var real = seen.requireFile(stream, file, true);
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw MusterException.invalid(stream + " '" + file + "' is no plain file; name one in the workspace");
        }
        return real;
    }
}
