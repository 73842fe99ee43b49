package muster.language.yaml;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import muster.api.Names;

/** The tasks that a script becomes, with their names. */
final class Instances {
    static final int MAX_TASKS = 250_000;

    private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^A-Za-z0-9_.-]");
    private static final int LONGEST_NAME = 100;

    private final List<Instance> all = new ArrayList<>();

    /** Where the tasks of a definition begin in {@link #all}, and how many they are, by its key. */
    private final Map<String, int[]> ofDefinition = new HashMap<>();

    private final Map<String, Integer> positions = new HashMap<>();

    private Instances() {}

    static Instances of(Reader.Read script) {
        var instances = new Instances();
        var keys = new HashSet<String>();
        script.definitions().forEach(definition -> keys.add(definition.key()));
        for (var definition : script.definitions()) {
            instances.add(definition, script.settings(), keys);
        }
        return instances;
    }

    private void add(Definition definition, Map<String, Value> settings, Set<String> keys) {
        var count = definition.combinations().count();
        if (count > MAX_TASKS - all.size()) {
            throw definition
                    .at()
                    .error("task '" + definition.key() + "' becomes " + count + " tasks, which makes more than "
                            + MAX_TASKS + " in all; split the script, or use an array");
        }
        ofDefinition.put(definition.key(), new int[] {all.size(), (int) count});
        for (var i = 0; i < count; i++) {
            var bindings = new Bindings(definition.combinations().get(i), settings);
            var name = name(definition, bindings, keys);
            positions.put(name, all.size());
            all.add(new Instance(definition, name, bindings));
        }
    }

    private String name(Definition definition, Bindings bindings, Set<String> keys) {
        var template = definition.name();
        if (template == null) {
            return unique(plain(definition.key(), bindings), definition, keys);
        }
        var name = template.text(bindings);
        template.at().locate(() -> Names.requireName("task name", name));
        if (positions.containsKey(name) || (keys.contains(name) && !name.equals(definition.key()))) {
            throw template.at()
                    .error("two tasks are named '" + name + "'; use what tells them apart, such as ${{ "
                            + definition.combinations().names().stream()
                                    .findFirst()
                                    .orElse("site") + " }}");
        }
        return name;
    }

    /** The key, and behind it what the task's own names stand for. */
    private static String plain(String key, Bindings bindings) {
        var name = new StringBuilder(key);
        for (var value : bindings.own().values()) {
            if (!value.list()) {
                name.append('-').append(NOT_OF_A_NAME.matcher(value.joined()).replaceAll("_"));
            }
            if (name.length() > LONGEST_NAME) {
                name.setLength(LONGEST_NAME);
                break;
            }
        }
        return name.toString();
    }

    private String unique(String plain, Definition definition, Set<String> keys) {
        var name = plain;
        for (var number = 2; taken(name, definition, keys); number++) {
            name = plain + "-" + number;
        }
        return name;
    }

    private boolean taken(String name, Definition definition, Set<String> keys) {
        return positions.containsKey(name) || (keys.contains(name) && !name.equals(definition.key()));
    }

    List<Instance> all() {
        return all;
    }

    /** Positions of what a need names: all tasks of a definition, or one task; none if nothing is named so. */
    List<Integer> named(String need) {
        var range = ofDefinition.get(need);
        if (range != null) {
            var found = new ArrayList<Integer>();
            for (var i = 0; i < range[1]; i++) {
                found.add(range[0] + i);
            }
            return found;
        }
        var position = positions.get(need);
        return position == null ? List.of() : List.of(position);
    }
}
