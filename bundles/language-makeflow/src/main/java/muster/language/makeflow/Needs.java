package muster.language.makeflow;

import java.math.BigDecimal;
import java.time.Duration;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * What a rule asks for; null where it does not say.
 *
 * @param memory in bytes, as {@code disk}
 */
record Needs(
        @Nullable Double cores,
        @Nullable Long memory,
        @Nullable Long disk,
        @Nullable Integer gpus,
        @Nullable Duration wallTime) {
    static final Needs NONE = new Needs(null, null, null, null, null);

    private static final long MEGABYTE = 1L << 20;
    private static final BigDecimal LARGEST = BigDecimal.valueOf(1_000_000_000);

    /** Whether a variable of a workflow says what rules ask for. */
    static boolean isName(String name) {
        return switch (name) {
            case "CORES", "MEMORY", "DISK", "GPUS", "WALL_TIME" -> true;
            default -> false;
        };
    }

    /** With one need more, as a variable says it: megabytes and seconds. */
    Needs with(Place at, String name, String text) {
        var number = number(at, name, text);
        return switch (name) {
            case "CORES" -> new Needs(number.doubleValue(), memory, disk, gpus, wallTime);
            case "MEMORY" -> new Needs(cores, megabytes(number), disk, gpus, wallTime);
            case "DISK" -> new Needs(cores, memory, megabytes(number), gpus, wallTime);
            case "GPUS" -> new Needs(cores, memory, disk, number.intValue(), wallTime);
            default -> new Needs(cores, memory, disk, gpus, Duration.ofSeconds(number.longValue()));
        };
    }

    private static BigDecimal number(Place at, String name, String text) {
        try {
            var number = new BigDecimal(text.strip());
            if (number.signum() >= 0 && number.compareTo(LARGEST) <= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, as a number out of range is
        }
        throw at.error(name + " is '" + text + "'; expected a number of " + unit(name) + " from 0 to " + LARGEST);
    }

    private static String unit(String name) {
        return switch (name) {
            case "MEMORY", "DISK" -> "megabytes";
            case "WALL_TIME" -> "seconds";
            case "GPUS" -> "GPUs";
            default -> "cores";
        };
    }

    private static long megabytes(BigDecimal number) {
        return number.multiply(BigDecimal.valueOf(MEGABYTE)).longValue();
    }

    /** What {@code this} does not say is as in {@code other}. */
    Needs or(Needs other) {
        return new Needs(
                cores != null ? cores : other.cores,
                memory != null ? memory : other.memory,
                disk != null ? disk : other.disk,
                gpus != null ? gpus : other.gpus,
                wallTime != null ? wallTime : other.wallTime);
    }
}
