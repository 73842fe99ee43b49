package muster.manager.scheduler;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import muster.api.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Whether a demand could be met at all, by any worker that is known or expected, were it idle. */
final class Possible {
    private Possible() {}

    /**
     * Why nothing could ever run.
     *
     * @param code INVALID for an executor that nobody has, IMPOSSIBLE for demands that nobody can meet
     */
    record Reason(ErrorCode code, String message) {}

    /** Null if a worker could; also while one is expected, or none has ever come. */
    static @Nullable Reason whyNot(Demand demand, Collection<WorkerRun> workers, String task) {
        if (workers.isEmpty()) {
            return null;
        }
        for (var worker : workers) {
            if (worker.capacity() == null || (worker.lists(demand.executor()) && worker.couldRun(demand))) {
                return null;
            }
        }
        var with = workers.stream().filter(w -> w.lists(demand.executor())).toList();
        if (with.isEmpty()) {
            var deployed = workers.stream()
                    .flatMap(w -> w.executors().stream().map(e -> e.name()))
                    .distinct()
                    .sorted()
                    .collect(Collectors.joining(", "));
            return new Reason(
                    ErrorCode.INVALID,
                    "no worker has executor '" + demand.executor() + "'; "
                            + (deployed.isEmpty() ? "" : "use one of: " + deployed + "; or ")
                            + "deploy its bundle on a worker");
        }
        return new Reason(
                ErrorCode.IMPOSSIBLE, shortage(demand, with, task.isEmpty() ? "" : " for task '" + task + "'"));
    }

    private static String shortage(Demand demand, List<WorkerRun> candidates, String task) {
        for (var asked : demand.whole().byName().entrySet()) {
            var what = asked.getKey();
            var largest = Collections.max(
                    candidates, Comparator.comparingLong(w -> w.total().get(what)));
            var most = largest.total().get(what);
            if (most < asked.getValue()) {
                return "no worker has " + Demand.describe(what, asked.getValue()) + task + "; the largest, "
                        + largest.id + ", has " + Demand.describe(what, most) + "; ask for less or add a larger worker";
            }
        }
        for (var label : demand.labels()) {
            if (candidates.stream().noneMatch(w -> Demand.matches(label, w.labels()))) {
                return "no worker matches label '" + label + "'" + task + "; set labels on a worker or drop the label";
            }
        }
        return "no single worker has all that is asked" + task + ": "
                + demand.whole().byName().entrySet().stream()
                        .map(e -> Demand.describe(e.getKey(), e.getValue()))
                        .collect(Collectors.joining(", "))
                + (demand.labels().isEmpty() ? "" : ", labels " + String.join(", ", demand.labels()))
                + "; ask for less or add a larger worker";
    }
}
