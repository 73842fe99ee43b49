package muster.language.yaml;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What names stand for in one task: those of its own combination, then the script's settings. */
record Bindings(Map<String, Value> own, Map<String, Value> settings) {
    @Nullable
    Value find(String name) {
        var value = own.get(name);
        return value != null ? value : settings.get(name);
    }
}
