package muster.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Processes of tasks that outlived a worker that crashed, found by the marks in their environment. */
final class Leftovers {
    /** Variable of every task: the work folder of its worker. */
    static final String MARK = "MUSTER_WORKSPACE_ROOT";

    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    private static final Path PROC = Path.of("/proc");
    private static final int MOST_PASSES = 5;
    private static final int PATIENCE_SECONDS = 5;

    private Leftovers() {}

    /**
     * Kills what tasks of this worker and work folder left running, with all descendants, and waits until they are gone.
     *
     * @return how many processes were killed
     */
    static int kill(String worker, Path work) {
        var marks = Set.of("MUSTER_WORKER=" + worker, MARK + "=" + work);
        var spared = ownLine();
        var killed = new HashSet<Long>();
        // again, for what forked while it was looked at
        for (var pass = 0; pass < MOST_PASSES; pass++) {
            var found = new LinkedHashSet<ProcessHandle>();
            for (var process : marked(marks)) {
                process.descendants().forEach(found::add);
                found.add(process);
            }
            found.removeIf(process -> spared.contains(process.pid()));
            if (found.isEmpty()) {
                return killed.size();
            }
            for (var process : found) {
                process.destroyForcibly();
                killed.add(process.pid());
            }
            found.forEach(Leftovers::await);
        }
        LOG.warn(
                "Processes of former tasks of worker '{}' cannot be killed; look for {} in /proc/*/environ",
                worker,
                MARK);
        return killed.size();
    }

    /** This process and those that it descends from: a worker may itself run inside a task. */
    private static Set<Long> ownLine() {
        var line = new HashSet<Long>();
        var process = ProcessHandle.current();
        line.add(process.pid());
        for (var parent = process.parent();
                parent.isPresent();
                parent = parent.get().parent()) {
            line.add(parent.get().pid());
        }
        return line;
    }

    private static List<ProcessHandle> marked(Set<String> marks) {
        var found = new ArrayList<ProcessHandle>();
        try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var entry : entries) {
                if (isMarked(entry.resolve("environ"), marks)) {
                    ProcessHandle.of(Long.parseLong(entry.getFileName().toString()))
                            .ifPresent(found::add);
                }
            }
        } catch (IOException e) {
            LOG.warn("Cannot look for processes of former tasks: {}", e.toString());
        }
        return found;
    }

    private static boolean isMarked(Path environ, Set<String> marks) {
        try {
            var variables = new String(Files.readAllBytes(environ), StandardCharsets.UTF_8).split("\0");
            return List.of(variables).containsAll(marks);
        } catch (IOException e) {
            // another user's, or gone meanwhile
            return false;
        }
    }

    private static void await(ProcessHandle process) {
        try {
            process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.debug("Process {} does not end: {}", process.pid(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
