package muster.manager;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.manager.store.Store;
import muster.manager.store.Write;
import muster.transport.Codec;
import org.jspecify.annotations.Nullable;

/**
 * What tasks of graphs made, found again by what they were: command, parameters, declared environment, executor, the
 * content of their inputs, and declared outputs. An owner's results are found by that owner alone. Thread-safe; does I/O.
 */
final class Cache {
    /** Tasks in one query. */
    static final int BATCH = 500;

    private static final int MOST_JOBS = 16;

    private final Store store;
    private final ManagerFiles files;

    /** Where each task of a graph is, by name; of the jobs of which tasks ended last. */
    private final Map<JobId, Map<String, Integer>> positions = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<JobId, Map<String, Integer>> eldest) {
            return size() > MOST_JOBS;
        }
    };

    Cache(Store store, ManagerFiles files) {
        this.store = store;
        this.files = files;
    }

    /**
     * What a graph need not run, by position, and why it has to run all else.
     *
     * @param taken what an earlier attempt made, which counts as made by the task
     */
    record Plan(Map<Integer, Taken> taken, Map<Integer, String> reasons) {
        static final Plan NOTHING = new Plan(Map.of(), Map.of());

        Plan {
            taken = Collections.unmodifiableMap(new TreeMap<>(taken));
            reasons = Collections.unmodifiableMap(new TreeMap<>(reasons));
        }
    }

    /** Under which id something was found. */
    record Taken(String id, Outputs.Made made) {}

    /** Takes note of what a task of a graph has just made. */
    void remember(JobId job, String owner, Work.Graph graph, Outputs.Made made) {
        var task = graph.tasks().get(made.attempt().task().index());
        if (whyNever(task) != null) {
            return;
        }
        var sources = new HashMap<String, Manifest>();
        for (var input : task.inputs()) {
            if (!input.need().isEmpty()) {
                var all = files.outputs().all(new TaskId(job, position(job, graph, input.need())));
                if (all.size() != 1) {
                    // it was made again meanwhile: nobody knows which of them was taken
                    return;
                }
                sources.put(input.of(), all.get(0).manifest());
            }
        }
        var id = id(owner, task, sources);
        if (id != null) {
            store.write(new Write.Cached(id, made.attempt()), () -> {}, e -> {});
        }
    }

    /** Makes what is taken the job's own, whatever becomes of the earlier ones; and notes why the rest has to run. */
    void take(JobId job, Plan plan) {
        try {
            for (var taken : plan.taken().entrySet()) {
                var attempt = new AttemptId(new TaskId(job, taken.getKey()), 1);
                files.outputs().share(taken.getValue().made().attempt(), attempt);
            }
            files.outputs().note(job, plan.reasons());
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the job was not accepted, what earlier ones made cannot be taken: " + e + "; run it again",
                    e);
        }
    }

    /** Why a task was not taken; empty if it was, or was not looked up. */
    String reason(TaskId task) {
        return files.outputs().noted(task);
    }

    /** What an owner's graph can take from earlier jobs. */
    Plan plan(String owner, Work.Graph graph) {
        return new Planning(owner, graph).plan();
    }

    private synchronized int position(JobId job, Work.Graph graph, String name) {
        var known = positions.computeIfAbsent(job, first -> new HashMap<>());
        // a script may have asked for more since
        for (var next = known.size(); next < graph.size(); next++) {
            known.put(graph.tasks().get(next).name(), next);
        }
        return Objects.requireNonNull(known.get(name));
    }

    private static Map<String, Integer> positions(Work.Graph graph) {
        var positions = new HashMap<String, Integer>();
        for (var i = 0; i < graph.size(); i++) {
            positions.put(graph.tasks().get(i).name(), i);
        }
        return positions;
    }

    private static @Nullable String whyNever(TaskSpec task) {
        if (task.outputs().isEmpty()) {
            return "it declares no outputs";
        }
        if (task.session() != null && !task.session().isMerelyWarm()) {
            return "what it keeps in its session is gone with its job";
        }
        for (var input : task.inputs()) {
            if (!input.source().startsWith(Input.CONTENT) && !input.source().startsWith(Input.TASK)) {
                return "nobody knows the content of its input '" + input.name() + "' before it runs";
            }
        }
        return null;
    }

    /**
     * What stands for a task of an owner: the same if and only if it would do the same.
     *
     * @param sources what the tasks that it takes outputs of made, by name or id
     * @return null if something that it takes was not made
     */
    private @Nullable String id(String owner, TaskSpec task, Map<String, Manifest> sources) {
        var inputs = new ArrayList<Input>();
        for (var input : task.inputs()) {
            if (input.of().isEmpty()) {
                inputs.add(input);
                continue;
            }
            var manifest = sources.get(input.of());
            if (manifest == null) {
                manifest = files.outputs()
                        .newest(TaskId.parse(input.of()))
                        .map(Outputs.Made::manifest)
                        .orElse(new Manifest(List.of()));
            }
            var found = manifest.under(input.path());
            if (found.isEmpty()) {
                return null;
            }
            for (var item : found) {
                inputs.add(new Input(
                        input.name()
                                + item.name()
                                        .substring(Math.min(
                                                item.name().length(),
                                                strip(input.path()).length())),
                        item.object(),
                        item.executable() || input.executable()));
            }
        }
        var same = TaskSpec.builder()
                .executor(task.executor())
                .command(task.command())
                .parameters(task.parameters())
                .environment(task.environment())
                .workingDirectory(task.workingDirectory())
                .stdin(task.stdin())
                .stdout(task.stdout())
                .stderr(task.stderr())
                .inputs(inputs)
                .outputs(
                        task.outputs().stream().map(output -> output.kept(true)).toList())
                .build();
        var digest = ObjectStore.digest();
        digest.update(owner.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(Codec.encode(same));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String strip(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /** One look at a graph, in the order of its needs: what is known of each task, then what of that is enough. */
    private final class Planning {
        private final String owner;
        private final List<TaskSpec> tasks;
        private final Map<String, Integer> positions;
        private final List<List<Integer>> dependants = new ArrayList<>();
        private final int[] open;
        private final List<Integer> order = new ArrayList<>();
        private final Map<Integer, Taken> known = new HashMap<>();

        /** Tasks whose outputs are taken by one that has to run, and that one. */
        private final Map<Integer, String> users = new HashMap<>();

        private final Map<Integer, String> reasons = new HashMap<>();

        Planning(String owner, Work.Graph graph) {
            this.owner = owner;
            tasks = graph.tasks();
            positions = positions(graph);
            open = new int[tasks.size()];
            tasks.forEach(task -> dependants.add(new ArrayList<>()));
            for (var i = 0; i < open.length; i++) {
                for (var need : tasks.get(i).needs()) {
                    dependants.get(position(need)).add(i);
                    open[i]++;
                }
            }
        }

        private int position(String name) {
            return Objects.requireNonNull(positions.get(name));
        }

        Plan plan() {
            var wave = new ArrayList<Integer>();
            for (var i = 0; i < open.length; i++) {
                if (open[i] == 0) {
                    wave.add(i);
                }
            }
            while (!wave.isEmpty()) {
                look(wave);
                order.addAll(wave);
                var next = new ArrayList<Integer>();
                for (var done : wave) {
                    for (var dependant : dependants.get(done)) {
                        if (--open[dependant] == 0) {
                            next.add(dependant);
                        }
                    }
                }
                wave = next;
            }
            for (var i = order.size() - 1; i >= 0; i--) {
                requireThere(order.get(i));
                if (!known.containsKey(order.get(i))) {
                    var user = tasks.get(order.get(i));
                    user.inputs().stream()
                            .filter(input -> !input.need().isEmpty())
                            .forEach(input -> users.put(position(input.need()), user.name()));
                }
            }
            return new Plan(known, reasons);
        }

        /** Looks tasks up of which all that they need was. */
        private void look(List<Integer> wave) {
            var ids = new HashMap<Integer, String>();
            for (var position : wave) {
                var why = whyNot(tasks.get(position));
                var id = why == null ? id(owner, tasks.get(position), sources(tasks.get(position))) : null;
                if (id != null) {
                    ids.put(position, id);
                } else {
                    reasons.put(position, why == null ? "what it takes was not made before" : why);
                }
            }
            var all = List.copyOf(ids.values());
            var found = new HashMap<String, AttemptId>();
            for (var from = 0; from < all.size(); from += BATCH) {
                found.putAll(store.cached(all.subList(from, Math.min(all.size(), from + BATCH))));
            }
            ids.forEach((position, id) -> {
                var attempt = found.get(id);
                var made =
                        attempt == null ? null : files.outputs().find(attempt).orElse(null);
                if (made != null) {
                    known.put(position, new Taken(id, made));
                } else {
                    reasons.put(
                            position,
                            attempt == null
                                    ? "no earlier run of '" + owner
                                            + "' had the same command, environment, executor, inputs and outputs"
                                    : "what task " + attempt.task() + " made was deleted");
                }
            });
        }

        private @Nullable String whyNot(TaskSpec task) {
            for (var need : task.needs()) {
                if (!known.containsKey(position(need))) {
                    return "it needs '" + need + "', which is not taken from the cache";
                }
            }
            return whyNever(task);
        }

        private Map<String, Manifest> sources(TaskSpec task) {
            var sources = new HashMap<String, Manifest>();
            for (var input : task.inputs()) {
                if (!input.need().isEmpty()) {
                    sources.put(
                            input.need(),
                            Objects.requireNonNull(known.get(position(input.need())))
                                    .made()
                                    .manifest());
                }
            }
            return sources;
        }

        /** A task has to run if what it should keep is gone, or what a task takes that has to run. */
        private void requireThere(int position) {
            var taken = known.get(position);
            if (taken == null) {
                return;
            }
            var task = tasks.get(position);
            var user = users.get(position);
            for (var item : taken.made().manifest().items()) {
                if ((user != null || keeps(task, item.name())) && !files.has(item.object())) {
                    known.remove(position);
                    reasons.put(
                            position,
                            "'" + item.name() + "' that task "
                                    + taken.made().attempt().task()
                                    + " made is not at the manager"
                                    + (user == null ? "" : ", and '" + user + "' needs it"));
                    return;
                }
            }
        }

        private static boolean keeps(TaskSpec task, String file) {
            return task.outputs().stream()
                    .anyMatch(output -> !Boolean.FALSE.equals(output.keep()) && output.matches(file));
        }
    }
}
