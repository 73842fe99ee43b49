package muster.api;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/**
 * A set of task indices kept as sorted ranges: a million indices cost as much as one. Positions count its members
 * from 0 in rising order.
 */
public final class IndexSet {
    /** More tasks in one job are refused. */
    public static final int MAX_SIZE = 10_000_000;

    private static final Pattern RANGE = Pattern.compile("([0-9]{1,10})(?:-([0-9]{1,10})(?::([0-9]{1,10}))?)?");

    private final int[] firsts;
    private final int[] lasts;
    private final int[] positions;
    private final int size;

    private IndexSet(int[] firsts, int[] lasts) {
        this.firsts = firsts;
        this.lasts = lasts;
        this.positions = new int[firsts.length];
        var total = 0;
        for (var i = 0; i < firsts.length; i++) {
            positions[i] = total;
            total += lasts[i] - firsts[i] + 1;
        }
        this.size = total;
    }

    /** The indices {@code first} to {@code last}, both included. */
    public static IndexSet range(int first, int last) {
        return parse(first + "-" + last);
    }

    /** Reads {@code 0-99}, {@code 1,3,7-9} or {@code 0-100:10} (every tenth). */
    public static IndexSet parse(String text) {
        // the first index in the upper half, the last in the lower: in order when sorted
        var ranges = LongStream.builder();
        var total = 0L;
        for (var part : text.strip().split(",", -1)) {
            var match = RANGE.matcher(part.strip());
            if (!match.matches()) {
                throw MusterException.invalid("'" + part + "' in array '" + text
                        + "' is not an index or a range; write such as 0-99, 1,3,7-9 or 0-100:10");
            }
            var first = index(match.group(1), text);
            var last = match.group(2) == null ? first : index(match.group(2), text);
            var step = match.group(3) == null ? 1 : index(match.group(3), text);
            if (last < first || step < 1) {
                throw MusterException.invalid("range '" + part + "' of array '" + text
                        + "' is empty; the first index must not exceed the last, the step be at least 1");
            }
            total += (last - first) / step + 1L;
            if (total > MAX_SIZE) {
                throw MusterException.invalid(
                        "array '" + text + "' has more than " + MAX_SIZE + " tasks; split it into several jobs");
            }
            if (step == 1) {
                ranges.add(((long) first << Integer.SIZE) | last);
            } else {
                for (long i = first; i <= last; i += step) {
                    ranges.add((i << Integer.SIZE) | i);
                }
            }
        }
        return merge(ranges.build().sorted().toArray(), text);
    }

    private static IndexSet merge(long[] ranges, String text) {
        var firsts = new int[ranges.length];
        var lasts = new int[ranges.length];
        var count = 0;
        for (var range : ranges) {
            var first = (int) (range >> Integer.SIZE);
            if (count > 0 && first <= lasts[count - 1]) {
                throw MusterException.invalid(
                        "index " + first + " stands twice in array '" + text + "'; name each index once");
            }
            if (count == 0 || first > lasts[count - 1] + 1) {
                firsts[count++] = first;
            }
            lasts[count - 1] = (int) range;
        }
        return new IndexSet(Arrays.copyOf(firsts, count), Arrays.copyOf(lasts, count));
    }

    private static int index(String digits, String text) {
        var value = Long.parseLong(digits);
        if (value >= Integer.MAX_VALUE) {
            throw MusterException.invalid("index " + digits + " of array '" + text + "' exceeds 2147483646");
        }
        return (int) value;
    }

    public int size() {
        return size;
    }

    /** The index at a position from 0. */
    public int indexAt(int position) {
        if (position < 0 || position >= size) {
            throw new IndexOutOfBoundsException(position);
        }
        var found = Arrays.binarySearch(positions, position);
        var range = found >= 0 ? found : -found - 2;
        return firsts[range] + (position - positions[range]);
    }

    /** The position of an index from 0, or -1 when it is no member. */
    public int positionOf(int index) {
        var found = Arrays.binarySearch(firsts, index);
        var range = found >= 0 ? found : -found - 2;
        return range < 0 || index > lasts[range] ? -1 : positions[range] + (index - firsts[range]);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IndexSet that && Arrays.equals(firsts, that.firsts) && Arrays.equals(lasts, that.lasts);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(firsts) + Arrays.hashCode(lasts);
    }

    /** The form {@link #parse} reads. */
    @Override
    public String toString() {
        var out = new StringBuilder();
        for (var i = 0; i < firsts.length; i++) {
            out.append(i == 0 ? "" : ",").append(firsts[i]);
            if (lasts[i] > firsts[i]) {
                out.append('-').append(lasts[i]);
            }
        }
        return out.toString();
    }
}
