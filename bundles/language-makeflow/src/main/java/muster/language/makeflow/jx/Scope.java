package muster.language.makeflow.jx;

import org.jspecify.annotations.Nullable;

/** What names mean at a place. */
@FunctionalInterface
public interface Scope {
    /** The value of a name, or null if it has none here. */
    @Nullable
    Value find(String name);

    /** This scope with one name more. */
    default Scope with(String name, Value value) {
        return asked -> asked.equals(name) ? value : find(asked);
    }

    /** This scope with an object's fields in front. */
    default Scope with(Value.Fields fields) {
        return asked -> {
            var value = fields.values().get(asked);
            return value != null ? value : find(asked);
        };
    }
}
