package muster.api;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads and writes quantities as people give them: {@code 8GiB}, {@code 90s}. */
public final class Quantity {
    private static final Pattern BYTES = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([A-Za-z]*)");
    private static final Pattern DURATION = Pattern.compile(
            "(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\\.[0-9]{1,9})?)s)?(?:([0-9]+)ms)?");
    private static final Pattern CLOCK = Pattern.compile("(?:([0-9]+)-)?([0-9]+):([0-5][0-9]):([0-5][0-9])");
    private static final Map<String, Long> UNITS = Map.ofEntries(
            Map.entry("", 1L),
            Map.entry("b", 1L),
            Map.entry("k", 1L << 10),
            Map.entry("kib", 1L << 10),
            Map.entry("kb", 1_000L),
            Map.entry("m", 1L << 20),
            Map.entry("mib", 1L << 20),
            Map.entry("mb", 1_000_000L),
            Map.entry("g", 1L << 30),
            Map.entry("gib", 1L << 30),
            Map.entry("gb", 1_000_000_000L),
            Map.entry("t", 1L << 40),
            Map.entry("tib", 1L << 40),
            Map.entry("tb", 1_000_000_000_000L));

    private Quantity() {}

    /** Bytes of {@code 8G}, {@code 8GiB} (both 8·2³⁰), {@code 8GB} (8·10⁹), {@code 8192M} or a plain number of bytes. */
    public static long parseBytes(String text) {
        var match = BYTES.matcher(text.strip());
        var unit = match.matches() ? UNITS.get(match.group(2).toLowerCase(Locale.ROOT)) : null;
        if (unit == null) {
            throw MusterException.invalid(
                    "'" + text + "' is not an amount of bytes; write a number with K, M, G or T, such as 8G or 8GiB");
        }
        try {
            return new BigDecimal(match.group(1))
                    .multiply(BigDecimal.valueOf(unit))
                    .toBigInteger()
                    .longValueExact();
        } catch (ArithmeticException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + text + "' is more bytes than fit in 63 bits; write a smaller amount", e);
        }
    }

    /** The shortest exact form with a binary unit: {@code 8GiB}, {@code 1536MiB}, {@code 1000}. */
    public static String formatBytes(long bytes) {
        if (bytes == 0) {
            return "0";
        }
        var units = new String[] {"", "KiB", "MiB", "GiB", "TiB"};
        var unit = Math.min(Long.numberOfTrailingZeros(bytes) / 10, units.length - 1);
        return (bytes >> (10 * unit)) + units[unit];
    }

    /** Duration of {@code 90s}, {@code 1h30m}, {@code 2d}, {@code 250ms}, {@code 01:30:00}, {@code 1-00:00:00} or {@code PT5M}. */
    public static Duration parseDuration(String text) {
        var stripped = text.strip();
        try {
            if (stripped.startsWith("P")) {
                return requireNotNegative(Duration.parse(stripped), text);
            }
            var clock = CLOCK.matcher(stripped);
            if (clock.matches()) {
                return Duration.ofDays(clock.group(1) == null ? 0 : Long.parseLong(clock.group(1)))
                        .plusHours(Long.parseLong(clock.group(2)))
                        .plusMinutes(Long.parseLong(clock.group(3)))
                        .plusSeconds(Long.parseLong(clock.group(4)));
            }
            var match = DURATION.matcher(stripped);
            if (!stripped.isEmpty() && match.matches()) {
                return Duration.ofDays(number(match.group(1)))
                        .plusHours(number(match.group(2)))
                        .plusMinutes(number(match.group(3)))
                        .plusNanos(new BigDecimal(match.group(4) == null ? "0" : match.group(4))
                                .movePointRight(9)
                                .longValueExact())
                        .plusMillis(number(match.group(5)));
            }
        } catch (ArithmeticException | NumberFormatException | DateTimeParseException e) {
            throw notADuration(text, e);
        }
        throw notADuration(text, null);
    }

    /** The form {@link #parseDuration} reads: {@code 1h30m}, {@code 2.5s}, {@code 250ms}. */
    public static String formatDuration(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.isNegative()) {
            return "-" + formatDuration(duration.negated());
        }
        var out = new StringBuilder();
        append(out, duration.toDays(), "d");
        append(out, duration.toHoursPart(), "h");
        append(out, duration.toMinutesPart(), "m");
        var nanos = duration.toNanosPart();
        if (nanos == 0) {
            append(out, duration.toSecondsPart(), "s");
        } else if (out.length() == 0 && duration.toSecondsPart() == 0 && nanos % 1_000_000 == 0) {
            append(out, nanos / 1_000_000, "ms");
        } else {
            out.append(new BigDecimal(duration.toSecondsPart())
                            .add(new BigDecimal(nanos).movePointLeft(9))
                            .stripTrailingZeros()
                            .toPlainString())
                    .append('s');
        }
        return out.toString();
    }

    private static void append(StringBuilder out, long amount, String unit) {
        if (amount > 0) {
            out.append(amount).append(unit);
        }
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private static Duration requireNotNegative(Duration duration, String text) {
        if (duration.isNegative()) {
            throw MusterException.invalid("duration '" + text + "' is negative; write a positive one such as 90s");
        }
        return duration;
    }

    private static MusterException notADuration(String text, @Nullable Throwable cause) {
        return new MusterException(
                ErrorCode.INVALID,
                "'" + text + "' is not a duration; write a number with a unit, such as 90s, 1h30m or 01:30:00",
                cause);
    }
}
