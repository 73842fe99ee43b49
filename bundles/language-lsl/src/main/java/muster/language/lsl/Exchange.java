package muster.language.lsl;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.language.Place;
import muster.api.study.Settings;
import muster.api.study.Subject;
import muster.language.lsl.interpreter.Lambda;
import muster.language.lsl.interpreter.Meter;
import org.jspecify.annotations.Nullable;

/** Carries values between a script and the types of its actions, always as copies. */
final class Exchange {
    private static final int MAX_NESTED = 32;

    private final Meter meter;

    Exchange(Meter meter) {
        this.meter = meter;
    }

    /** Charges the script for work. */
    void work(Place at, long size) {
        meter.work(at, size);
    }

    /** Charges the script for entries of lists that are made. */
    void entries(Place at, long count) {
        meter.entries(at, count);
    }

    /** A value of the script as settings have it; a closure becomes a rule. */
    @Nullable
    Object out(Place at, @Nullable Object value) {
        if (value instanceof Lambda closure) {
            return (Settings.Rule) subject -> out(closure.at(), closure.call(List.of(in(at, subject))));
        }
        return copy(at, value, 0);
    }

    /** A system as a script sees it: a map of its fields. */
    Map<String, Object> in(Place at, Subject subject) {
        Map<String, Object> seen = new LinkedHashMap<>(subject.fields());
        seen.put("id", subject.id());
        meter.entries(at, seen.size());
        seen.replaceAll((name, value) -> mutable(at, value));
        return seen;
    }

    private Object mutable(Place at, Object value) {
        if (value instanceof List<?> list) {
            meter.entries(at, list.size());
            var copy = new ArrayList<Object>();
            list.forEach(item -> copy.add(mutable(at, item)));
            return copy;
        }
        if (value instanceof Map<?, ?> map) {
            meter.entries(at, map.size());
            var copy = new LinkedHashMap<Object, Object>();
            map.forEach((key, item) -> copy.put(key, mutable(at, item)));
            return copy;
        }
        return value;
    }

    private @Nullable Object copy(Place at, @Nullable Object value, int depth) {
        if (depth > MAX_NESTED) {
            throw at.error("lists and maps are nested deeper than " + MAX_NESTED + "; nest less deep");
        }
        if (value instanceof List<?> list) {
            meter.entries(at, list.size());
            var copy = new ArrayList<@Nullable Object>();
            list.forEach(item -> copy.add(copy(at, item, depth + 1)));
            return Collections.unmodifiableList(copy);
        }
        if (value instanceof Map<?, ?> map) {
            meter.entries(at, map.size());
            var copy = new LinkedHashMap<String, @Nullable Object>();
            map.forEach((key, item) -> copy.put(String.valueOf(key), copy(at, item, depth + 1)));
            return Collections.unmodifiableMap(copy);
        }
        if (value == null
                || value instanceof String
                || value instanceof Long
                || value instanceof BigDecimal
                || value instanceof Boolean) {
            return value;
        }
        throw at.error("a closure within a list or map has no meaning here; give it a setting of its own");
    }
}
