package muster.language.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import muster.api.language.Place;

/**
 * What a name of a script stands for: a text, or a list of texts.
 *
 * @param items the text alone, or those of the list
 */
record Value(List<String> items, boolean list) {
    /** The longest list that a range may stand for. */
    static final int MAX_ITEMS = 250_000;

    private static final Pattern RANGE =
            Pattern.compile("(-?[0-9]{1,12})\\.\\.(-?[0-9]{1,12})(?:\\.\\.([0-9]{1,12}))?");

    Value {
        items = List.copyOf(items);
    }

    static Value text(String text) {
        return new Value(List.of(text), false);
    }

    /** All in one: those of a list with a space between. */
    String joined() {
        return String.join(" ", items);
    }

    /** What a text without quotes stands for: a range, such as {@code 1..12} or {@code 0..100..5}, is a list. */
    static Value of(Place at, String text, boolean plain) {
        var range = RANGE.matcher(text);
        return plain && range.matches()
                ? new Value(
                        range(
                                at,
                                text,
                                Long.parseLong(range.group(1)),
                                Long.parseLong(range.group(2)),
                                range.group(3) == null ? 1 : Long.parseLong(range.group(3))),
                        true)
                : text(text);
    }

    private static List<String> range(Place at, String text, long first, long last, long step) {
        if (last < first || step == 0) {
            throw at.error(
                    "the range '" + text + "' has no numbers; write the lower one first, such as 1..12 or 0..100..5");
        }
        var count = (last - first) / step + 1;
        if (count > MAX_ITEMS) {
            throw at.error("the range '" + text + "' has " + count + " numbers; at most " + MAX_ITEMS + " are allowed");
        }
        var items = new ArrayList<String>((int) count);
        for (var number = first; number <= last; number += step) {
            items.add(Long.toString(number));
        }
        return items;
    }
}
