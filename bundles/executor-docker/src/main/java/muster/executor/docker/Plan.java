package muster.executor.docker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskSpec;
import muster.api.executor.Attempt;
import muster.api.executor.Folders;
import muster.api.executor.Folders.Mount;
import muster.api.executor.Pull;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt asks of the daemon.
 *
 * @param container body of the request that makes the container; equal for attempts that one container may have
 * @param exec body of the request that makes the command in a warm container; null if it is the container's own
 * @param program what the command starts; empty if the image says it
 * @param stdin null for none
 * @param oneFile whether both streams go to the file of the first
 */
record Plan(
        String image,
        Pull pull,
        ObjectNode container,
        @Nullable ObjectNode exec,
        String program,
        @Nullable Path stdin,
        Path stdout,
        Path stderr,
        boolean oneFile) {
    /** Label with the token of the worker's own folder, which tells whose a container is. */
    static final String OWNER = "muster.owner";

    /** Label with the time at which this executor started. */
    static final String INSTANCE = "muster.instance";

    /** Label with what a container is for. */
    static final String NAME = "muster.name";

    private static final List<String> PARAMETERS = List.of("image", "pull", "network", "user", "binds", "entrypoint");

    /** What the worker says of its own machine; an image has its own. */
    private static final Set<String> OF_THE_MACHINE = Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL");

    private static final long PERIOD_MICROS = 100_000;
    private static final long SHORTEST_QUOTA_MICROS = 1_000;

    /** Who asks. */
    record Owner(String token, String instance, String workerUser) {}

    /** @throws MusterException INVALID if it cannot be run, and why */
    static Plan of(Attempt attempt, Settings settings, Owner owner) {
        var task = attempt.task();
        var parameters = task.parameters();
        parameters.requireOnly(task.executor(), PARAMETERS);
        var image = parameters
                .string("image")
                .filter(name -> !name.isBlank())
                .orElseThrow(() -> MusterException.invalid("the task names no image; give --param image=NAME[:TAG]"));
        var ofImage = parameters.bool("entrypoint").orElse(false);
        if (task.command().isEmpty() && !ofImage) {
            throw MusterException.invalid("the task has no command; give a program and its arguments, or"
                    + " --param entrypoint=true for what the image starts by itself");
        }
        var session = attempt.session();
        if (session != null) {
            requireMerelyWarm(task, ofImage);
        }
        var directory = attempt.workingDirectory();
        var binds = settings.binds();
        var mounts = new ArrayList<Mount>();
        if (task.workingDirectory() != null) {
            mounts.add(new Mount(binds.require("working directory", directory, true), directory.toString(), true));
        }
        // the folder of a session has those of its attempts in it
        var own = session == null ? directory : session.workspace();
        if (task.workingDirectory() == null || session != null) {
            mounts.add(new Mount(own, own.toString(), true));
        }
        if (session == null) {
            mountScratch(attempt, directory, mounts);
            mountSecrets(attempt, mounts);
        }
        mounts.addAll(binds.mounts(parameters));
        var stdin = task.stdin() == null ? null : input(task.stdin(), directory, binds);
        var stdout = attempt.stdout();
        var stderr = attempt.stderr();
        requireReachable("stdout", task.stdout(), stdout, directory, binds);
        requireReachable("stderr", task.stderr(), stderr, directory, binds);
        var oneFile = stdout.equals(stderr);

        var container = Reply.JSON.createObjectNode().put("Image", image);
        var process = session == null ? container : Reply.JSON.createObjectNode();
        command(process, task.command(), session != null ? "Cmd" : "Entrypoint", ofImage, oneFile);
        environment(process, attempt, directory);
        process.put("WorkingDir", directory.toString());
        attach(process, stdin != null);
        if (session != null) {
            WarmContainers.COMMAND.forEach(container.putArray("Entrypoint")::add);
            attach(container, true);
            // its processes would be taken for what a task left
            container.putObject("Healthcheck").putArray("Test").add("NONE");
        }
        var input = session != null || stdin != null;
        container.put("OpenStdin", input).put("StdinOnce", input);
        user(parameters.string("user").orElse(null), settings, attempt, owner)
                .ifPresent(user -> container.put("User", user));
        var host = container.putObject("HostConfig");
        host.put("Init", true); // forwards signals, and takes what loses its parent
        host.put("NetworkMode", network(parameters.string("network").orElse(null), settings));
        host.putArray("SecurityOpt").add("no-new-privileges");
        host.putObject("LogConfig").put("Type", "none");
        limits(host, attempt, settings);
        var list = host.putArray("Mounts");
        for (var mount : mounts) {
            list.addObject()
                    .put("Type", "bind")
                    .put("Source", settings.there(mount.source()).toString())
                    .put("Target", mount.target())
                    .put("ReadOnly", !mount.writable());
        }
        return new Plan(
                image,
                Pull.of(parameters, settings.pull()),
                container,
                session == null ? null : process,
                task.command().isEmpty() ? "" : task.command().get(0),
                stdin,
                stdout,
                stderr,
                oneFile);
    }

    private static void requireMerelyWarm(TaskSpec task, boolean ofImage) {
        var asked = task.session();
        if (asked != null && !asked.isMerelyWarm()) {
            throw MusterException.invalid("executor '" + task.executor()
                    + "' keeps containers warm in a session, and no objects; leave 'makes' and 'takes' out, and pass"
                    + " what tasks make as files");
        }
        if (ofImage) {
            throw MusterException.invalid("parameter 'entrypoint' does not go with a session, whose containers start"
                    + " before the task; give the command, or leave 'session' out");
        }
    }

    /** The image, as messages name it. */
    String imageName() {
        return "image '" + Names.escape(image) + "'";
    }

    String notRunnable(String why) {
        return "command '" + Names.escape(program) + "' cannot be run in " + imageName() + ": "
                + Names.escape(why.strip());
    }

    /** Whether the first process of its container has standard input. */
    boolean readsInput() {
        return container.path("OpenStdin").asBoolean();
    }

    /** The body of the request that makes the container, with labels by which it is found after a crash. */
    ObjectNode labeled(String name, Owner owner) {
        var labeled = container.deepCopy();
        labeled.putObject("Labels")
                .put(OWNER, owner.token)
                .put(INSTANCE, owner.instance)
                .put(NAME, name);
        return labeled;
    }

    private static void mountScratch(Attempt attempt, Path directory, List<Mount> mounts) {
        var scratch = attempt.environment().get("MUSTER_SCRATCH");
        if (scratch != null && !directory.startsWith(scratch)) {
            mounts.add(new Mount(Path.of(scratch), scratch, true));
        }
    }

    private static void mountSecrets(Attempt attempt, List<Mount> mounts) {
        var secrets = attempt.environment().get("MUSTER_SECRETS");
        if (secrets != null) {
            mounts.add(new Mount(Path.of(secrets), secrets, false));
        }
    }

    private static void attach(ObjectNode process, boolean stdin) {
        process.put("AttachStdin", stdin).put("AttachStdout", true).put("AttachStderr", true);
        process.put("Tty", false);
    }

    private static void command(
            ObjectNode process, List<String> command, String key, boolean ofImage, boolean oneFile) {
        if (ofImage && oneFile) {
            throw MusterException.invalid("stdout and stderr of a task with the parameter 'entrypoint' cannot be one"
                    + " file; name two, or give the command");
        }
        var list = process.putArray(ofImage ? "Cmd" : key);
        if (oneFile) {
            // the daemon carries the streams apart: only a common descriptor keeps their order
            List.of("sh", "-c", "exec \"$@\" 2>&1", "sh").forEach(list::add);
        }
        command.forEach(list::add);
        if (ofImage && command.isEmpty()) {
            process.remove("Cmd");
        }
    }

    private static void environment(ObjectNode process, Attempt attempt, Path directory) {
        var own = attempt.task().environment();
        var list = process.putArray("Env");
        attempt.environment().forEach((name, value) -> {
            if (!OF_THE_MACHINE.contains(name) || own.containsKey(name)) {
                list.add(name + "=" + value);
            }
        });
        if (!own.containsKey("HOME")) {
            list.add("HOME=" + directory);
        }
    }

    private static Optional<String> user(@Nullable String asked, Settings settings, Attempt attempt, Owner owner) {
        var user = settings.user();
        if (asked != null && !user.equals("task")) {
            throw MusterException.invalid("parameter 'user' is not allowed on this worker; leave it out, or have its"
                    + " operator set user = task in muster.executor.docker.cfg");
        }
        return switch (user) {
            case "worker" ->
                Optional.of(attempt.user()
                        .map(ofTasks -> ofTasks.uid() + ":" + ofTasks.gid())
                        .orElse(owner.workerUser));
            case "image" -> Optional.empty();
            case "task" -> Optional.ofNullable(asked);
            default -> Optional.of(user);
        };
    }

    private static String network(@Nullable String asked, Settings settings) {
        if (asked != null && !settings.networks().contains(asked)) {
            throw MusterException.invalid("network '" + Names.escape(asked) + "' is not allowed on this worker, which"
                    + " has " + String.join(", ", settings.networks())
                    + "; choose one, or have its operator add it to networks in muster.executor.docker.cfg");
        }
        return asked == null ? settings.networks().get(0) : asked;
    }

    private static void limits(ObjectNode host, Attempt attempt, Settings settings) {
        var resources = attempt.task().resources();
        if (resources.cores() > 0) {
            host.put("CpuPeriod", PERIOD_MICROS);
            host.put("CpuQuota", Math.max(SHORTEST_QUOTA_MICROS, Math.round(resources.cores() * PERIOD_MICROS)));
        }
        if (resources.memoryBytes() > 0) {
            host.put("Memory", resources.memoryBytes());
            host.put("MemorySwap", resources.memoryBytes());
        }
        if (settings.processes() > 0) {
            host.put("PidsLimit", settings.processes());
        }
        if (!attempt.gpus().isEmpty()) {
            var request = host.putArray("DeviceRequests").addObject().put("Driver", "nvidia");
            var ids = request.putArray("DeviceIDs");
            attempt.gpus().forEach(gpu -> ids.add(gpu.toString()));
            request.putArray("Capabilities").addArray().add("gpu");
        }
    }

    private static Path input(String stdin, Path directory, Folders binds) {
        var file = directory.resolve(stdin);
        var name = "stdin '" + Names.escape(stdin) + "'";
        if (!Files.exists(file)) {
            throw MusterException.invalid(
                    name + " is not there: no file " + file + "; make it before the task runs or correct the path");
        }
        if (!Folders.isIn(file, directory)) {
            return requireRegular(name, binds.require("stdin", file, false));
        }
        return requireRegular(name, file);
    }

    private static Path requireRegular(String name, Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw MusterException.invalid(name + " cannot be read: " + file + "; name a file");
        }
        return file;
    }

    /** The worker itself writes the files of output: a task may name none that it could not write itself. */
    private static void requireReachable(
            String stream, @Nullable String asked, Path file, Path directory, Folders binds) {
        var parent = file.getParent();
        if (asked == null || parent == null || Folders.isIn(file, directory)) {
            return;
        }
        if (Files.isSymbolicLink(file) || (Files.exists(file) && !Files.isRegularFile(file))) {
            throw MusterException.invalid(stream + " '" + file + "' is no plain file; name one in the workspace");
        }
        binds.require(stream + " in", parent, true);
    }
}
