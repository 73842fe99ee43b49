package muster.api;

/**
 * Names one execution of a task; written {@code 17.3@2}.
 *
 * @param number from 1, rises with each execution and fences what an older one still sends
 */
public record AttemptId(TaskId task, int number) {
    public AttemptId {
        if (number < 1) {
            throw MusterException.invalid("attempt number " + number + " is not positive; attempts start at 1");
        }
    }

    @Override
    public String toString() {
        return task + "@" + number;
    }
}
