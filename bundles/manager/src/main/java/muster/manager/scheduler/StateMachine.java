package muster.manager.scheduler;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import muster.api.JobState;
import muster.api.TaskState;

/**
 * The states of jobs, tasks and attempts, and every way between them; any other is a defect and throws.
 *
 * <pre>
 * task     WAITING   → READY, CANCELED, IGNORED
 *          READY     → ASSIGNED, WAITING, CANCELED
 *          ASSIGNED  → RUNNING, READY, WAITING, SUCCEEDED, FAILED, CANCELED, IGNORED
 *          RUNNING   → READY, WAITING, SUCCEEDED, FAILED, CANCELED, IGNORED
 *          SUCCEEDED → WAITING
 *
 * attempt  SENT      → STARTED, RECORDING, ENDED
 *          STARTED   → RECORDING, ENDED
 *          RECORDING → ENDED
 *
 * job      WAITING   → RUNNING, SUCCEEDED, FAILED, CANCELED
 *          RUNNING   → SUCCEEDED, FAILED, CANCELED
 * </pre>
 *
 * <p>A task has one current attempt at most, and only while ASSIGNED or RUNNING. A job's state follows from its tasks'.
 * What has ended stays so, but for one cause: a task that has SUCCEEDED is WAITING again when what it made was lost with
 * its worker and a task of the same job still needs it; those that need it wait with it. A retry that the user asks for
 * makes a new run of the job, with the numbers of attempts going on.
 */
final class StateMachine {
    private static final Map<TaskState, Set<TaskState>> TASKS = new EnumMap<>(Map.of(
            TaskState.WAITING,
            EnumSet.of(TaskState.READY, TaskState.CANCELED, TaskState.IGNORED),
            TaskState.READY,
            EnumSet.of(TaskState.ASSIGNED, TaskState.WAITING, TaskState.CANCELED),
            TaskState.ASSIGNED,
            EnumSet.of(
                    TaskState.RUNNING,
                    TaskState.READY,
                    TaskState.WAITING,
                    TaskState.SUCCEEDED,
                    TaskState.FAILED,
                    TaskState.CANCELED,
                    TaskState.IGNORED),
            TaskState.RUNNING,
            EnumSet.of(
                    TaskState.READY,
                    TaskState.WAITING,
                    TaskState.SUCCEEDED,
                    TaskState.FAILED,
                    TaskState.CANCELED,
                    TaskState.IGNORED),
            TaskState.SUCCEEDED,
            EnumSet.of(TaskState.WAITING),
            TaskState.FAILED,
            EnumSet.noneOf(TaskState.class),
            TaskState.CANCELED,
            EnumSet.noneOf(TaskState.class),
            TaskState.IGNORED,
            EnumSet.noneOf(TaskState.class)));

    private static final Map<AttemptState, Set<AttemptState>> ATTEMPTS = new EnumMap<>(Map.of(
            AttemptState.SENT,
            EnumSet.of(AttemptState.STARTED, AttemptState.RECORDING, AttemptState.ENDED),
            AttemptState.STARTED,
            EnumSet.of(AttemptState.RECORDING, AttemptState.ENDED),
            AttemptState.RECORDING,
            EnumSet.of(AttemptState.ENDED),
            AttemptState.ENDED,
            EnumSet.noneOf(AttemptState.class)));

    private static final Map<JobState, Set<JobState>> JOBS = new EnumMap<>(Map.of(
            JobState.WAITING,
            EnumSet.of(JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED),
            JobState.RUNNING,
            EnumSet.of(JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED),
            JobState.SUCCEEDED,
            EnumSet.noneOf(JobState.class),
            JobState.FAILED,
            EnumSet.noneOf(JobState.class),
            JobState.CANCELED,
            EnumSet.noneOf(JobState.class)));

    /** Where an attempt is. */
    enum AttemptState {
        /** On its way to its worker, or there and not started. */
        SENT,
        /** The worker said that it started. */
        STARTED,
        /** Its end is known and is being made durable; its room on the worker is free. */
        RECORDING,
        /** Over: its end is durable, or its worker gave it back or lost it. What is still heard of it is stale. */
        ENDED
    }

    private StateMachine() {}

    static boolean allows(TaskState from, TaskState to) {
        return allows(TASKS, from, to);
    }

    static boolean allows(AttemptState from, AttemptState to) {
        return allows(ATTEMPTS, from, to);
    }

    static boolean allows(JobState from, JobState to) {
        return allows(JOBS, from, to);
    }

    private static <S extends Enum<S>> boolean allows(Map<S, Set<S>> table, S from, S to) {
        var next = table.get(from);
        return next != null && next.contains(to);
    }

    /** @throws IllegalStateException if there is no way */
    static void require(boolean allowed, String what, Object id, Object from, Object to) {
        if (!allowed) {
            throw new IllegalStateException(what + " " + id + " cannot go from " + from + " to " + to);
        }
    }
}
