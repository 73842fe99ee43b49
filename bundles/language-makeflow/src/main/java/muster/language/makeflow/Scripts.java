package muster.language.makeflow;

import java.util.List;
import muster.api.language.Place;
import muster.api.language.Sources;
import muster.language.makeflow.jx.Evaluator;

/**
 * What the readers of one workflow share: where scripts and variables come from, and how many rules they may make.
 */
final class Scripts {
    static final int MAX_NESTED = 20;
    static final int MAX_RULES = 250_000;

    /** What all rules may take, in bytes, about. */
    private static final long MAX_SIZE = 128_000_000;

    private static final long ENTRY_BYTES = 64;

    /** What all nested workflows may have together, in characters. */
    private static final long MAX_NESTED_SIZE = 64_000_000;

    /** What all variables may come to that are replaced, in characters. */
    private static final long MAX_REPLACED = 1_000_000_000;

    private static final long JX_STEPS = 50_000_000;
    private static final long JX_SIZE = 256_000_000;

    private final Sources sources;
    private final Wrapper wrapper;
    private int rules;
    private long size;
    private long nested;
    private long replaced;
    private final Evaluator evaluator = new Evaluator(JX_STEPS, JX_SIZE);

    Scripts(Sources sources, Wrapper wrapper) {
        this.sources = sources;
        this.wrapper = wrapper;
    }

    Sources sources() {
        return sources;
    }

    /** Of all that is in JX: its bounds hold for all together. */
    Evaluator evaluator() {
        return evaluator;
    }

    /** Takes note of the value of a variable that is replaced. */
    void replaced(Place at, String value) {
        replaced += value.length();
        if (replaced > MAX_REPLACED) {
            throw at.error("variables come to more than " + MAX_REPLACED + " characters; use fewer or shorter ones");
        }
    }

    /** Takes note of what rules keep, in bytes. */
    void kept(Place at, long bytes) {
        size += bytes;
        if (size > MAX_SIZE) {
            throw at.error("the rules so far take more than " + MAX_SIZE
                    + " bytes; make their commands, variables and lists of files shorter");
        }
    }

    /** One rule more, with what is around every rule. */
    Rule added(Rule bare) {
        var rule = wrapper.around(bare, rules);
        if (++rules > MAX_RULES) {
            throw rule.at().error("the workflow has more than " + MAX_RULES + " rules; split it");
        }
        var bytes = rule.command().length() + (long) rule.environment().size() * ENTRY_BYTES;
        for (var files : List.of(rule.targets(), rule.sources())) {
            for (var file : files) {
                bytes += file.path().length() + (long) file.name().length() + ENTRY_BYTES;
            }
        }
        kept(rule.at(), bytes);
        return rule;
    }

    /** The text of a workflow that another names. */
    String nested(Place at, String path, int depth) {
        if (depth > MAX_NESTED) {
            throw at.error("'" + path + "' is nested deeper than " + MAX_NESTED + " workflows; does one name itself?");
        }
        var text = sources.file(path);
        nested += text.length();
        if (nested > MAX_NESTED_SIZE) {
            throw at.error("nested workflows have more than " + MAX_NESTED_SIZE
                    + " characters together, each counted as often as it is nested; make them shorter");
        }
        return text;
    }
}
