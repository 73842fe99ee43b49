package muster.api.executor;

import java.util.Arrays;
import muster.api.MusterException;
import muster.api.Parameters;

/** When an image of containers is fetched from its registry. */
public enum Pull {
    /** Before every attempt. */
    ALWAYS,
    /** When it is not here. */
    MISSING,
    NEVER;

    /** Reads {@code always}, {@code missing} or {@code never}. */
    public static Pull parse(String text) {
        return Arrays.stream(values())
                .filter(pull -> pull.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> MusterException.invalid("pull is '" + text + "'; write always, missing or never"));
    }

    /** What the parameter {@code pull} of a task asks for; a worker that never pulls does not for a task either. */
    public static Pull of(Parameters parameters, Pull configured) {
        var asked = parameters.string("pull").map(Pull::parse).orElse(configured);
        return configured == NEVER ? NEVER : asked;
    }
}
