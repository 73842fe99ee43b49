package muster.shell;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import muster.api.JobView;
import muster.api.Quantity;
import muster.api.TaskState;
import org.jspecify.annotations.Nullable;

/** Writes values as people read them. */
final class Format {
    private static final long[] UNITS = {1L << 40, 1L << 30, 1L << 20, 1L << 10};
    private static final String[] UNIT_NAMES = {"TiB", "GiB", "MiB", "KiB"};

    private Format() {}

    /** An enum constant as REST writes it. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** UTC to the second; a dash for none. */
    static String time(@Nullable Instant time) {
        return time == null ? "-" : time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A duration with the two largest of its units; milliseconds below ten seconds. */
    static String duration(Duration duration) {
        if (duration.compareTo(Duration.ofSeconds(10)) < 0) {
            return Quantity.formatDuration(duration.truncatedTo(ChronoUnit.MILLIS));
        }
        return Quantity.formatDuration(duration.truncatedTo(
                duration.compareTo(Duration.ofDays(1)) >= 0
                        ? ChronoUnit.HOURS
                        : duration.compareTo(Duration.ofHours(1)) >= 0 ? ChronoUnit.MINUTES : ChronoUnit.SECONDS));
    }

    /** Between two times, to now while the second is not there; a dash if the first is not. */
    static String between(@Nullable Instant start, @Nullable Instant end, Instant now) {
        if (start == null) {
            return "-";
        }
        var duration = Duration.between(start, end == null ? now : end);
        return duration(duration.isNegative() ? Duration.ZERO : duration);
    }

    /** One digit after the point: {@code 23.5GiB}. */
    static String bytes(long bytes) {
        for (var i = 0; i < UNITS.length; i++) {
            if (bytes >= UNITS[i]) {
                return trimmed((double) bytes / UNITS[i]) + UNIT_NAMES[i];
            }
        }
        return bytes + "B";
    }

    /** At most one digit after the point. */
    static String trimmed(double number) {
        var text = String.format(Locale.ROOT, "%.1f", number);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    /** {@code 3 running, 376 succeeded}: the states that any task is in. */
    static String tasks(JobView job) {
        var out = new StringBuilder();
        for (var state : TaskState.values()) {
            var count = job.tasks().getOrDefault(state, 0);
            if (count > 0) {
                out.append(out.isEmpty() ? "" : ", ").append(count).append(' ').append(name(state));
            }
        }
        return out.toString();
    }
}
