package muster.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rules for the sessions of a graph. */
final class Sessions {
    private Sessions() {}

    /** What tells sessions of a job apart. */
    private record Key(String executor, String name) {}

    /** @throws MusterException INVALID for the first rule that these tasks break */
    static void require(List<TaskSpec> tasks) {
        var budgets = new HashMap<Key, TaskSpec>();
        var makers = new HashMap<Key, Map<String, String>>();
        for (var task : tasks) {
            var session = task.session();
            if (session == null) {
                continue;
            }
            var key = new Key(task.executor(), session.name());
            var first = budgets.putIfAbsent(key, task);
            if (first != null && first.session() != null && first.session().memoryBytes() != session.memoryBytes()) {
                throw MusterException.invalid("tasks '" + first.name() + "' and '" + task.name()
                        + "' reserve different memory for session '" + session.name() + "'; write the same");
            }
            for (var object : session.makes()) {
                var other = makers.computeIfAbsent(key, k -> new HashMap<>()).put(object, task.name());
                if (other != null) {
                    throw MusterException.invalid("tasks '" + other + "' and '" + task.name()
                            + "' both make session object '" + object + "'; name each differently");
                }
            }
        }
        for (var task : tasks) {
            var session = task.session();
            if (session == null) {
                continue;
            }
            var made = makers.getOrDefault(new Key(task.executor(), session.name()), Map.of());
            for (var take : session.takes()) {
                if (!SessionSpec.need(take).equals(made.get(SessionSpec.object(take)))) {
                    throw MusterException.invalid("task '" + task.name() + "' takes '" + take
                            + "', which no task of that name makes in session '" + session.name() + "' of executor '"
                            + task.executor() + "'; correct the name, or pass it as a file");
                }
            }
        }
    }
}
