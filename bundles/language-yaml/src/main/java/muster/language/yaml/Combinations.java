package muster.language.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the names of one task stand for, in each of the tasks that it becomes: rows as they were written, or every
 * combination of the values of some names, the last one changing fastest.
 *
 * @param axes values by name, for combinations; empty for rows
 */
record Combinations(Set<String> names, List<Map<String, Value>> rows, Map<String, List<String>> axes) {
    /** Of a task that stays one. */
    static final Combinations ONE = new Combinations(Set.of(), List.of(Map.of()), Map.of());

    static Combinations rows(List<Map<String, Value>> rows) {
        return new Combinations(rows.get(0).keySet(), rows, Map.of());
    }

    static Combinations product(Map<String, List<String>> axes) {
        return new Combinations(axes.keySet(), List.of(), axes);
    }

    /** How many; at most {@link Long#MAX_VALUE}. */
    long count() {
        if (axes.isEmpty()) {
            return rows.size();
        }
        var count = 1L;
        for (var values : axes.values()) {
            count = count > Long.MAX_VALUE / values.size() ? Long.MAX_VALUE : count * values.size();
        }
        return count;
    }

    Map<String, Value> get(int number) {
        if (axes.isEmpty()) {
            return rows.get(number);
        }
        var row = new LinkedHashMap<String, Value>();
        axes.keySet().forEach(name -> row.put(name, Value.text("")));
        var left = number;
        var backwards = List.copyOf(axes.keySet());
        for (var i = backwards.size() - 1; i >= 0; i--) {
            var values = axes.getOrDefault(backwards.get(i), List.of());
            row.put(backwards.get(i), Value.text(values.get(left % values.size())));
            left /= values.size();
        }
        return row;
    }
}
