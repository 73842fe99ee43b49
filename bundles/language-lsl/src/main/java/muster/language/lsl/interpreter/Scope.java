package muster.language.lsl.interpreter;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that a block declares, within those around it. */
final class Scope {
    final @Nullable Scope around;
    final @Nullable Words words;
    private final Map<String, @Nullable Object> names = new HashMap<>(4);

    Scope(@Nullable Scope around, @Nullable Words words) {
        this.around = around;
        this.words = words;
    }

    boolean has(String name) {
        return names.containsKey(name);
    }

    @Nullable
    Object get(String name) {
        return names.get(name);
    }

    void put(String name, @Nullable Object value) {
        names.put(name, value);
    }
}
