package muster.language.makeflow;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rules that fit together: no file is made twice, and no rule needs what it makes, be it by way of others.
 *
 * @param makers the rule that makes a file, by the file's path: an index into {@code rules}
 * @param inputs files that no rule makes and that are to be moved
 * @param outputs what it is run for: files named as such, else those that no rule reads
 */
record Workflow(List<Rule> rules, Map<String, Integer> makers, Set<String> inputs, Set<String> outputs) {
    private static final int LONGEST_SHOWN = 12;

    /** @param named files that the script calls outputs; empty if it names none */
    static Workflow of(List<Rule> rules, Set<String> named) {
        var makers = new HashMap<String, Integer>();
        for (var i = 0; i < rules.size(); i++) {
            for (var target : rules.get(i).targets()) {
                if (target.path().startsWith("/")) {
                    throw target.at()
                            .error("the target '" + target.path()
                                    + "' is absolute; use a path in the workflow's folder");
                }
                var before = makers.putIfAbsent(target.path(), i);
                if (before != null) {
                    throw target.at()
                            .error("'" + target.path() + "' is made twice; the rule at "
                                    + rules.get(before).at() + " makes it too; remove one");
                }
            }
        }
        var inputs = new LinkedHashSet<String>();
        var read = new LinkedHashSet<String>();
        for (var rule : rules) {
            for (var source : rule.sources()) {
                read.add(source.path());
                if (!makers.containsKey(source.path()) && !source.fixed()) {
                    inputs.add(source.path());
                }
            }
        }
        requireNoCycle(rules, makers);
        var outputs = new LinkedHashSet<>(named);
        outputs.retainAll(makers.keySet());
        if (outputs.isEmpty()) {
            rules.forEach(rule -> rule.targets().stream()
                    .map(Rule.FileUse::path)
                    .filter(path -> !read.contains(path))
                    .forEach(outputs::add));
        }
        return new Workflow(List.copyOf(rules), makers, inputs, outputs);
    }

    /** The rules that must end before one, by index, each once. */
    List<Integer> needs(int rule) {
        return needs(rules, makers, rule);
    }

    private static List<Integer> needs(List<Rule> rules, Map<String, Integer> makers, int rule) {
        var needs = new LinkedHashSet<Integer>();
        for (var source : rules.get(rule).sources()) {
            var maker = makers.get(source.path());
            if (maker != null) {
                needs.add(maker);
            }
        }
        return List.copyOf(needs);
    }

    /** Takes away rules whose needs are gone (Kahn); what stays is on a cycle or behind one. */
    private static void requireNoCycle(List<Rule> rules, Map<String, Integer> makers) {
        var open = new int[rules.size()];
        var dependants = new ArrayList<List<Integer>>();
        rules.forEach(rule -> dependants.add(new ArrayList<>()));
        var ready = new ArrayDeque<Integer>();
        for (var i = 0; i < open.length; i++) {
            var needs = needs(rules, makers, i);
            open[i] = needs.size();
            for (var need : needs) {
                dependants.get(need).add(i);
            }
            if (open[i] == 0) {
                ready.add(i);
            }
        }
        var left = open.length;
        for (var next = ready.poll(); next != null; next = ready.poll()) {
            left--;
            for (var dependant : dependants.get(next)) {
                if (--open[dependant] == 0) {
                    ready.add(dependant);
                }
            }
        }
        if (left > 0) {
            throw cycle(rules, makers, open);
        }
    }

    private static RuntimeException cycle(List<Rule> rules, Map<String, Integer> makers, int[] open) {
        var current = 0;
        while (open[current] == 0) {
            current++;
        }
        var path = new LinkedHashSet<Integer>();
        while (path.add(current)) {
            current = needs(rules, makers, current).stream()
                    .filter(need -> open[need] > 0)
                    .findFirst()
                    .orElseThrow();
        }
        var around = new ArrayList<>(path);
        around.subList(0, around.indexOf(current)).clear();
        around.add(current);
        var words = around.stream()
                .limit(LONGEST_SHOWN)
                .map(rule -> "'" + rules.get(rule).targets().get(0).path() + "'")
                .toList();
        return rules.get(current)
                .at()
                .error("the rules form a circle: " + String.join(" needs ", words)
                        + (around.size() > LONGEST_SHOWN ? " needs … (" + around.size() + " in all)" : "")
                        + "; remove one of these needs");
    }
}
