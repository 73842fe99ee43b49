package muster.executor.singularity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import muster.api.Names;
import org.jspecify.annotations.Nullable;

/** Apptainer or Singularity on this machine, tried before it is used. Thread-safe. */
final class Installation {
    private static final List<String> PROGRAMS = List.of("apptainer", "singularity");

    /** What of this machine the container of the trial needs to run a program of it. */
    private static final List<String> SYSTEM = List.of("/usr", "/bin", "/sbin", "/lib", "/lib64");

    /** What containers mount over. */
    private static final List<String> MOUNT_POINTS =
            List.of("dev", "etc", "home", "proc", "root", "sys", "tmp", "var/tmp");

    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final Duration LONGEST_TRIAL = Duration.ofSeconds(20);
    private static final int MOST_SAID = 2000;

    private final String search;
    private final Path data;
    private final String network;
    private final Executor thread;

    private volatile @Nullable ContainerRuntime runtime;
    private volatile String whyNot = "it is not tried yet whether containers can be made here; try again";
    private @Nullable CompletableFuture<Void> trial;

    /**
     * @param search where to look for it, as {@code PATH} has it
     * @param data folder for the trial
     * @param network that most tasks will have
     */
    Installation(String search, Path data, String network, Executor thread) {
        this.search = search;
        this.data = data;
        this.network = network;
        this.thread = thread;
    }

    /** What works; empty if nothing does, or it is not known yet. */
    Optional<ContainerRuntime> runtime() {
        return Optional.ofNullable(runtime);
    }

    /** Why there is no {@link #runtime}. */
    String whyNot() {
        return whyNot;
    }

    /** Looks for it and tries it, unless it is known to work. Waits half a second at most. */
    synchronized void look() {
        var known = runtime;
        if (known != null && Files.isExecutable(known.program())) {
            return;
        }
        runtime = null;
        var current = trial;
        if (current == null || current.isDone()) {
            current = CompletableFuture.runAsync(this::attempt, thread);
            trial = current;
        }
        try {
            current.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            return; // whyNot stands
        }
    }

    private void attempt() {
        var program = Stream.of(search.split(":"))
                .filter(folder -> !folder.isEmpty())
                .flatMap(folder -> PROGRAMS.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
        if (program.isEmpty()) {
            whyNot = "neither apptainer nor singularity is in the worker's PATH (" + Names.escape(search)
                    + "); install one of them (https://apptainer.org)";
            return;
        }
        try {
            var found = ContainerRuntime.of(
                    program.get(), call(List.of(program.get().toString(), "--version")));
            call(trial(found));
            runtime = found;
        } catch (IOException e) {
            whyNot = program.get() + " cannot make containers here: " + Names.escape(String.valueOf(e.getMessage()))
                    + "; see https://apptainer.org/docs/admin/latest, or set networks = host in"
                    + " muster.executor.singularity.cfg if it is the network that it refuses";
        }
    }

    /** A container made of this machine's own folders. */
    private List<String> trial(ContainerRuntime found) throws IOException {
        var root = data.resolve("trial");
        for (var point : MOUNT_POINTS) {
            Files.createDirectories(root.resolve(point));
        }
        var command = new ArrayList<>(found.exec());
        command.addAll(Container.network(network));
        for (var folder : SYSTEM) {
            if (Files.exists(Path.of(folder))) {
                Files.createDirectories(root.resolve(folder.substring(1)));
                command.addAll(Container.mount(Path.of(folder), folder, false));
            }
        }
        command.addAll(List.of(root.toString(), "/bin/true"));
        return command;
    }

    /** Runs a program to its end and returns what it printed. */
    private String call(List<String> command) throws IOException {
        var said = Files.createTempFile(Files.createDirectories(data), "said", "");
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectInput(Path.of("/dev/null").toFile());
        var process = builder.redirectOutput(said.toFile()).start();
        try {
            var ended = process.waitFor(LONGEST_TRIAL.toSeconds(), TimeUnit.SECONDS);
            var text = Files.readString(said).strip();
            if (!ended || process.exitValue() != 0) {
                throw new IOException(
                        ended
                                ? text.substring(Math.max(0, text.length() - MOST_SAID))
                                : "no answer within " + LONGEST_TRIAL.toSeconds() + " s");
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while trying " + command.get(0), e);
        } finally {
            process.destroyForcibly();
            Files.delete(said);
        }
    }
}
