package muster.language.makeflow;

import java.util.List;
import muster.api.language.Place;
import muster.api.language.Sources;

/**
 * What the readers of one workflow share: where scripts and variables come from, and how many rules they may make.
 */
final class Scripts {
    static final int MAX_NESTED = 20;
    static final int MAX_RULES = 250_000;

    /** What all rules may take, in bytes, about. */
    private static final long MAX_SIZE = 128_000_000;

    private static final long ENTRY_BYTES = 64;

    private final Sources sources;
    private int rules;
    private long size;

    Scripts(Sources sources) {
        this.sources = sources;
    }

    Sources sources() {
        return sources;
    }

    /** Takes note of one rule more. */
    Rule counted(Rule rule) {
        if (++rules > MAX_RULES) {
            throw rule.at().error("the workflow has more than " + MAX_RULES + " rules; split it");
        }
        size += rule.command().length() + (long) rule.environment().size() * ENTRY_BYTES;
        for (var files : List.of(rule.targets(), rule.sources())) {
            for (var file : files) {
                size += file.path().length() + (long) file.name().length() + ENTRY_BYTES;
            }
        }
        if (size > MAX_SIZE) {
            throw rule.at()
                    .error("the rules so far take more than " + MAX_SIZE
                            + " bytes; make their commands and lists of files shorter");
        }
        return rule;
    }

    /** The text of a workflow that another names. */
    String nested(Place at, String path, int depth) {
        if (depth > MAX_NESTED) {
            throw at.error("'" + path + "' is nested deeper than " + MAX_NESTED + " workflows; does one name itself?");
        }
        return sources.file(path);
    }
}
