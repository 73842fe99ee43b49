package muster.manager.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.function.Predicate;
import muster.api.TaskState;
import muster.manager.scheduler.JobRun.Holding;

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

    private boolean lost(JobRun job, int position) {
        var holding = job.holding(position);
        return holding != null
                && job.state(position) == TaskState.SUCCEEDED
                && (holding.gone() || !online.test(holding.worker()));
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
                    if (!seen.get(source) && lost(job, source)) {
                        losses.add(new Loss(source, position));
                    }
                    seen.set(source);
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
            if (lost(job, source)) {
                losses.add(new Loss(source, position));
            }
        }
        again(job, losses);
    }

    /** A task has succeeded, or its outputs are told to be gone: if they are lost and needed, it runs again. */
    void check(JobRun job, int position) {
        if (job.canceling || !lost(job, position)) {
            return;
        }
        var name = job.task(position).name();
        for (var dependant : job.dependants(position)) {
            if (!job.state(dependant).terminal()
                    && job.task(dependant).inputs().stream()
                            .anyMatch(input -> input.need().equals(name))) {
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
            var holding = job.holding(position);
            if (holding == null || job.state(position) != TaskState.SUCCEEDED || job.crashes(position) >= mostCrashes) {
                continue;
            }
            undo(job, position, holding, loss.needer);
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
                if (lost(job, source)) {
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

    private void undo(JobRun job, int position, Holding holding, int needer) {
        var why = "what attempt " + holding.number() + " made was lost with worker '" + holding.worker() + "', and '"
                + job.task(needer).name() + "' needs it";
        job.holds(position, null);
        job.tried(position, holding.number(), false, true);
        job.again(position, why);
        comm.outputsLost(job, position, holding.number());
        job.move(position, TaskState.WAITING);
        comm.changed(job, position, TaskState.WAITING, null, "runs again: " + why);
    }
}
