package muster.language.lsl.interpreter;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** What names mean that a script did not declare, in one of its blocks. */
public interface Words {
    /** The value of a name, if it is one here. */
    Optional<Object> get(String name);

    /** Sets a name; false if it cannot be set here. */
    boolean set(Place at, String name, @Nullable Object value);

    /** Takes what a word says; false if it is none here. */
    boolean say(Saying saying);

    /**
     * A word with what follows it.
     *
     * @param named arguments such as {@code name: 'x'}
     * @param statement whether it stands alone, so that nothing takes its value
     */
    record Saying(
            Place at,
            String word,
            List<@Nullable Object> arguments,
            Map<Object, @Nullable Object> named,
            boolean statement) {}
}
