package muster.manager;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.manager.store.Store;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Throws away the manager's objects that no job takes or made, and lists of jobs that are no more. Thread-safe; does I/O. */
final class Sweeper {
    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);

    private final Store store;
    private final ManagerFiles files;
    private final Duration unused;
    private final Clock clock;

    /** @param unused how long an object stays that no job refers to */
    Sweeper(Store store, ManagerFiles files, Duration unused, Clock clock) {
        this.store = store;
        this.files = files;
        this.unused = unused;
        this.clock = clock;
    }

    /** Does it once; what fails is tried again the next time. */
    void run() {
        try {
            var removed = sweep();
            if (removed > 0) {
                LOG.info(
                        "{} files were deleted that no job refers to; see data.unused in etc/muster.manager.cfg",
                        removed);
            }
        } catch (IOException | RuntimeException e) {
            // one that is thrown on would be the last of the timer
            LOG.warn("Files that no job refers to are deleted later: {}", e.toString());
        }
    }

    /** How many objects were thrown away. */
    int sweep() throws IOException {
        var before = clock.instant().minus(unused);
        // first what is there, then who refers to it: what comes meanwhile is in no danger
        var garbage = files.idle(before);
        // of jobs that were deleted when their manager died, or whose store was set back
        var orphans = files.outputs().older(before);
        if (!garbage.isEmpty() || !orphans.isEmpty()) {
            store.jobs(job -> {
                orphans.remove(job.id());
                if (garbage.isEmpty()) {
                    return;
                }
                var tasks = tasks(job.spec().work());
                for (var task : tasks) {
                    task.inputs().forEach(input -> garbage.remove(input.source()));
                }
                if (tasks.stream().anyMatch(task -> !task.outputs().isEmpty())) {
                    files.outputs().objects(job.id(), garbage::remove);
                }
            });
        }
        var removed = 0;
        for (var object : garbage) {
            if (files.removeIdle(object)) {
                removed++;
            }
        }
        orphans.forEach(files::forget);
        files.removePartial(before);
        return removed;
    }

    private static List<TaskSpec> tasks(Work work) {
        if (work instanceof Work.Graph graph) {
            return graph.tasks();
        }
        return List.of(work instanceof Work.Single single ? single.task() : ((Work.Array) work).task());
    }
}
