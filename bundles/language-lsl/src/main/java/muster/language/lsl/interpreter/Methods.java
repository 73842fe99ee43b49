package muster.language.lsl.interpreter;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringTokenizer;
import muster.api.MusterException;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** The methods that scripts may call, by the kind of their receiver; there are no others. */
final class Methods {
    /** There is no such method. */
    private static final Object NONE = new Object();

    private final Meter meter;
    private final Values values;

    Methods(Meter meter, Values values) {
        this.meter = meter;
        this.values = values;
    }

    /** One call, with what it was given. */
    private record Given(Place at, String name, List<@Nullable Object> arguments) {
        int count() {
            return arguments.size();
        }

        @Nullable
        Object value(int index) {
            if (index >= arguments.size()) {
                throw wrong("more values");
            }
            return arguments.get(index);
        }

        String text(int index) {
            if (value(index) instanceof String text) {
                return text;
            }
            throw wrong("a text");
        }

        long number(int index) {
            if (value(index) instanceof Long number) {
                return number;
            }
            throw wrong("a whole number");
        }

        Lambda closure(int index) {
            if (value(index) instanceof Lambda closure) {
                return closure;
            }
            throw wrong("a closure");
        }

        List<@Nullable Object> list(int index) {
            if (value(index) instanceof List<?> list) {
                return Values.list(list);
            }
            throw wrong("a list");
        }

        /** How many of so many: a number within them. */
        int size(int index, int most) {
            return (int) Math.max(0, Math.min(most, number(index)));
        }

        MusterException wrong(String expected) {
            return at.error("'" + name + "' expects " + expected);
        }
    }

    @Nullable
    Object call(Place at, @Nullable Object owner, String name, List<@Nullable Object> arguments) {
        meter.work(at, 0);
        var given = new Given(at, name, arguments);
        var value = any(owner, given);
        if (value == NONE && owner instanceof String text) {
            value = text(text, given);
        } else if (value == NONE && (owner instanceof Long || owner instanceof BigDecimal)) {
            value = number(owner, given);
        } else if (value == NONE && owner instanceof List) {
            value = list(Values.list(owner), given);
        } else if (value == NONE && owner instanceof Map) {
            value = map(Values.map(owner), given);
        } else if (value == NONE && owner instanceof Lambda closure && name.equals("call")) {
            value = closure.call(arguments);
        }
        if (value == NONE) {
            throw values.noMember(at, owner, "method", name);
        }
        return value;
    }

    private @Nullable Object any(@Nullable Object owner, Given given) {
        return switch (given.name()) {
            case "toString" -> values.text(given.at(), owner);
            case "equals" -> values.equal(given.at(), owner, given.value(0));
            case "compareTo" -> (long) values.compare(given.at(), owner, given.value(0));
            default -> NONE;
        };
    }

    private String made(Place at, String text) {
        meter.text(at, text.length());
        return text;
    }

    private @Nullable Object text(String text, Given given) {
        var at = given.at();
        meter.work(at, text.length() >> 2);
        if (given.count() > 0 && given.value(0) instanceof String part) {
            values.search(at, text, part);
        }
        return switch (given.name()) {
            case "size", "length" -> (long) text.length();
            case "isEmpty" -> text.isEmpty();
            case "toUpperCase" -> made(at, text.toUpperCase(Locale.ROOT));
            case "toLowerCase" -> made(at, text.toLowerCase(Locale.ROOT));
            case "trim", "strip" -> made(at, text.strip());
            case "capitalize" ->
                made(at, text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1));
            case "contains" -> text.contains(given.text(0));
            case "startsWith" -> text.startsWith(given.text(0));
            case "endsWith" -> text.endsWith(given.text(0));
            case "equalsIgnoreCase" -> text.equalsIgnoreCase(given.text(0));
            case "indexOf" -> (long) text.indexOf(given.text(0));
            case "lastIndexOf" -> (long) text.lastIndexOf(given.text(0));
            case "substring" -> substring(text, given);
            case "take" -> made(at, text.substring(0, given.size(0, text.length())));
            case "drop" -> made(at, text.substring(given.size(0, text.length())));
            case "concat" -> values.operate(at, "+", text, given.text(0));
            case "replace" -> replace(text, given);
            case "reverse" -> made(at, new StringBuilder(text).reverse().toString());
            case "padLeft", "padRight" -> padded(text, given);
            case "split", "tokenize" -> split(text, given);
            case "readLines" -> parts(at, text.lines().iterator());
            case "toList" ->
                parts(at, text.codePoints().mapToObj(Character::toString).iterator());
            case "toInteger", "toLong" -> values.as(at, "long", text);
            case "toBigDecimal", "toDouble" -> values.as(at, "BigDecimal", text);
            case "toBoolean" -> List.of("true", "y", "1").contains(text.strip().toLowerCase(Locale.ROOT));
            case "isInteger", "isLong" -> text.strip().matches("[+-]?[0-9]{1,18}");
            case "stripIndent" -> made(at, text.stripIndent());
            default -> NONE;
        };
    }

    private String substring(String text, Given given) {
        var from = given.number(0);
        var to = given.count() > 1 ? given.number(1) : text.length();
        if (from < 0 || from > to || to > text.length()) {
            throw given.wrong("a part of the text, which has " + text.length() + " characters");
        }
        return made(given.at(), text.substring((int) from, (int) to));
    }

    private String replace(String text, Given given) {
        var old = given.text(0);
        var now = given.text(1);
        var times = old.isEmpty() ? text.length() + 1L : text.length() / old.length();
        meter.text(given.at(), text.length() + times * now.length());
        return text.replace(old, now);
    }

    private String padded(String text, Given given) {
        var missing = given.number(0) - text.length();
        if (missing <= 0) {
            return text;
        }
        var with = given.count() > 1 ? given.text(1) : " ";
        if (with.length() != 1) {
            throw given.wrong("one character to fill with");
        }
        meter.text(given.at(), given.number(0));
        var fill = with.repeat((int) missing);
        return given.name().equals("padLeft") ? fill + text : text + fill;
    }

    /** By a text that stands between parts, or by any of its characters; never by a pattern. */
    private Object split(String text, Given given) {
        var between = given.count() == 0 ? " \t\n\r\f" : given.text(0);
        if (between.isEmpty()) {
            throw given.wrong("what stands between the parts");
        }
        if (given.count() == 0 || given.name().equals("tokenize")) {
            return parts(given.at(), new StringTokenizer(text, between).asIterator());
        }
        var parts = values.newList(given.at(), 0);
        var from = 0;
        for (var next = text.indexOf(between); next >= 0; next = text.indexOf(between, from)) {
            parts.add(made(given.at(), text.substring(from, next)));
            from = next + between.length();
        }
        parts.add(made(given.at(), text.substring(from)));
        return parts;
    }

    /** Texts as a list, each charged when it is made. */
    private List<@Nullable Object> parts(Place at, Iterator<?> texts) {
        var parts = values.newList(at, 0);
        texts.forEachRemaining(text -> parts.add(made(at, String.valueOf(text))));
        return parts;
    }

    private @Nullable Object number(Object number, Given given) {
        var at = given.at();
        return switch (given.name()) {
            case "abs" -> values.compare(at, number, 0L) < 0 ? values.operate(at, "-", 0L, number) : number;
            case "toInteger", "toLong", "intValue", "longValue" -> values.as(at, "long", number);
            case "toBigDecimal", "toDouble" -> values.as(at, "BigDecimal", number);
            case "round" -> rounded(number, given);
            case "times", "upto", "downto" -> {
                if (!(number instanceof Long first)) {
                    throw given.wrong("a whole number to count from");
                }
                count(first, given);
                yield null;
            }
            default -> NONE;
        };
    }

    private @Nullable Object rounded(Object number, Given given) {
        if (number instanceof Long) {
            return number;
        }
        var digits = given.count() == 0 ? 0 : given.size(0, 30);
        var rounded = ((BigDecimal) number).setScale(digits, RoundingMode.HALF_UP);
        return given.count() == 0 ? values.as(given.at(), "long", rounded) : rounded;
    }

    private void count(long first, Given given) {
        var times = given.name().equals("times");
        var body = given.closure(times ? 0 : 1);
        var last = times ? first - 1 : given.number(0);
        var down = given.name().equals("downto");
        for (var i = times ? 0 : first; down ? i >= last : i <= last; i += down ? -1 : 1) {
            body.call(arguments(i));
        }
    }

    private static List<@Nullable Object> arguments(@Nullable Object value) {
        return Collections.singletonList(value);
    }

    private List<@Nullable Object> copied(Place at, List<? extends @Nullable Object> items) {
        meter.entries(at, items.size());
        return new ArrayList<>(items);
    }

    /** The items of a list, or the entries of a map, to go through. */
    List<@Nullable Object> items(Place at, Object value) {
        if (value instanceof Range range) {
            return Values.list(range);
        }
        if (value instanceof List) {
            return copied(at, Values.list(value));
        }
        var entries = new ArrayList<@Nullable Object>();
        for (var entry : Values.map(value).entrySet()) {
            meter.entries(at, 2);
            var made = new LinkedHashMap<Object, @Nullable Object>();
            made.put("key", entry.getKey());
            made.put("value", entry.getValue());
            entries.add(made);
        }
        return entries;
    }

    /** Where a number counts to, from the end if it is negative. */
    int place(Place at, int size, long index) {
        var place = index < 0 ? size + index : index;
        if (place < 0 || place >= size) {
            throw at.error("there is nothing at " + index + " of " + size);
        }
        return (int) place;
    }

    boolean contains(Place at, @Nullable Object owner, @Nullable Object value) {
        if (owner instanceof Map<?, ?> map) {
            return Values.isKey(value) && map.containsKey(value);
        }
        if (owner instanceof String text && value instanceof String part) {
            values.search(at, text, part);
            return text.contains(part);
        }
        if (owner instanceof List) {
            return indexOf(at, Values.list(owner), value) >= 0;
        }
        throw at.error("nothing is in " + Values.kind(owner) + "; expected a list, a map or a text");
    }

    private long indexOf(Place at, List<@Nullable Object> list, @Nullable Object value) {
        for (var i = 0; i < list.size(); i++) {
            if (values.equal(at, list.get(i), value)) {
                return i;
            }
        }
        return -1;
    }

    String join(Place at, List<@Nullable Object> list, String between) {
        meter.text(at, 0);
        var out = new StringBuilder();
        var next = "";
        for (var item : list) {
            var text = values.text(at, item);
            meter.part(at, out.length(), (long) text.length() + next.length());
            out.append(next).append(text);
            next = between;
        }
        return out.toString();
    }

    private @Nullable Object list(List<@Nullable Object> list, Given given) {
        var changed = change(list, given);
        if (changed != NONE) {
            return changed;
        }
        var at = given.at();
        return switch (given.name()) {
            case "size" -> (long) list.size();
            case "isEmpty" -> list.isEmpty();
            case "get" -> list.get(place(at, list.size(), given.number(0)));
            case "contains" -> contains(at, list, given.value(0));
            case "indexOf" -> indexOf(at, list, given.value(0));
            case "first", "head" -> item(list, 0, given);
            case "last" -> item(list, list.size() - 1, given);
            case "tail" -> copied(at, list.subList(Math.min(1, list.size()), list.size()));
            case "init" -> copied(at, list.subList(0, Math.max(0, list.size() - 1)));
            case "take" -> copied(at, list.subList(0, given.size(0, list.size())));
            case "drop" -> copied(at, list.subList(given.size(0, list.size()), list.size()));
            case "reverse" -> {
                var reversed = copied(at, list);
                Collections.reverse(reversed);
                yield reversed;
            }
            case "toList" -> copied(at, list);
            case "toSet", "unique" -> values.as(at, "Set", list);
            case "flatten" -> {
                var flat = values.newList(at, 0);
                flatten(at, list, flat, 0);
                yield flat;
            }
            case "join" -> join(at, list, given.count() == 0 ? "" : given.text(0));
            case "plus", "minus" -> values.operate(at, given.name().equals("plus") ? "+" : "-", list, given.value(0));
            case "intersect" -> {
                var both = values.newList(at, 0);
                for (var item : list) {
                    if (contains(at, given.list(0), item)) {
                        meter.entries(at, 1);
                        both.add(item);
                    }
                }
                yield both;
            }
            case "collate" -> collated(list, given);
            case "withIndex" -> {
                var pairs = values.newList(at, list.size());
                for (var i = 0; i < list.size(); i++) {
                    var pair = values.newList(at, 2);
                    pair.add(list.get(i));
                    pair.add((long) i);
                    pairs.add(pair);
                }
                yield pairs;
            }
            default -> loop(copied(at, list), given);
        };
    }

    private static @Nullable Object item(List<@Nullable Object> list, int index, Given given) {
        if (list.isEmpty()) {
            throw given.wrong("a list that is not empty");
        }
        return list.get(index);
    }

    private @Nullable Object change(List<@Nullable Object> list, Given given) {
        var at = given.at();
        switch (given.name()) {
            case "add", "leftShift", "push", "addAll", "removeAt", "pop", "clear" -> {
                if (list instanceof Range) {
                    throw at.error("a range cannot be changed; write (1..3).toList()");
                }
            }
            default -> {
                return NONE;
            }
        }
        switch (given.name()) {
            case "addAll" -> {
                var added = given.list(0);
                meter.entries(at, added.size());
                return list.addAll(new ArrayList<>(added));
            }
            case "removeAt", "pop" -> {
                meter.work(at, list.size() >> 3);
                return list.remove(
                        given.count() == 0 ? place(at, list.size(), -1) : place(at, list.size(), given.number(0)));
            }
            case "clear" -> {
                list.clear();
                return null;
            }
            default -> {
                meter.entries(at, 1);
                list.add(given.value(0));
                return given.name().equals("add") ? (Object) true : list;
            }
        }
    }

    private void flatten(Place at, List<@Nullable Object> list, List<@Nullable Object> flat, int depth) {
        if (depth > 100) {
            throw at.error("lists are nested deeper than 100; does one contain itself?");
        }
        meter.work(at, list.size());
        for (var item : list) {
            if (item instanceof List) {
                flatten(at, Values.list(item), flat, depth + 1);
            } else {
                meter.entries(at, 1);
                flat.add(item);
            }
        }
    }

    private Object collated(List<@Nullable Object> list, Given given) {
        var size = given.number(0);
        if (size < 1) {
            throw given.wrong("1 or more");
        }
        var parts = values.newList(given.at(), 0);
        for (long from = 0; from < list.size(); from += size) {
            meter.entries(given.at(), 1);
            parts.add(copied(given.at(), list.subList((int) from, (int) Math.min(list.size(), from + size))));
        }
        return parts;
    }

    /** What goes through items, which nothing else changes meanwhile. */
    private @Nullable Object loop(List<@Nullable Object> items, Given given) {
        var at = given.at();
        return switch (given.name()) {
            case "each" -> {
                items.forEach(item -> ask(given.closure(0), item));
                yield items;
            }
            case "reverseEach" -> {
                Collections.reverse(items);
                items.forEach(item -> ask(given.closure(0), item));
                yield null;
            }
            case "eachWithIndex" -> {
                for (var i = 0; i < items.size(); i++) {
                    given.closure(0).call(pair(items.get(i), (long) i));
                }
                yield items;
            }
            case "collect" -> {
                var made = values.newList(at, items.size());
                items.forEach(item -> made.add(given.count() == 0 ? item : ask(given.closure(0), item)));
                yield made;
            }
            case "collectMany" -> {
                var made = values.newList(at, 0);
                for (var item : items) {
                    if (!(ask(given.closure(0), item) instanceof List<?> many)) {
                        throw given.wrong("a closure that gives lists");
                    }
                    meter.entries(at, many.size());
                    made.addAll(many);
                }
                yield made;
            }
            case "collectEntries" -> entries(items, given);
            case "findAll" -> found(items, given);
            case "find" ->
                items.stream()
                        .filter(item -> Values.truth(ask(given.closure(0), item)))
                        .findFirst()
                        .orElse(null);
            case "findIndexOf" -> {
                for (var i = 0; i < items.size(); i++) {
                    if (Values.truth(ask(given.closure(0), items.get(i)))) {
                        yield (long) i;
                    }
                }
                yield -1L;
            }
            case "any" -> items.stream().anyMatch(item -> holds(item, given));
            case "every" -> items.stream().allMatch(item -> holds(item, given));
            case "count" ->
                items.stream()
                        .filter(item -> given.value(0) instanceof Lambda closure
                                ? Values.truth(ask(closure, item))
                                : values.equal(at, item, given.value(0)))
                        .count();
            case "inject" -> {
                var folded = given.value(0);
                for (var item : items) {
                    folded = given.closure(1).call(pair(folded, item));
                }
                yield folded;
            }
            case "sum" -> sum(items, given);
            case "min", "max" -> extreme(items, given);
            case "sort" -> sorted(items, given);
            case "groupBy" -> grouped(items, given);
            case "countBy" -> {
                var counts = values.newMap(at);
                Values.map(grouped(items, given)).forEach((key, group) -> values.put(at, counts, key, size(group)));
                yield counts;
            }
            default -> NONE;
        };
    }

    private static long size(@Nullable Object group) {
        return group instanceof List<?> list ? list.size() : 0;
    }

    private static List<@Nullable Object> pair(@Nullable Object first, @Nullable Object second) {
        var pair = new ArrayList<@Nullable Object>();
        pair.add(first);
        pair.add(second);
        return pair;
    }

    /** A closure of two parameters gets an entry's key and value. */
    private @Nullable Object ask(Lambda closure, @Nullable Object item) {
        return closure.arity() == 2 && item instanceof Map<?, ?> entry && entry.containsKey("key")
                ? closure.call(pair(entry.get("key"), entry.get("value")))
                : closure.call(arguments(item));
    }

    private boolean holds(@Nullable Object item, Given given) {
        return Values.truth(given.count() == 0 ? item : ask(given.closure(0), item));
    }

    private List<@Nullable Object> found(List<@Nullable Object> items, Given given) {
        var found = values.newList(given.at(), 0);
        for (var item : items) {
            if (holds(item, given)) {
                meter.entries(given.at(), 1);
                found.add(item);
            }
        }
        return found;
    }

    private Object entries(List<@Nullable Object> items, Given given) {
        var made = values.newMap(given.at());
        for (var item : items) {
            var entry = given.count() == 0 ? item : ask(given.closure(0), item);
            if (entry instanceof List<?> pair && pair.size() == 2) {
                values.put(given.at(), made, pair.get(0), pair.get(1));
            } else if (entry instanceof Map<?, ?> map) {
                map.forEach((key, value) -> values.put(given.at(), made, key, value));
            } else {
                throw given.wrong("entries such as [key, value] or [(key): value]");
            }
        }
        return made;
    }

    private @Nullable Object sum(List<@Nullable Object> items, Given given) {
        @Nullable Object sum = null;
        var first = true;
        for (var item : items) {
            var value = given.count() == 0 ? item : ask(given.closure(0), item);
            sum = first ? value : values.operate(given.at(), "+", sum, value);
            first = false;
        }
        return sum;
    }

    private Comparator<@Nullable Object> order(Given given) {
        if (given.count() == 0) {
            return (left, right) -> values.compare(given.at(), left, right);
        }
        var closure = given.closure(0);
        if (closure.arity() == 2) {
            return (left, right) -> {
                if (closure.call(pair(left, right)) instanceof Long order) {
                    return Long.signum(order);
                }
                throw given.wrong("a closure that gives whole numbers, such as { a, b -> a <=> b }");
            };
        }
        return (left, right) -> values.compare(given.at(), ask(closure, left), ask(closure, right));
    }

    private @Nullable Object extreme(List<@Nullable Object> items, Given given) {
        var order = given.name().equals("min") ? order(given) : order(given).reversed();
        Optional<@Nullable Object> first = items.stream().min(order);
        return first.orElse(null);
    }

    private Object sorted(List<@Nullable Object> items, Given given) {
        try {
            items.sort(order(given));
        } catch (IllegalArgumentException e) {
            throw given.wrong("an order without contradictions");
        }
        return items;
    }

    private Object grouped(List<@Nullable Object> items, Given given) {
        var groups = values.newMap(given.at());
        for (var item : items) {
            var key = ask(given.closure(0), item);
            if (!(Values.get(groups, key) instanceof List<?>)) {
                values.put(given.at(), groups, key, values.newList(given.at(), 1));
            }
            meter.entries(given.at(), 1);
            if (Values.get(groups, key) instanceof List<?> group) {
                Values.list(group).add(item);
            }
        }
        return groups;
    }

    private @Nullable Object map(Map<Object, @Nullable Object> map, Given given) {
        var at = given.at();
        return switch (given.name()) {
            case "size" -> (long) map.size();
            case "isEmpty" -> map.isEmpty();
            case "get" -> {
                var value = Values.get(map, given.value(0));
                yield value == null && given.count() > 1 ? given.value(1) : value;
            }
            case "getOrDefault" -> contains(at, map, given.value(0)) ? Values.get(map, given.value(0)) : given.value(1);
            case "put" -> {
                var before = Values.get(map, given.value(0));
                values.put(at, map, given.value(0), given.value(1));
                yield before;
            }
            case "putAll" -> {
                if (!(given.value(0) instanceof Map<?, ?> other)) {
                    throw given.wrong("a map");
                }
                meter.entries(at, other.size());
                map.putAll(new LinkedHashMap<>(other));
                yield null;
            }
            case "remove" -> Values.isKey(given.value(0)) ? map.remove(given.value(0)) : null;
            case "containsKey" -> contains(at, map, given.value(0));
            case "containsValue" -> contains(at, new ArrayList<>(map.values()), given.value(0));
            case "keySet" -> copied(at, new ArrayList<>(map.keySet()));
            case "values" -> copied(at, new ArrayList<>(map.values()));
            case "entrySet" -> items(at, map);
            case "plus" -> values.operate(at, "+", map, given.value(0));
            case "subMap" -> {
                var part = values.newMap(at);
                for (var key : given.list(0)) {
                    values.put(at, part, key, Values.get(map, key));
                }
                yield part;
            }
            case "each", "eachWithIndex" -> {
                loop(items(at, map), given);
                yield map;
            }
            case "findAll", "sort" -> {
                var kept = values.newMap(at);
                for (var entry : Values.list(Objects.requireNonNull(loop(items(at, map), given)))) {
                    if (entry instanceof Map<?, ?> pair) {
                        values.put(at, kept, pair.get("key"), pair.get("value"));
                    }
                }
                yield kept;
            }
            default -> {
                var called = map.get(given.name()) instanceof Lambda closure ? closure : null;
                yield called != null ? called.call(given.arguments()) : loop(items(at, map), given);
            }
        };
    }
}
