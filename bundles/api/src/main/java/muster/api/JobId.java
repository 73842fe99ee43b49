package muster.api;

/** Names a job: a number that rises with each job of a cluster, from 1. */
public record JobId(long value) implements Comparable<JobId> {
    public JobId {
        if (value < 1) {
            throw MusterException.invalid("job id " + value + " is not positive; ids start at 1");
        }
    }

    /** Reads what {@link #toString} writes. */
    public static JobId parse(String text) {
        try {
            return new JobId(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + text + "' is not a job id; expected a number such as 17", e);
        }
    }

    @Override
    public int compareTo(JobId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
