package muster.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a job is made of. */
public sealed interface Work {
    /** How many tasks it has. */
    int size();

    /** One task, with index 0. */
    record Single(TaskSpec task) implements Work {
        public Single {
            requireNoNeeds(task);
        }

        @Override
        public int size() {
            return 1;
        }
    }

    /**
     * One template for many tasks. With items the indices are {@code 0} to {@code items - 1}; a task sees its own as
     * {@code MUSTER_ITEM} and in place of {@code {item}} in its command.
     *
     * @param items null for an array of indices alone
     * @param throttle how many may run at once; 0 for no bound
     */
    record Array(TaskSpec task, IndexSet indices, @Nullable List<String> items, int throttle) implements Work {
        public Array {
            requireNoNeeds(task);
            if (throttle < 0) {
                throw MusterException.invalid("throttle " + throttle + " is negative; write 0 for none");
            }
            if (items != null) {
                items = List.copyOf(items);
                if (items.size() != indices.size() || indices.indexAt(items.size() - 1) != items.size() - 1) {
                    throw MusterException.invalid("an array has " + items.size() + " items and the indices " + indices
                            + "; give items or indices");
                }
            }
        }

        @Override
        public int size() {
            return indices.size();
        }
    }

    /** Named tasks with needs, without cycles; the index of a task is its place in the list. */
    final class Graph implements Work {
        /** A cycle of more tasks is not named in full. */
        private static final int LONGEST_SHOWN = 12;

        private final List<TaskSpec> tasks;

        public Graph(List<TaskSpec> tasks) {
            var given = List.copyOf(tasks);
            if (given.isEmpty()) {
                throw MusterException.invalid("a graph has no tasks; give at least one");
            }
            requireAcyclic(given);
            if (given.stream().anyMatch(task -> task.session() != null)) {
                Sessions.require(given);
            }
            this.tasks = settleWhatIsKept(given);
        }

        private Graph(Graph before, List<TaskSpec> more) {
            var all = new ArrayList<TaskSpec>(before.size() + more.size());
            all.addAll(before.tasks);
            all.addAll(more);
            tasks = Collections.unmodifiableList(all);
        }

        public List<TaskSpec> tasks() {
            return tasks;
        }

        /**
         * The same with further tasks behind. Nothing of them is checked, since a graph that grows does so often: each
         * has a name of its own, needs only tasks before it, and says of each output whether it is kept.
         */
        public Graph with(List<TaskSpec> more) {
            return new Graph(this, more);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Graph graph && tasks.equals(graph.tasks);
        }

        @Override
        public int hashCode() {
            return tasks.hashCode();
        }

        @Override
        public String toString() {
            return "Graph" + tasks;
        }

        /** Of what the user left open: an output that another task takes stays on the worker, any other is kept. */
        private static List<TaskSpec> settleWhatIsKept(List<TaskSpec> tasks) {
            if (tasks.stream().allMatch(Graph::settled)) {
                return tasks;
            }
            var taken = new HashMap<String, List<String>>();
            for (var task : tasks) {
                for (var input : task.inputs()) {
                    taken.computeIfAbsent(input.need(), need -> new ArrayList<>())
                            .add(input.path());
                }
            }
            return tasks.stream()
                    .map(task -> settled(task)
                            ? task
                            : task.toBuilder()
                                    .outputs(task.outputs().stream()
                                            .map(output -> output.keep() != null
                                                    ? output
                                                    : output.kept(taken.getOrDefault(task.name(), List.of()).stream()
                                                            .noneMatch(output::takenBy)))
                                            .toList())
                                    .build())
                    .toList();
        }

        private static boolean settled(TaskSpec task) {
            return task.outputs().stream().allMatch(output -> output.keep() != null);
        }

        @Override
        public int size() {
            return tasks.size();
        }

        /** Kahn's algorithm. */
        private static void requireAcyclic(List<TaskSpec> tasks) {
            var positions = positions(tasks);
            var dependants = new ArrayList<List<Integer>>();
            tasks.forEach(task -> dependants.add(new ArrayList<>()));
            var open = new int[tasks.size()];
            for (var i = 0; i < open.length; i++) {
                for (var need : tasks.get(i).needs()) {
                    var position = positions.get(need);
                    if (position == null) {
                        throw MusterException.invalid("task '" + tasks.get(i).name() + "' needs '" + Names.escape(need)
                                + "', which is no task of the graph; correct the name or add the task");
                    }
                    open[i]++;
                    dependants.get(position).add(i);
                }
            }
            var ready = new ArrayDeque<Integer>();
            for (var i = 0; i < open.length; i++) {
                if (open[i] == 0) {
                    ready.add(i);
                }
            }
            var done = 0;
            for (var next = ready.poll(); next != null; next = ready.poll()) {
                done++;
                for (var dependant : dependants.get(next)) {
                    if (--open[dependant] == 0) {
                        ready.add(dependant);
                    }
                }
            }
            if (done < open.length) {
                throw MusterException.invalid(
                        "the needs of the graph form a cycle: " + cycle(tasks, open) + "; remove one of these needs");
            }
        }

        private static Map<String, Integer> positions(List<TaskSpec> tasks) {
            var positions = new HashMap<String, Integer>();
            for (var i = 0; i < tasks.size(); i++) {
                var name = tasks.get(i).name();
                if (name.isEmpty()) {
                    throw MusterException.invalid("task " + i + " of the graph has no name; name every task");
                }
                if (positions.put(name, i) != null) {
                    throw MusterException.invalid(
                            "two tasks of the graph are named '" + name + "'; names must be unique");
                }
            }
            return positions;
        }

        /** One cycle among the tasks that still have open needs. */
        private static String cycle(List<TaskSpec> tasks, int[] open) {
            var stuck = new LinkedHashMap<String, TaskSpec>();
            for (var i = 0; i < open.length; i++) {
                if (open[i] > 0) {
                    stuck.put(tasks.get(i).name(), tasks.get(i));
                }
            }
            var path = new LinkedHashSet<String>();
            var current = stuck.keySet().iterator().next();
            while (path.add(current)) {
                var task = Objects.requireNonNull(stuck.get(current));
                current = task.needs().stream()
                        .filter(stuck::containsKey)
                        .findFirst()
                        .orElseThrow();
            }
            var around = new ArrayList<>(path);
            around.subList(0, around.indexOf(current)).clear();
            if (around.size() > LONGEST_SHOWN) {
                var left = around.subList(LONGEST_SHOWN - 2, around.size() - 1);
                var more = "(" + left.size() + " more)";
                left.clear();
                around.add(around.size() - 1, more);
            }
            around.add(current);
            return String.join(" needs ", around);
        }
    }

    private static void requireNoNeeds(TaskSpec task) {
        if (!task.needs().isEmpty()) {
            throw MusterException.invalid("a task outside a graph has needs " + task.needs() + "; submit a graph");
        }
        if (task.session() != null && !task.session().makes().isEmpty()) {
            throw MusterException.invalid("a task outside a graph makes the session objects "
                    + task.session().makes() + ", which no other task can take; submit a graph");
        }
    }
}
