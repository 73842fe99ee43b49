package muster.api.study;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * What a block of a study sets. A value is null, a string, a {@link Long}, a {@link BigDecimal}, a {@link Boolean}, a list,
 * a map with strings as keys, or a {@link Rule}, which gives a value for each system.
 */
public final class Settings {
    private final Place at;
    private final List<Setting> all;
    private final @Nullable Subject subject;

    /** @param value of {@code name = value}; or of a command {@code name value}, which may stand there several times */
    public record Setting(Place at, String name, @Nullable Object value) {}

    /** A value that depends on the system. */
    @FunctionalInterface
    public interface Rule {
        /** @throws MusterException INVALID, with its place, if the script's rule has a fault */
        @Nullable
        Object of(Subject system);
    }

    /** @param at where the block begins */
    public Settings(Place at, List<Setting> all) {
        this(at, List.copyOf(all), null);
    }

    private Settings(Place at, List<Setting> all, @Nullable Subject subject) {
        this.at = at;
        this.all = all;
        this.subject = subject;
    }

    /** The same settings, whose rules are asked for a system. */
    public Settings of(Subject system) {
        return new Settings(at, all, system);
    }

    /** Refuses a setting whose name is not known. */
    public void requireOnly(String owner, Set<String> known) {
        for (var setting : all) {
            if (!known.contains(setting.name())) {
                throw setting.at()
                        .error(owner + " has no setting '" + setting.name() + "'; "
                                + (known.isEmpty()
                                        ? "it takes none"
                                        : "it takes "
                                                + String.join(
                                                        ", ",
                                                        known.stream().sorted().toList())));
            }
        }
    }

    public boolean has(String name) {
        return last(name).isPresent();
    }

    /** A fault in a setting's value, at its place; at the block's if it is not set. */
    public MusterException fault(String name, String message) {
        return place(name).error(message);
    }

    /** Where a setting stands; where the block begins if it does not. */
    public Place place(String name) {
        return last(name).map(Setting::at).orElse(at);
    }

    /** The value that was set last. */
    public Optional<Object> value(String name) {
        return last(name).map(this::ask);
    }

    /** The values of every command of a name, in their order. */
    public List<Object> values(String name) {
        return all.stream()
                .filter(setting -> setting.name().equals(name))
                .map(this::ask)
                .filter(Objects::nonNull)
                .toList();
    }

    public Optional<String> text(String name) {
        return value(name).map(value -> text(name, value));
    }

    /** A whole number. */
    public Optional<Long> number(String name) {
        return value(name).map(value -> {
            if (value instanceof Long number) {
                return number;
            }
            throw wrong(name, value, "a whole number");
        });
    }

    /** A number of any kind. */
    public Optional<BigDecimal> decimal(String name) {
        return value(name).map(value -> {
            if (value instanceof Long number) {
                return BigDecimal.valueOf(number);
            }
            if (value instanceof BigDecimal number) {
                return number;
            }
            throw wrong(name, value, "a number");
        });
    }

    public Optional<Boolean> flag(String name) {
        return value(name).map(value -> {
            if (value instanceof Boolean flag) {
                return flag;
            }
            throw wrong(name, value, "true or false");
        });
    }

    /** Texts of a list, or one text; of every command of the name. */
    public List<String> texts(String name) {
        var texts = new ArrayList<String>();
        for (var value : values(name)) {
            if (value instanceof List<?> list) {
                list.forEach(item -> texts.add(text(name, item)));
            } else {
                texts.add(text(name, value));
            }
        }
        return texts;
    }

    /** Texts by name. */
    public Map<String, String> textsByName(String name) {
        var texts = new LinkedHashMap<String, String>();
        value(name).ifPresent(value -> {
            if (!(value instanceof Map<?, ?> map)) {
                throw wrong(name, value, "a map such as [name: 'value']");
            }
            map.forEach((key, item) -> texts.put(String.valueOf(key), text(name, item)));
        });
        return texts;
    }

    private String text(String name, @Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Long || value instanceof Boolean) {
            return value.toString();
        }
        if (value instanceof BigDecimal number) {
            return number.toPlainString();
        }
        throw wrong(name, value, "a text");
    }

    private MusterException wrong(String name, @Nullable Object value, String expected) {
        var shown = String.valueOf(value);
        return fault(
                name,
                "'" + name + "' is " + Names.escape(shown.substring(0, Math.min(80, shown.length()))) + "; expected "
                        + expected);
    }

    private Optional<Setting> last(String name) {
        for (var i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).name().equals(name)) {
                return Optional.of(all.get(i));
            }
        }
        return Optional.empty();
    }

    private @Nullable Object ask(Setting setting) {
        if (!(setting.value() instanceof Rule rule)) {
            return setting.value();
        }
        if (subject == null) {
            throw setting.at()
                    .error("'" + setting.name()
                            + "' is asked of each system, but the action runs once; give a value, or include systems");
        }
        return rule.of(subject);
    }
}
