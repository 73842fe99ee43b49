package muster.language.makeflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import muster.api.Input;
import muster.api.Output;
import muster.api.language.Sources;
import muster.language.makeflow.Rule.FileUse;
import org.jspecify.annotations.Nullable;

/** What the tasks of a workflow take into their workspaces and leave there. */
final class RuleFiles {
    private final Workflow workflow;
    private final List<String> names;
    private final Sources sources;
    private final Mounts mounts;
    private final Set<String> delivered;
    private final @Nullable String image;

    /** Where a target is in the workspace that it is made in, by path. */
    private final Map<String, String> places = new HashMap<>();

    /**
     * @param names of the tasks, by rule
     * @param delivered paths of targets that come back to the user
     * @param image a file that every rule takes; null for none
     */
    RuleFiles(
            Workflow workflow,
            List<String> names,
            Sources sources,
            Mounts mounts,
            Set<String> delivered,
            @Nullable String image) {
        this.workflow = workflow;
        this.names = names;
        this.sources = sources;
        this.mounts = mounts;
        this.delivered = delivered;
        this.image = image;
        for (var rule : workflow.rules()) {
            rule.targets().forEach(target -> places.put(target.path(), target.place()));
        }
    }

    /** What a rule's sources are in its workspace. One that is absolute is the worker's own, and stays where it is. */
    List<Input> inputs(int rule) {
        var taken = new HashMap<String, String>();
        var inputs = new LinkedHashMap<String, Input>();
        for (var source : workflow.rules().get(rule).sources()) {
            if (source.fixed()) {
                continue;
            }
            var before = taken.putIfAbsent(source.place(), source.path());
            if (before == null) {
                inputs(source).forEach(input -> inputs.putIfAbsent(input.name(), input));
            } else if (!before.equals(source.path())) {
                throw source.at()
                        .error("both '" + before + "' and '" + source.path() + "' are to be '" + source.place()
                                + "'; rename one differently");
            }
        }
        if (image != null && !taken.containsKey(image)) {
            sources.inputs(image, literal(image)).forEach(input -> inputs.putIfAbsent(input.name(), input));
        }
        return List.copyOf(inputs.values());
    }

    private List<Input> inputs(FileUse source) {
        var maker = workflow.makers().get(source.path());
        if (maker == null) {
            var place = mounts.place(source.path());
            var name = literal(source.place());
            return source.at()
                    .locate(() -> Mounts.isAddress(place)
                            ? List.of(new Input(name, literal(place), false))
                            : sources.inputs(place, name));
        }
        var made = Objects.requireNonNull(places.get(source.path()));
        return source.at()
                .locate(() -> List.of(new Input(
                        literal(source.place()), Input.TASK + names.get(maker) + "/" + literal(made), false)));
    }

    /** What is taken of a rule's workspace. What does not come back to the user stays where it was made. */
    List<Output> outputs(int rule) {
        var taken = new HashSet<String>();
        workflow.rules().get(rule).sources().forEach(source -> taken.add(source.place()));
        var outputs = new ArrayList<Output>();
        for (var target : workflow.rules().get(rule).targets()) {
            if (!taken.add(target.place())) {
                throw target.at()
                        .error("'" + target.path() + "' is to be made as '" + target.place()
                                + "', which is another file of this rule; rename one differently");
            }
            outputs.add(target.at()
                    .locate(() -> new Output(glob(literal(target.place())), false, delivered.contains(target.path()))));
        }
        return outputs;
    }

    /** With nothing in it that stands for something else: percent signs begin placeholders. */
    private static String literal(String path) {
        return path.replace("%", "%%");
    }

    private static String glob(String path) {
        return path.replaceAll("[*?\\[\\]{}\\\\]", "\\\\$0");
    }
}
