package muster.api;

/**
 * Names a task; written {@code 17.3}.
 *
 * @param index in an array the index the user gave, else the position in the job from 0
 */
public record TaskId(JobId job, int index) implements Comparable<TaskId> {
    public TaskId {
        if (index < 0) {
            throw MusterException.invalid("task index " + index + " is negative");
        }
    }

    /** Reads what {@link #toString} writes. */
    public static TaskId parse(String text) {
        var dot = text.indexOf('.');
        try {
            return new TaskId(JobId.parse(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + text + "' is not a task id; expected job and index such as 17.3", e);
        }
    }

    @Override
    public int compareTo(TaskId other) {
        var byJob = job.compareTo(other.job);
        return byJob != 0 ? byJob : Integer.compare(index, other.index);
    }

    @Override
    public String toString() {
        return job + "." + index;
    }
}
