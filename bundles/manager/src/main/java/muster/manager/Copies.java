package muster.manager;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which workers have fetched an object and so may have it still: they throw away what was long not asked for, and say
 * nothing of it. Thread-safe.
 */
final class Copies {
    private static final int MOST_OBJECTS = 10_000;
    private static final int MOST_WORKERS = 16;

    /** By object, the longest not asked for first. */
    private final Map<String, Set<String>> workers = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Set<String>> eldest) {
            return size() > MOST_OBJECTS;
        }
    };

    synchronized void fetched(String object, String worker) {
        var all = workers.computeIfAbsent(object, key -> new LinkedHashSet<>());
        if (all.add(worker) && all.size() > MOST_WORKERS) {
            all.remove(all.iterator().next());
        }
    }

    synchronized List<String> of(String object) {
        return List.copyOf(workers.getOrDefault(object, Set.of()));
    }
}
