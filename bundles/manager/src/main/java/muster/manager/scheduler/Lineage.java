package muster.manager.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Predicate;
import muster.api.TaskState;

/**
 * Lets tasks run again whose outputs were lost with their worker and are still needed: those, and whatever they need that
 * was lost too. What nobody needs is not made again. Not thread-safe.
 */
final class Lineage {
    private final Comm comm;
    private final int mostCrashes;
    private final Predicate<String> online;
    private final Queues queues;

    /** What may start, as far as it has to be told. */
    interface Queues {
        /** All that this task needs is there. */
        void ready(JobRun job, int position);

        /** Some tasks of the job that were ready wait again. */
        void withdrawn(JobRun job);
    }

    /**
     * @param mostCrashes how often a task runs again for what was lost, its own crashes included
     * @param online whether a worker holds a lease
     */
    Lineage(Comm comm, int mostCrashes, Predicate<String> online, Queues queues) {
        this.comm = comm;
        this.mostCrashes = mostCrashes;
        this.online = online;
        this.queues = queues;
    }

    /** A task, and who needs what it made. */
    private record Loss(int position, int needer) {}

    /** Whether what a task made is lost and the other takes it. */
    private boolean lost(JobRun job, int position, int needer) {
        if (job.state(position) != TaskState.SUCCEEDED) {
            return false;
        }
        return (filesAreLost(job, position) && job.takesFiles(needer, position))
                || (job.keptIsLost(position) && job.takesKept(needer, position));
    }

    private boolean filesAreLost(JobRun job, int position) {
        var holding = job.holding(position);
        return holding != null && (holding.gone() || !online.test(holding.worker()));
    }

    /** Some worker holds no lease any more: of each job what was lost with it and is needed is made again. */
    void lost(Collection<JobRun> jobs) {
        for (var job : jobs) {
            if (job.holdsAny() && !job.canceling) {
                lost(job);
            }
        }
    }

    private void lost(JobRun job) {
        var losses = new ArrayDeque<Loss>();
        var seen = new BitSet(job.size());
        for (var position = 0; position < job.size(); position++) {
            var state = job.state(position);
            if (state == TaskState.WAITING || state == TaskState.READY) {
                for (var source : job.sources(position)) {
                    if (!seen.get(source) && lost(job, source, position)) {
                        losses.add(new Loss(source, position));
                        seen.set(source);
                    }
                }
            }
        }
        again(job, losses);
    }

    /** A task is about to become ready: what it takes and was lost is made again, and it has to wait for that. */
    void mend(JobRun job, int position) {
        if (!job.holdsAny() || job.canceling) {
            return;
        }
        var losses = new ArrayDeque<Loss>();
        for (var source : job.sources(position)) {
            if (lost(job, source, position)) {
                losses.add(new Loss(source, position));
            }
        }
        again(job, losses);
    }

    /** A task has succeeded, or its outputs are told to be gone: if they are lost and needed, it runs again. */
    void check(JobRun job, int position) {
        if (job.canceling || !(filesAreLost(job, position) || job.keptIsLost(position))) {
            return;
        }
        for (var dependant : job.dependants(position)) {
            if (!job.state(dependant).terminal() && lost(job, position, dependant)) {
                var losses = new ArrayDeque<Loss>();
                losses.add(new Loss(position, dependant));
                again(job, losses);
                return;
            }
        }
    }

    private void again(JobRun job, ArrayDeque<Loss> losses) {
        if (losses.isEmpty()) {
            return;
        }
        var undone = new ArrayList<Integer>();
        var withdrawn = false;
        for (var loss = losses.poll(); loss != null; loss = losses.poll()) {
            var position = loss.position;
            if (job.state(position) != TaskState.SUCCEEDED || job.crashes(position) >= mostCrashes) {
                continue;
            }
            undo(job, position, loss.needer);
            undone.add(position);
            for (var dependant : job.dependants(position)) {
                job.needLost(dependant);
                if (job.state(dependant) == TaskState.READY) {
                    job.move(dependant, TaskState.WAITING);
                    withdrawn = true;
                    var name = job.task(position).name();
                    comm.changed(job, dependant, TaskState.WAITING, null, "waits for '" + name + "', which runs again");
                }
            }
            for (var source : job.sources(position)) {
                if (lost(job, source, position)) {
                    losses.add(new Loss(source, position));
                }
            }
        }
        if (withdrawn) {
            queues.withdrawn(job);
        }
        for (var position : undone) {
            if (job.openNeeds(position) == 0) {
                queues.ready(job, position);
            }
        }
    }

    private void undo(JobRun job, int position, int needer) {
        var kept = job.keptIsLost(position) ? job.kept(position) : null;
        var holding = job.holding(position);
        var number =
                kept != null ? kept.number() : Objects.requireNonNull(holding).number();
        var with = kept != null
                ? "in its session on worker '" + kept.worker()
                : "with worker '" + Objects.requireNonNull(holding).worker();
        var why = "what attempt " + number + " made was lost " + with + "', and '"
                + job.task(needer).name() + "' needs it";
        job.holds(position, null);
        job.keeps(position, null);
        job.tried(position, number, false, true);
        job.again(position, why);
        comm.outputsLost(job, position, number);
        job.move(position, TaskState.WAITING);
        comm.changed(job, position, TaskState.WAITING, null, "runs again: " + why);
    }
}
