package muster.language.yaml;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Input;
import muster.api.Names;
import muster.api.Output;
import muster.api.language.Place;
import muster.api.language.Plan;
import muster.api.language.Sources;
import org.jspecify.annotations.Nullable;

/** Which task makes the files that another takes, and which come from the user or go back there. */
final class Wiring {
    /** How sources begin that name no file of the script's. */
    private static final List<String> SCHEMES = List.of("sha256:", "task:", "https://", "http://", "file:");

    private final List<Instance> instances;
    private final Sources sources;
    private final TreeMap<String, Made> made = new TreeMap<>();
    private final List<List<Made>> outputs = new ArrayList<>();
    private final Set<String> fromUser = new LinkedHashSet<>();

    /** A file or folder that a task makes. */
    private static final class Made {
        private final int task;
        private final String path;
        private final Place at;
        private final boolean optional;
        private final @Nullable Boolean keep;
        private boolean taken;

        Made(int task, String path, Place at, boolean optional, @Nullable Boolean keep) {
            this.task = task;
            this.path = path;
            this.at = at;
            this.optional = optional;
            this.keep = keep;
        }

        boolean kept(boolean resultsOnly) {
            if (keep == null) {
                return !taken;
            }
            return keep && !(resultsOnly && taken);
        }
    }

    Wiring(List<Instance> instances, Sources sources, Bound bound) {
        this.instances = instances;
        this.sources = sources;
        for (var i = 0; i < instances.size(); i++) {
            var own = new ArrayList<Made>();
            for (var output : instances.get(i).definition().outputs()) {
                for (var path : output.path().texts(instances.get(i).bindings())) {
                    var at = output.path().at();
                    bound.take(at, path.length());
                    at.locate(() -> Names.requirePath("output", path));
                    var file = new Made(i, path, at, output.optional(), output.keep());
                    requireMadeOnce(file, made.putIfAbsent(path, file));
                    own.add(file);
                }
            }
            outputs.add(own);
        }
    }

    private void requireMadeOnce(Made file, @Nullable Made before) {
        if (before != null) {
            throw file.at.error("'" + file.path + "' is made twice: by task '"
                    + instances.get(file.task).name()
                    + "' and by task '" + instances.get(before.task).name() + "' (" + before.at
                    + "); give each a name of its own");
        }
    }

    /** What a task takes. */
    List<Input> inputs(int number, Bound bound) {
        var instance = instances.get(number);
        var inputs = new LinkedHashMap<String, Input>();
        for (var input : instance.definition().inputs()) {
            var at = input.from().at();
            var froms = input.from().texts(instance.bindings());
            var names = input.name() == null ? froms : input.name().texts(instance.bindings());
            if (names.size() != froms.size()) {
                throw at.error("'from' comes to " + froms.size() + " and 'name' to " + names.size()
                        + " entries; use the same list in both");
            }
            for (var i = 0; i < froms.size(); i++) {
                bound.take(at, froms.get(i).length() + names.get(i).length());
                for (var taken :
                        inputs(number, at, froms.get(i), names.get(i), input.name() != null, input.executable())) {
                    var before = inputs.putIfAbsent(taken.name(), taken);
                    if (before != null && !before.equals(taken)) {
                        throw at.error("two inputs are named '" + taken.name() + "'; name each differently");
                    }
                }
            }
        }
        return List.copyOf(inputs.values());
    }

    private List<Input> inputs(int number, Place at, String from, String name, boolean named, boolean executable) {
        if (SCHEMES.stream().anyMatch(from::startsWith)) {
            if (!named) {
                throw at.error("'" + Node.Scalar.shown(from) + "' is no path; expected such as {name: in.txt, from: '"
                        + Node.Scalar.shown(from) + "'}");
            }
            return List.of(at.locate(() -> new Input(literal(name), literal(from), executable)));
        }
        if (from.startsWith("/") && !named) {
            throw at.error("'" + Node.Scalar.shown(from) + "' is absolute; expected such as {name: in.txt, from: "
                    + Node.Scalar.shown(from) + "} to send it along, or from: file:" + Node.Scalar.shown(from)
                    + " for one that every worker has");
        }
        at.locate(() -> Names.requirePath("input", from.startsWith("/") ? from.substring(1) : from));
        at.locate(() -> Names.requirePath("input", name));
        var files = from.startsWith("/") ? List.<Made>of() : makers(from);
        if (files.isEmpty()) {
            fromUser.add(from);
            return at.locate(() -> sources.inputs(from, literal(name)).stream()
                    .map(input -> executable ? new Input(input.name(), input.source(), true) : input)
                    .toList());
        }
        var inputs = new ArrayList<Input>();
        for (var file : files) {
            if (file.task == number) {
                throw at.error("task '" + instances.get(number).name() + "' takes '" + from
                        + "', which it makes itself; name another file");
            }
            file.taken = true;
            // a folder of several makers: each gives its part
            var below = file.path.startsWith(from + "/") ? file.path.substring(from.length()) : "";
            var source = below.isEmpty() ? from : file.path;
            inputs.add(at.locate(() -> new Input(
                    literal(name + below),
                    Input.TASK + instances.get(file.task).name() + "/" + literal(source),
                    executable)));
        }
        return inputs;
    }

    /** Who makes a path: the file itself, else the folder that it is in, else all that is below it. */
    private Collection<Made> makers(String path) {
        for (var end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
            var found = made.get(path.substring(0, end));
            if (found != null) {
                return List.of(found);
            }
        }
        // the character behind a slash
        return made.subMap(path + "/", path + "0").values();
    }

    /** What is taken of a task's workspace; asked once every input was. */
    List<Output> outputs(int number, boolean resultsOnly) {
        var taken = new HashSet<String>();
        return outputs.get(number).stream()
                .filter(file -> taken.add(file.path))
                .map(file -> file.at.locate(
                        () -> new Output(glob(literal(file.path)), file.optional, file.kept(resultsOnly))))
                .toList();
    }

    /** Where outputs lie in the workspaces of a task. */
    List<String> paths(int number) {
        return outputs.get(number).stream().map(file -> file.path).toList();
    }

    /** What comes back to the user; asked once every input was. */
    List<Plan.Delivery> deliveries(boolean resultsOnly) {
        var deliveries = new ArrayList<Plan.Delivery>();
        for (var i = 0; i < outputs.size(); i++) {
            for (var file : outputs.get(i)) {
                if (file.kept(resultsOnly)) {
                    deliveries.add(new Plan.Delivery(file.path, instances.get(i).name(), file.path));
                }
            }
        }
        return deliveries;
    }

    /** What the user is to send, in the order of the script; asked once every input was. */
    List<String> fromUser() {
        return List.copyOf(fromUser);
    }

    /** With nothing in it that stands for something else: percent signs begin placeholders. */
    private static String literal(String path) {
        return path.replace("%", "%%");
    }

    private static String glob(String path) {
        return path.replaceAll("[*?\\[\\]{}\\\\]", "\\\\$0");
    }
}
