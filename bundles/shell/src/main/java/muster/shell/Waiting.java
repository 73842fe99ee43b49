package muster.shell;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.TaskQuery;
import muster.api.TaskState;
import org.jspecify.annotations.Nullable;

/** Waits for the ends of jobs. */
final class Waiting {
    private final JobService jobs;

    Waiting(JobService jobs) {
        this.jobs = jobs;
    }

    /** Waits without bound. */
    void forEnd(JobId id, Screen screen) throws InterruptedException {
        forEnd(id, null, screen);
    }

    /**
     * Waits for a job's end and says how it ended. Where the user interrupts, the job goes on.
     *
     * @throws MusterException CONFLICT if the job did not succeed, UNAVAILABLE if it has not ended in time
     */
    void forEnd(JobId id, @Nullable Duration atMost, Screen screen) throws InterruptedException {
        var ended = jobs.ended(id).toCompletableFuture();
        try {
            if (atMost != null) {
                ended = ended.copy().orTimeout(atMost.toMillis(), TimeUnit.MILLISECONDS);
            }
            tell(ServiceCommand.await(ended), screen);
        } catch (InterruptedException e) {
            screen.line("job " + id + " goes on; see job:wait " + id + " or job:cancel " + id);
            throw e;
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "job " + id + " has not ended: " + Format.tasks(jobs.job(id)) + "; wait longer");
            }
            throw e;
        }
    }

    private void tell(JobView job, Screen screen) {
        if (job.state() != JobState.SUCCEEDED) {
            throw MusterException.conflict("job " + job.id() + " " + Format.name(job.state()) + ": " + Format.tasks(job)
                    + firstFailure(job.id()));
        }
        screen.line("job " + job.id() + " " + screen.styled(Style.GOOD, "succeeded") + ": " + job.size()
                + (job.size() == 1 ? " task in " : " tasks in ")
                + Format.between(job.submittedAt(), job.finishedAt(), Instant.now()));
    }

    private String firstFailure(JobId id) {
        var failed =
                jobs.tasks(new TaskQuery(id, Set.of(TaskState.FAILED), null, 1)).items();
        return failed.isEmpty()
                ? ""
                : "; task " + failed.get(0).id() + ": " + failed.get(0).message();
    }
}
