package muster.rest;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.rest.json.Json;
import muster.rest.json.Words;
import org.jspecify.annotations.Nullable;

/** Reads query parameters; what is wrong is INVALID, where JAX-RS itself would say "not found". */
final class Query {
    static final int DEFAULT_LIMIT = 100;

    private Query() {}

    /** The text of an id, safe to be echoed. */
    static String id(String text) {
        if (text.length() > 200 || text.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid("'" + Words.shown(text) + "' is not an id; expected such as 17, 17.3 or w1");
        }
        return text;
    }

    static int limit(@Nullable String text) {
        return text == null ? DEFAULT_LIMIT : (int) number("limit", text, 1, 1000);
    }

    /** A whole number within bounds, both included. */
    static long number(String name, String text, long least, long most) {
        try {
            var number = Long.parseLong(text.strip());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw notANumber(name, text, least, most);
        }
        throw notANumber(name, text, least, most);
    }

    private static MusterException notANumber(String name, String text, long least, long most) {
        return MusterException.invalid(name + " '" + Words.shown(text) + "' is no whole number from " + least
                + (most == Long.MAX_VALUE ? "" : " to " + most) + "; write such as "
                + Math.max(least, Math.min(most, 100)));
    }

    /** One of some words; the first if it is not given. */
    static String choice(String name, @Nullable String text, List<String> known) {
        if (text == null) {
            return known.get(0);
        }
        if (!known.contains(text)) {
            throw MusterException.invalid(
                    name + " '" + Words.shown(text) + "' is not known; " + Words.remedy(text, known));
        }
        return text;
    }

    static boolean bool(String name, @Nullable String text) {
        if (text == null || text.equals("false")) {
            return false;
        }
        if (text.equals("true")) {
            return true;
        }
        throw MusterException.invalid(name + " is '" + Words.shown(text) + "'; write true or false");
    }

    /** A time to wait, of at most so long. */
    static Duration duration(String name, String text, Duration most) {
        if (text.length() > 40) {
            throw MusterException.invalid(name + " '" + Words.shown(text) + "' is no duration; write such as 30s");
        }
        var duration = Quantity.parseDuration(text);
        if (duration.compareTo(most) > 0) {
            throw MusterException.invalid(name + " " + Quantity.formatDuration(duration) + " is longer than "
                    + Quantity.formatDuration(most) + "; wait less and ask again");
        }
        return duration;
    }

    /** One constant of an enum. */
    static <E extends Enum<E>> E word(String name, Class<E> type, String text) {
        for (var constant : type.getEnumConstants()) {
            if (Json.word(constant).equals(text.strip().toLowerCase(Locale.ROOT))) {
                return constant;
            }
        }
        var known = Stream.of(type.getEnumConstants()).map(Json::word).toList();
        throw MusterException.invalid(name + " '" + Words.shown(text) + "' is not known; " + Words.remedy(text, known));
    }

    /** Constants of an enum, separated by commas or given several times. */
    static <E extends Enum<E>> Set<E> words(String name, Class<E> type, @Nullable List<String> texts) {
        var words = EnumSet.noneOf(type);
        if (texts != null) {
            texts.stream()
                    .flatMap(text -> Stream.of(text.split(",")))
                    .filter(text -> !text.isBlank())
                    .forEach(text -> words.add(word(name, type, text)));
        }
        return words;
    }
}
