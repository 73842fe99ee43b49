package muster.api.language;

import java.util.function.Supplier;
import muster.api.MusterException;
import muster.api.Names;

/**
 * A place in a script, for messages.
 *
 * @param line from 1
 * @param column from 1, in characters
 */
public record Place(String file, int line, int column) {
    /** What is wrong here, as {@code file:line:column: message}. */
    public MusterException error(String message) {
        return MusterException.invalid(this + ": " + Names.escape(message));
    }

    /** What {@code made} gives; a value that it calls invalid is wrong here. */
    public <T> T locate(Supplier<T> made) {
        try {
            return made.get();
        } catch (MusterException e) {
            throw new MusterException(e.code(), this + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return Names.escape(file) + ":" + line + ":" + column;
    }
}
