package muster.manager.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Workers that may have room for tasks that are alike: the least loaded first, those of equal load in turn. A worker is
 * looked at again only after the {@link Journal} named it, so that a placement costs the same with two workers and with
 * a thousand. Load falls into levels; each has a queue, and an entry whose worker has moved to another level is stale.
 */
final class Takers {
    private static final int ABSENT = -1;

    private final List<ArrayDeque<WorkerRun>> levels = new ArrayList<>();

    /** By the worker's index: the level where its entry counts. */
    private int[] levelOf = new int[0];

    private int lowest;
    private long seen;

    /** Takes in what the journal says since the last call. */
    void follow(Journal journal, Collection<WorkerRun> all) {
        if (journal.holds(seen)) {
            for (; seen < journal.end(); seen++) {
                var worker = journal.at(seen);
                if (worker != null) {
                    add(worker);
                }
            }
        } else {
            all.forEach(this::add);
            seen = journal.end();
        }
    }

    void add(WorkerRun worker) {
        if (worker.index >= levelOf.length) {
            var before = levelOf.length;
            levelOf = Arrays.copyOf(levelOf, Math.max(16, 2 * worker.index));
            Arrays.fill(levelOf, before, levelOf.length, ABSENT);
        }
        var level = worker.level();
        if (levelOf[worker.index] != level) {
            levelOf[worker.index] = level;
            while (levels.size() <= level) {
                levels.add(new ArrayDeque<>());
            }
            levels.get(level).add(worker);
            lowest = Math.min(lowest, level);
        }
    }

    /** The worker that comes next; null if there is none. */
    @Nullable
    WorkerRun peek() {
        while (lowest < levels.size()) {
            var worker = levels.get(lowest).peek();
            if (worker == null) {
                lowest++;
            } else if (levelOf[worker.index] != lowest) {
                levels.get(lowest).remove();
            } else if (worker.level() != lowest) {
                dropFirst();
                add(worker);
            } else {
                return worker;
            }
        }
        return null;
    }

    /** Takes off what {@link #peek} gave. */
    void dropFirst() {
        var worker = levels.get(lowest).remove();
        levelOf[worker.index] = ABSENT;
    }

    /** Puts what {@link #peek} gave behind those of the load that it has by now. */
    void rotateFirst() {
        var worker = levels.get(lowest).remove();
        levelOf[worker.index] = ABSENT;
        add(worker);
    }
}
