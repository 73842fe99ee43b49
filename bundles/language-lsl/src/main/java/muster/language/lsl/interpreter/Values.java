package muster.language.lsl.interpreter;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import muster.api.MusterException;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * What values are: null, booleans, texts, whole numbers of 63 bits, decimal numbers of 34 digits, lists, maps and closures.
 */
final class Values {
    private static final int MAX_SCALE = 400;
    private static final int MAX_NESTED = 100;

    private final Meter meter;

    Values(Meter meter) {
        this.meter = meter;
    }

    static String kind(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof String) {
            return "a text";
        }
        if (value instanceof Long) {
            return "a whole number";
        }
        if (value instanceof BigDecimal) {
            return "a number";
        }
        if (value instanceof Boolean) {
            return "true or false";
        }
        if (value instanceof List) {
            return "a list";
        }
        return value instanceof Map ? "a map" : "a closure";
    }

    /** Whether a condition takes it for true, as in Groovy: not if it is null, false, zero or empty. */
    static boolean truth(@Nullable Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Long number) {
            return number != 0;
        }
        if (value instanceof BigDecimal number) {
            return number.signum() != 0;
        }
        if (value instanceof List<?> list) {
            return !list.isEmpty();
        }
        return value instanceof Map<?, ?> map ? !map.isEmpty() : value != null;
    }

    @SuppressWarnings("unchecked") // values make only such lists
    static List<@Nullable Object> list(Object value) {
        return (List<@Nullable Object>) value;
    }

    @SuppressWarnings("unchecked") // values make only such maps
    static Map<Object, @Nullable Object> map(Object value) {
        return (Map<Object, @Nullable Object>) value;
    }

    List<@Nullable Object> newList(Place at, int size) {
        meter.entries(at, size);
        return new ArrayList<>(size);
    }

    Map<Object, @Nullable Object> newMap(Place at) {
        meter.entries(at, 0);
        return new LinkedHashMap<>();
    }

    /** What a map has at a key; null if nothing. Other values are no keys, and are not hashed: lists may hold each other. */
    static @Nullable Object get(Map<Object, @Nullable Object> map, @Nullable Object key) {
        return isKey(key) ? map.get(key) : null;
    }

    static boolean isKey(@Nullable Object value) {
        return value instanceof String || value instanceof Long || value instanceof Boolean;
    }

    void put(Place at, Map<Object, @Nullable Object> map, @Nullable Object key, @Nullable Object value) {
        if (key == null || !isKey(key)) {
            throw at.error("a key of a map is " + kind(key) + "; expected a text, a whole number, true or false");
        }
        meter.entries(at, 1);
        map.put(key, value);
    }

    /** A value as text, as Groovy writes it. */
    String text(Place at, @Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        meter.text(at, 0);
        var out = new StringBuilder();
        write(at, out, value, 0);
        return out.toString();
    }

    /** Charged as it grows: a list may have the same text many times. */
    private void append(Place at, StringBuilder out, String text) {
        meter.part(at, out.length(), text.length());
        out.append(text);
    }

    private void write(Place at, StringBuilder out, @Nullable Object value, int depth) {
        meter.work(at, 0);
        if (depth > MAX_NESTED) {
            throw at.error("lists and maps are nested deeper than " + MAX_NESTED + "; does one contain itself?");
        }
        if (value instanceof BigDecimal number) {
            append(at, out, number.toPlainString());
        } else if (value instanceof List<?> list) {
            out.append('[');
            var next = "";
            for (var item : list) {
                append(at, out, next);
                write(at, out, item, depth + 1);
                next = ", ";
            }
            out.append(']');
        } else if (value instanceof Map<?, ?> map) {
            out.append(map.isEmpty() ? "[:" : "[");
            var next = "";
            for (var entry : map.entrySet()) {
                append(at, out, next);
                append(at, out, entry.getKey() + ":");
                write(at, out, entry.getValue(), depth + 1);
                next = ", ";
            }
            out.append(']');
        } else {
            append(at, out, String.valueOf(value));
        }
    }

    boolean equal(Place at, @Nullable Object left, @Nullable Object right) {
        return equal(at, left, right, 0);
    }

    private boolean equal(Place at, @Nullable Object left, @Nullable Object right, int depth) {
        meter.work(at, left instanceof String text ? text.length() >> 4 : 0);
        if (depth > MAX_NESTED) {
            throw at.error("lists and maps are nested deeper than " + MAX_NESTED + "; does one contain itself?");
        }
        if (isNumber(left) && isNumber(right)) {
            return compare(at, left, right) == 0;
        }
        if (left instanceof List<?> first && right instanceof List<?> second) {
            if (first.size() != second.size()) {
                return false;
            }
            for (var i = 0; i < first.size(); i++) {
                if (!equal(at, first.get(i), second.get(i), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (left instanceof Map<?, ?> first && right instanceof Map<?, ?> second) {
            meter.work(at, first.size());
            if (!first.keySet().equals(second.keySet())) {
                return false;
            }
            for (var entry : first.entrySet()) {
                if (!equal(at, entry.getValue(), second.get(entry.getKey()), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        return (left instanceof List || left instanceof Map) ? left == right : Objects.equals(left, right);
    }

    /** Which comes first. Null comes before all else. */
    int compare(Place at, @Nullable Object left, @Nullable Object right) {
        meter.work(at, 0);
        if (left == null || right == null) {
            return left == right ? 0 : left == null ? -1 : 1;
        }
        if (left instanceof Long first && right instanceof Long second) {
            return first.compareTo(second);
        }
        if (isNumber(left) && isNumber(right)) {
            return decimal(left).compareTo(decimal(right));
        }
        if (left instanceof String first && right instanceof String second) {
            meter.work(at, Math.min(first.length(), second.length()) >> 4);
            return first.compareTo(second);
        }
        if (left instanceof Boolean first && right instanceof Boolean second) {
            return first.compareTo(second);
        }
        throw at.error(kind(left) + " and " + kind(right) + " cannot be compared");
    }

    private static boolean isNumber(@Nullable Object value) {
        return value instanceof Long || value instanceof BigDecimal;
    }

    private static BigDecimal decimal(@Nullable Object value) {
        return value instanceof Long number ? BigDecimal.valueOf(number) : (BigDecimal) Objects.requireNonNull(value);
    }

    private static BigDecimal bounded(Place at, BigDecimal number) {
        var plain = number.round(MathContext.DECIMAL128);
        if (Math.abs((long) plain.precision() - plain.scale()) > MAX_SCALE
                || Math.abs((long) plain.scale()) > MAX_SCALE) {
            throw at.error("the number has more than " + MAX_SCALE + " digits");
        }
        return plain;
    }

    /** A number as a script writes it. */
    static BigDecimal decimal(Place at, String text) {
        if (text.length() > MAX_NESTED) {
            throw at.error("the number has more than " + MAX_NESTED + " characters");
        }
        try {
            return bounded(at, new BigDecimal(text.strip()));
        } catch (NumberFormatException e) {
            throw at.error("'" + text + "' is no number");
        }
    }

    /** What an operator makes of two values. */
    @Nullable
    Object operate(Place at, String operator, @Nullable Object left, @Nullable Object right) {
        meter.work(at, 0);
        if (isNumber(left) && isNumber(right)) {
            return left instanceof Long first && right instanceof Long second
                    ? whole(at, operator, first, second)
                    : decimals(at, operator, decimal(left), decimal(right));
        }
        if (operator.equals("+")) {
            return plus(at, left, right);
        }
        if (operator.equals("*") && right instanceof Long times && (left instanceof String || left instanceof List)) {
            return repeat(at, left, times);
        }
        if (operator.equals("-") && left instanceof String text) {
            var taken = text(at, right);
            search(at, text, taken);
            meter.text(at, text.length());
            var index = text.indexOf(taken);
            return index < 0 ? text : text.substring(0, index) + text.substring(index + taken.length());
        }
        if (operator.equals("-") && left instanceof List) {
            var taken = right instanceof List ? list(right) : Collections.singletonList(right);
            var rest = newList(at, list(left).size());
            for (var item : list(left)) {
                if (taken.stream().noneMatch(other -> equal(at, item, other))) {
                    rest.add(item);
                }
            }
            return rest;
        }
        throw at.error("'" + operator + "' of " + kind(left) + " and " + kind(right)
                + " has no meaning; expected two numbers");
    }

    /** Charges the search for a text in another, which may compare each of its characters with each. */
    void search(Place at, String text, String part) {
        meter.work(at, ((long) text.length() * Math.max(1, part.length())) >> 6);
    }

    private @Nullable Object plus(Place at, @Nullable Object left, @Nullable Object right) {
        if (left instanceof List) {
            var other = right instanceof List ? list(right) : Collections.singletonList(right);
            var all = newList(at, list(left).size() + other.size());
            all.addAll(list(left));
            all.addAll(other);
            return all;
        }
        if (left instanceof Map && right instanceof Map) {
            meter.entries(at, (long) map(left).size() + map(right).size());
            var all = new LinkedHashMap<>(map(left));
            all.putAll(map(right));
            return all;
        }
        if (left instanceof String || right instanceof String) {
            var first = text(at, left);
            var second = text(at, right);
            meter.text(at, (long) first.length() + second.length());
            return first + second;
        }
        throw at.error("'+' of " + kind(left) + " and " + kind(right)
                + " has no meaning; expected two numbers, texts, lists or maps");
    }

    private Object repeat(Place at, Object value, long times) {
        if (times < 0 || times > Integer.MAX_VALUE) {
            throw at.error("a repetition of " + times + " times; expected 0 or more");
        }
        if (value instanceof String text) {
            meter.text(at, Math.multiplyExact(text.length(), times));
            return text.repeat((int) times);
        }
        var items = list(value);
        meter.entries(at, Math.multiplyExact(items.size(), times));
        var all = new ArrayList<@Nullable Object>();
        for (var i = 0; i < times; i++) {
            all.addAll(items);
        }
        return all;
    }

    private static Object whole(Place at, String operator, long left, long right) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(left, right);
                case "-" -> Math.subtractExact(left, right);
                case "*" -> Math.multiplyExact(left, right);
                case "/" ->
                    right == -1
                            ? (Object) Math.negateExact(left)
                            : right != 0 && left % right == 0
                                    ? (Object) (left / right)
                                    : decimals(at, operator, BigDecimal.valueOf(left), BigDecimal.valueOf(right));
                case "%" -> left % divisor(at, right);
                case "**" -> power(at, left, right);
                default -> throw at.error("'" + operator + "' has no meaning here");
            };
        } catch (ArithmeticException e) {
            throw at.error("'" + left + " " + operator + " " + right
                    + "' is beyond whole numbers of 63 bits; write one as a decimal, such as 1.0");
        }
    }

    private static long divisor(Place at, long right) {
        if (right == 0) {
            throw at.error("a division by zero");
        }
        return right;
    }

    private static Object power(Place at, long left, long right) {
        if (right < 0 || right > MAX_SCALE) {
            throw at.error("a power of " + right + "; expected 0 to " + MAX_SCALE);
        }
        var result = 1L;
        for (var i = 0; i < right; i++) {
            result = Math.multiplyExact(result, left);
        }
        return result;
    }

    private static Object decimals(Place at, String operator, BigDecimal left, BigDecimal right) {
        if (right.signum() == 0 && (operator.equals("/") || operator.equals("%"))) {
            throw at.error("a division by zero");
        }
        var result =
                switch (operator) {
                    case "+" -> left.add(right, MathContext.DECIMAL128);
                    case "-" -> left.subtract(right, MathContext.DECIMAL128);
                    case "*" -> left.multiply(right, MathContext.DECIMAL128);
                    case "/" -> left.divide(right, MathContext.DECIMAL64).stripTrailingZeros();
                    case "%" -> left.remainder(right);
                    case "**" -> power(at, left, right);
                    default -> throw at.error("'" + operator + "' has no meaning here");
                };
        return bounded(at, result.scale() < 0 && operator.equals("/") ? result.setScale(0) : result);
    }

    private static BigDecimal power(Place at, BigDecimal left, BigDecimal right) {
        try {
            var times = right.intValueExact();
            if (times >= 0 && times <= MAX_SCALE) {
                return left.pow(times, MathContext.DECIMAL128);
            }
        } catch (ArithmeticException e) {
            // told below, as a power out of range is
        }
        throw at.error("a power of " + right.toPlainString() + "; expected a whole number from 0 to " + MAX_SCALE);
    }

    /** A value as one of another type. */
    @Nullable
    Object as(Place at, String type, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        return switch (type) {
            case "int", "Integer", "long", "Long" -> wholeNumber(at, value);
            case "double", "Double", "BigDecimal" -> isNumber(value) ? decimal(value) : decimal(at, text(at, value));
            case "boolean", "Boolean" -> truth(value);
            case "List", "Set" -> {
                if (!(value instanceof List)) {
                    throw at.error(kind(value) + " is no list");
                }
                var items = newList(at, list(value).size());
                for (var item : list(value)) {
                    if (type.equals("List") || items.stream().noneMatch(other -> equal(at, item, other))) {
                        items.add(item);
                    }
                }
                yield items;
            }
            default -> text(at, value);
        };
    }

    private Object wholeNumber(Place at, Object value) {
        try {
            return value instanceof BigDecimal number
                    ? (Object) number.toBigInteger().longValueExact()
                    : value instanceof Long
                            ? value
                            : (Object) Long.parseLong(text(at, value).strip());
        } catch (NumberFormatException | ArithmeticException e) {
            throw at.error("'" + text(at, value) + "' is no whole number of 63 bits");
        }
    }

    MusterException noMember(Place at, @Nullable Object value, String what, String name) {
        return at.error(kind(value) + " has no " + what + " '" + name + "' that scripts may use");
    }
}
