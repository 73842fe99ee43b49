package muster.cli.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the processes of a cluster by what they say of themselves, so that no file with process ids can be stale: a
 * node has its folder as {@code -Dkaraf.base} among its arguments, a task has its scratch folder in its environment.
 */
public final class Processes {
    private static final String BASE = "-Dkaraf.base=";
    private static final String SCRATCH = "MUSTER_SCRATCH=";

    private final Path proc;

    Processes(Path proc) {
        this.proc = proc;
    }

    public static Processes ofMachine() {
        return new Processes(Path.of("/proc"));
    }

    /** The nodes of the cluster in this folder: process ids by node name. */
    public Map<String, Long> nodes(Path dir) {
        var nodes = new LinkedHashMap<String, Long>();
        each((pid, arguments) -> base(arguments)
                .filter(base -> dir.equals(base.getParent()))
                .ifPresent(base -> nodes.put(base.getFileName().toString(), pid)));
        return nodes;
    }

    /** The processes that tasks of this cluster's workers have left. */
    public List<Long> tasks(Path dir) {
        var tasks = new ArrayList<Long>();
        for (var pid : pids()) {
            for (var variable : words(pid, "environ")) {
                // DIR/w1/data/...: a cluster in a folder within this one is another
                if (variable.startsWith(SCRATCH + dir + "/")) {
                    var inside = dir.relativize(Path.of(variable.substring(SCRATCH.length())));
                    if (inside.getNameCount() > 1
                            && inside.getName(1).toString().equals("data")) {
                        tasks.add(pid);
                    }
                }
            }
        }
        return tasks;
    }

    private interface Visitor {
        void visit(long pid, List<String> arguments);
    }

    private void each(Visitor visitor) {
        if (Files.isDirectory(proc)) {
            pids().forEach(pid -> visitor.visit(pid, words(pid, "cmdline")));
            return;
        }
        ProcessHandle.allProcesses().forEach(process -> process.info()
                .arguments()
                .ifPresent(arguments -> visitor.visit(process.pid(), List.of(arguments))));
    }

    private static Optional<Path> base(List<String> arguments) {
        return arguments.stream()
                .filter(argument -> argument.startsWith(BASE))
                .map(argument -> Path.of(argument.substring(BASE.length())))
                .findFirst();
    }

    private List<Long> pids() {
        try (Stream<Path> entries = Files.list(proc)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.matches("[0-9]+"))
                    .map(Long::valueOf)
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private List<String> words(long pid, String file) {
        try {
            var bytes = Files.readAllBytes(proc.resolve(Long.toString(pid)).resolve(file));
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
        } catch (IOException e) {
            // it has ended, or is another user's
            return List.of();
        }
    }
}
