package muster.language.yaml;

import muster.api.language.Place;

/** What all tasks of a script may take together, in bytes, about. */
final class Bound {
    private static final long MOST = 128_000_000;
    private static final long ENTRY = 64;

    private long taken;

    /** Takes note of an entry more: a text, a path or a need. */
    void take(Place at, long characters) {
        taken += characters + ENTRY;
        if (taken > MOST) {
            throw at.error("the tasks up to here take more than " + MOST
                    + " bytes; make their texts and lists shorter, or let a task take a folder in place of many files");
        }
    }
}
