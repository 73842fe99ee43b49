package muster.rest;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.ws.rs.container.AsyncResponse;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobView;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for the end of a job, without a thread each; however many come and go, each job is listened to
 * once. Who takes a request out of here answers it, so that each is answered once.
 */
final class Waits {
    private final JobService jobs;
    private final ScheduledExecutorService executor;
    private final Map<JobId, Map<AsyncResponse, Waiting>> waiting = new HashMap<>();

    /** @param form what is answered of a job */
    private record Waiting(Function<JobView, Object> form, Future<?> timeout) {}

    Waits(JobService jobs, ScheduledExecutorService executor) {
        this.jobs = jobs;
        this.executor = executor;
    }

    /**
     * Answers with the job at its end, or as it stands when the time is over.
     *
     * @param form what is answered of a job
     */
    void wait(JobId job, Duration time, AsyncResponse response, Function<JobView, Object> form) {
        // the container's own timeout can fire while the request is still being dispatched: it has none
        response.setTimeout(0, TimeUnit.MILLISECONDS);
        boolean listening;
        synchronized (waiting) {
            listening = waiting.containsKey(job);
            waiting.computeIfAbsent(job, id -> new LinkedHashMap<>())
                    .put(
                            response,
                            new Waiting(
                                    form,
                                    executor.schedule(
                                            () -> timeIsOver(job, response), time.toMillis(), TimeUnit.MILLISECONDS)));
        }
        if (!listening) {
            jobs.ended(job).whenCompleteAsync((view, failure) -> ended(job, view, failure), executor);
        }
    }

    private void timeIsOver(JobId job, AsyncResponse response) {
        Waiting taken;
        synchronized (waiting) {
            var others = waiting.get(job);
            // the map stays, even empty: the job is still listened to
            taken = others == null ? null : others.remove(response);
        }
        if (taken != null) {
            answer(response, () -> taken.form.apply(jobs.job(job)));
        }
    }

    private void ended(JobId job, @Nullable JobView view, @Nullable Throwable failure) {
        Map<AsyncResponse, Waiting> taken;
        synchronized (waiting) {
            taken = Objects.requireNonNullElse(waiting.remove(job), Map.of());
        }
        taken.forEach((response, one) -> {
            one.timeout.cancel(false);
            answer(response, () -> view != null ? one.form.apply(view) : Objects.requireNonNull(failure));
        });
    }

    private static void answer(AsyncResponse response, Supplier<Object> value) {
        try {
            var answer = value.get();
            if (answer instanceof Throwable failure) {
                response.resume(failure);
            } else {
                response.resume(answer);
            }
        } catch (RuntimeException e) {
            response.resume(e);
        }
    }
}
