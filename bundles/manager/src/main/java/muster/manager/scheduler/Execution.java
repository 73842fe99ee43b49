package muster.manager.scheduler;

import java.time.Instant;
import muster.api.AttemptId;
import muster.manager.scheduler.StateMachine.AttemptState;
import org.jspecify.annotations.Nullable;

/** An attempt that was sent to a worker and whose result is not durable yet. */
public final class Execution {
    public final JobRun job;
    public final int position;
    public final int number;
    public final String worker;
    public final Instant assignedAt;

    /** Null until the worker says that it started. */
    public @Nullable Instant startedAt;

    final ReadyGroup group;

    /** The opening of its session in which it runs, and its place among all that sessions saw; 0 without one. */
    int opening;

    int order;

    /** Waits on the worker for resources that others hold. */
    boolean prefetched;

    /** The user asked to stop it. */
    boolean canceling;

    /** Neighbours in the list of its worker. */
    @Nullable
    Execution before;

    @Nullable
    Execution after;

    private AttemptState state = AttemptState.SENT;

    Execution(JobRun job, int position, int number, String worker, Instant assignedAt) {
        this.job = job;
        this.position = position;
        this.number = number;
        this.worker = worker;
        this.assignedAt = assignedAt;
        group = job.group(position);
    }

    public AttemptId id() {
        return new AttemptId(job.taskId(position), number);
    }

    Demand demand() {
        return group.demand;
    }

    AttemptState state() {
        return state;
    }

    /** @throws IllegalStateException against {@link StateMachine} */
    void move(AttemptState to) {
        if (!StateMachine.allows(state, to)) {
            StateMachine.require(false, "attempt", id(), state, to);
        }
        state = to;
    }

    /** Whether its end is known and is being made durable. */
    boolean recording() {
        return state == AttemptState.RECORDING;
    }
}
