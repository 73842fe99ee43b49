package muster.manager.scheduler;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** All ready tasks of equal demand, whatever their job, in their order: priority, then owner, then age. */
final class DemandClass {
    final Demand demand;

    /** Workers on which one of its tasks may fit now. */
    final Takers takers = new Takers();

    /** Groups of open jobs, ready or not. */
    int groups;

    /** Since when it has had ready tasks and none was placed; null while that is not so. */
    @Nullable
    Instant waitingSince;

    /** The worker that takes no other tasks of its priority until one of its own fits. */
    @Nullable
    WorkerRun reserved;

    /** Nothing more of it can be placed in this pass. */
    boolean exhausted;

    /** Why no worker that is known or expected could ever run its tasks; empty if one could. */
    String impossible = "";

    private final TreeMap<Integer, Map<String, SortedSet<ReadyGroup>>> listed =
            new TreeMap<>(Comparator.reverseOrder());

    DemandClass(Demand demand) {
        this.demand = demand;
    }

    void list(ReadyGroup group) {
        listed.computeIfAbsent(group.job.spec.priority(), p -> new HashMap<>())
                .computeIfAbsent(group.job.owner, o -> new TreeSet<>())
                .add(group);
    }

    void unlist(ReadyGroup group) {
        var priority = group.job.spec.priority();
        var owners = Objects.requireNonNull(listed.get(priority));
        var groups = Objects.requireNonNull(owners.get(group.job.owner));
        groups.remove(group);
        if (groups.isEmpty()) {
            owners.remove(group.job.owner);
            if (owners.isEmpty()) {
                listed.remove(priority);
            }
        }
    }

    boolean isEmpty() {
        return listed.isEmpty();
    }

    /** The highest priority of its ready tasks, of which there must be some. */
    int priority() {
        return listed.firstKey();
    }

    /** The ready groups of the highest priority, by owner, the older first. There must be ready tasks. */
    Collection<SortedSet<ReadyGroup>> owners() {
        return listed.firstEntry().getValue().values();
    }
}
