package muster.language.makeflow.jx;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import muster.api.MusterException;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** {@code format()} of JX: the conversions of C's printf that its manual names, with flags, width and precision. */
final class Format {
    private static final Pattern CONVERSION = Pattern.compile("%([-+ 0#]*)([0-9]{0,3})(\\.[0-9]{1,3})?([%sdieEfFgG])?");

    private Format() {}

    static String format(Evaluator evaluator, Place at, String text, List<Value> arguments) {
        var out = new StringBuilder();
        var next = 0;
        var used = 0;
        for (var percent = text.indexOf('%'); percent >= 0; percent = text.indexOf('%', next)) {
            out.append(text, next, percent);
            var conversion = CONVERSION.matcher(text).region(percent, text.length());
            if (!conversion.lookingAt() || conversion.group(4) == null) {
                throw at.error("format: '" + text.substring(percent, Math.min(text.length(), percent + 3))
                        + "' is no conversion; expected one of %% %s %d %i %e %E %f %F %g %G");
            }
            next = conversion.end();
            if (conversion.group(4).equals("%")) {
                out.append('%');
            } else if (used == arguments.size()) {
                throw at.error("format: '" + new Value.Text(text) + "' has more conversions than the " + used
                        + " values given");
            } else {
                var value = arguments.get(used++);
                var letter = conversion.group(4);
                out.append(pad(
                        conversion.group(1),
                        conversion.group(2),
                        letter.equals("s")
                                ? cut(conversion.group(3), evaluator.text(at, value))
                                : number(at, conversion.group(), conversion.group(3), letter, value)));
            }
        }
        if (used < arguments.size()) {
            throw at.error("format: '" + new Value.Text(text) + "' has " + used + " conversions for " + arguments.size()
                    + " values");
        }
        return out.append(text.substring(next)).toString();
    }

    private static int digits(@Nullable String precision, int otherwise) {
        return precision == null ? otherwise : Integer.parseInt(precision.substring(1));
    }

    private static String cut(@Nullable String precision, String text) {
        return text.substring(0, Math.min(digits(precision, text.length()), text.length()));
    }

    private static String number(Place at, String conversion, @Nullable String precision, String letter, Value value) {
        if (letter.equals("d") || letter.equals("i")) {
            if (value instanceof Value.Whole whole) {
                return Long.toString(whole.value());
            }
            throw mismatch(at, conversion, "an integer", value);
        }
        double number;
        if (value instanceof Value.Real real) {
            number = real.value();
        } else if (value instanceof Value.Whole whole) {
            number = whole.value();
        } else {
            throw mismatch(at, conversion, "a number", value);
        }
        var places = digits(precision, 6);
        return switch (letter) {
            case "e" -> String.format(Locale.ROOT, "%." + places + "e", number);
            case "E" -> String.format(Locale.ROOT, "%." + places + "E", number);
            case "g" -> general(number, places);
            case "G" -> general(number, places).toUpperCase(Locale.ROOT);
            default -> String.format(Locale.ROOT, "%." + places + "f", number);
        };
    }

    private static MusterException mismatch(Place at, String conversion, String wants, Value value) {
        return at.error("format: " + conversion + " takes " + wants + ", not " + value.type() + " " + value);
    }

    private static String pad(String flags, String width, String text) {
        var signed =
                flags.contains("+") && !text.startsWith("-") && !text.isEmpty() && Character.isDigit(text.charAt(0))
                        ? "+" + text
                        : text;
        var missing = width.isEmpty() ? 0 : Integer.parseInt(width) - signed.length();
        if (missing <= 0) {
            return signed;
        }
        if (flags.contains("-")) {
            return signed + " ".repeat(missing);
        }
        if (flags.contains("0")) {
            var sign = signed.startsWith("-") || signed.startsWith("+") ? 1 : 0;
            return signed.substring(0, sign) + "0".repeat(missing) + signed.substring(sign);
        }
        return " ".repeat(missing) + signed;
    }

    /** A number as {@code %g} prints it: six digits, without trailing zeros. */
    static String general(double number) {
        return general(number, 6);
    }

    private static String general(double number, int precision) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return Double.toString(number).toLowerCase(Locale.ROOT);
        }
        var digits = Math.max(1, precision);
        var scientific = String.format(Locale.ROOT, "%." + (digits - 1) + "e", number);
        var exponent = Integer.parseInt(scientific.substring(scientific.indexOf('e') + 1));
        if (exponent < -4 || exponent >= digits) {
            var mantissa = scientific.substring(0, scientific.indexOf('e'));
            return stripped(mantissa) + scientific.substring(scientific.indexOf('e'));
        }
        return stripped(new BigDecimal(scientific).toPlainString());
    }

    private static String stripped(String number) {
        if (number.indexOf('.') < 0) {
            return number;
        }
        var end = number.length();
        while (number.charAt(end - 1) == '0') {
            end--;
        }
        return number.substring(0, number.charAt(end - 1) == '.' ? end - 1 : end);
    }
}
