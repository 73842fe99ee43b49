package muster.manager.scheduler;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;

/** A task's place among all that are ready: who comes first if all were placed now and nothing ended. */
final class Queue {
    private Queue() {}

    /** How many ready tasks come before this one, in the time of a look at each job. */
    static int ahead(Collection<JobRun> jobs, ReadyGroup group, int position, Shares shares, Instant now) {
        var owner = group.job.owner;
        var priority = group.job.spec.priority();
        var ahead = (long) Math.max(0, group.placeOf(position));
        var sooner = new HashMap<String, Long>();
        sooner.put(owner, ahead * group.demand.cores());
        var others = new HashMap<String, List<ReadyGroup>>();
        for (var job : jobs) {
            if (job.canceling || !job.waitsFor.isEmpty() || job.spec.priority() < priority) {
                continue;
            }
            for (var other : job.groups) {
                if (job.spec.priority() > priority) {
                    ahead += startable(other);
                    sooner.merge(job.owner, startable(other) * other.demand.cores(), Long::sum);
                } else if (!job.owner.equals(owner)) {
                    others.computeIfAbsent(job.owner, o -> new ArrayList<>()).add(other);
                } else if (other.compareTo(group) < 0) {
                    ahead += startable(other);
                    sooner.merge(owner, startable(other) * other.demand.cores(), Long::sum);
                }
            }
        }
        var until = shares.of(owner, now) + sooner.getOrDefault(owner, 0L) / 1000.0;
        for (var other : others.entrySet()) {
            other.getValue().sort(null);
            var share = shares.of(other.getKey(), now) + sooner.getOrDefault(other.getKey(), 0L) / 1000.0;
            ahead += before(other.getValue(), share, until, group);
        }
        return (int) Math.min(Integer.MAX_VALUE, ahead);
    }

    /** How many tasks of one owner, whose share rises with each, are placed while it is less than another's. */
    private static long before(List<ReadyGroup> groups, double share, double until, ReadyGroup group) {
        var count = 0L;
        for (var each : groups) {
            var cores = each.demand.cores() / 1000.0;
            var steps = Math.max(0, Math.ceil((until - share) / cores));
            if (share + steps * cores == until && each.compareTo(group) < 0) {
                steps++;
            }
            var taken = Math.min(startable(each), (long) steps);
            count += taken;
            share += taken * cores;
            if (taken < startable(each)) {
                break;
            }
        }
        return count;
    }

    private static long startable(ReadyGroup group) {
        return Math.min(group.size(), Math.max(0, group.job.throttle() - group.job.executing()));
    }
}
