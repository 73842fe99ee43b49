package muster.rest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.ws.rs.container.AsyncResponse;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobView;
import org.jspecify.annotations.Nullable;

/** Requests that wait for the end of a job; however many come and go, each job is listened to once. */
final class Waits {
    private final JobService jobs;
    private final Executor executor;
    private final Map<JobId, List<AsyncResponse>> waiting = new HashMap<>();

    Waits(JobService jobs, Executor executor) {
        this.jobs = jobs;
        this.executor = executor;
    }

    /** Answers with the job at its end, or as it stands when the time is over. */
    void wait(JobId job, Duration time, AsyncResponse response) {
        response.setTimeoutHandler(timedOut -> {
            leave(job, timedOut);
            try {
                timedOut.resume(jobs.job(job));
            } catch (RuntimeException e) {
                timedOut.resume(e);
            }
        });
        response.setTimeout(Math.max(1, time.toMillis()), TimeUnit.MILLISECONDS);
        var first = false;
        synchronized (waiting) {
            var others = waiting.get(job);
            if (others == null) {
                others = new ArrayList<>();
                waiting.put(job, others);
                first = true;
            }
            others.add(response);
        }
        if (first) {
            jobs.ended(job).whenCompleteAsync((view, failure) -> ended(job, view, failure), executor);
        }
    }

    private void leave(JobId job, AsyncResponse response) {
        synchronized (waiting) {
            var others = waiting.get(job);
            if (others != null) {
                // the list stays: the job is still listened to
                others.remove(response);
            }
        }
    }

    private void ended(JobId job, @Nullable JobView view, @Nullable Throwable failure) {
        List<AsyncResponse> responses;
        synchronized (waiting) {
            responses = waiting.remove(job);
        }
        if (responses != null) {
            for (var response : responses) {
                if (view != null) {
                    response.resume(view);
                } else if (failure != null) {
                    response.resume(failure);
                }
            }
        }
    }
}
