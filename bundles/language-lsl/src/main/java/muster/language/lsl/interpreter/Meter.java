package muster.language.lsl.interpreter;

import muster.api.language.Place;

/**
 * Bounds what a script may take. What has no constant cost is charged for its size, so that steps bound the time too, and
 * a script comes to the same end on every machine. Memory counts all that was ever made.
 */
public final class Meter {
    static final long MAX_STEPS = 10_000_000;
    static final long MAX_BYTES = 256L << 20;
    static final long MAX_TEXT = 16L << 20;
    static final int MAX_DEPTH = 2_000;
    private static final long ENTRY_BYTES = 48;

    private long steps;
    private long bytes;
    private int depth;

    /** Charges work that is proportional to a size. */
    public void work(Place at, long size) {
        steps += 1 + size;
        if (steps > MAX_STEPS) {
            throw at.error("the script takes more than " + MAX_STEPS + " steps; does a loop not end?");
        }
    }

    /** Charges the making of a list or map. */
    public void entries(Place at, long count) {
        bytes(at, ENTRY_BYTES * (1 + count));
    }

    /** Charges the making of a text. */
    public void text(Place at, long length) {
        part(at, 0, length);
        bytes(at, ENTRY_BYTES);
    }

    /** Charges what is added to a text that has so many characters by now. */
    void part(Place at, long before, long length) {
        if (before + length > MAX_TEXT) {
            throw at.error("a text has more than " + (MAX_TEXT >> 20) + " Mi characters; leave data in files");
        }
        bytes(at, length);
    }

    private void bytes(Place at, long size) {
        bytes += size;
        if (bytes > MAX_BYTES) {
            throw at.error("the script makes more than " + (MAX_BYTES >> 20)
                    + " MiB of texts, lists and maps; make less, or leave data in files");
        }
        work(at, size >> 6);
    }

    void enter(Place at) {
        if (++depth > MAX_DEPTH) {
            throw at.error("more than " + MAX_DEPTH + " evaluations are nested; does a closure call itself for ever?");
        }
    }

    void leave() {
        depth--;
    }
}
