package muster.cli.terminal;

import java.io.IOException;

/** Whoever read what we write has gone, as {@code head} does when it has enough. */
public final class OutputClosed extends IOException {
    private static final long serialVersionUID = 1L;

    public OutputClosed() {
        super("standard output is closed");
    }
}
