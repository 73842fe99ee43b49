package muster.api.study;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import muster.api.Input;

/**
 * A system that a study looks at: an implementation, a file, a row of a catalogue, or several of them together.
 *
 * @param id unique in its abstraction
 * @param fields what is known of it: strings, whole and decimal numbers, booleans, lists and maps
 * @param products its own files and what actions have made of it
 * @param needs names of the tasks that must have succeeded before another action works on it
 */
public record Subject(String id, Map<String, Object> fields, List<Product> products, List<String> needs) {
    public Subject {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        products = List.copyOf(products);
        needs = List.copyOf(needs);
    }

    /**
     * A file, or all below a folder.
     *
     * @param action that selected or made it
     * @param output what that action calls it
     * @param input puts it where it is to be in the workspace of a task that works on the system
     */
    public record Product(String action, String output, Input input) {}

    /** The same system as another action found it: with all that was made of it in either. */
    public Subject with(Subject other) {
        var all = new LinkedHashMap<>(other.fields);
        all.putAll(fields);
        return new Subject(id, all, union(products, other.products), union(needs, other.needs));
    }

    /** The same system, after a task that needs all that it needed itself. */
    public Subject after(String task, List<Product> made) {
        return new Subject(id, fields, union(products, made), List.of(task));
    }

    /** The same system, which more tasks must have succeeded for. */
    public Subject needing(Collection<String> tasks) {
        return tasks.isEmpty() ? this : new Subject(id, fields, products, union(needs, tasks));
    }

    private static <T> List<T> union(Collection<T> first, Collection<T> second) {
        var all = new LinkedHashSet<>(first);
        all.addAll(second);
        return List.copyOf(all);
    }
}
