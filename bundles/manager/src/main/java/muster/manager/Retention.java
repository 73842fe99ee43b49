package muster.manager;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import muster.api.JobId;
import muster.api.JobView;

/**
 * How long jobs are kept after their end.
 *
 * @param age after which a job is forgotten; zero for never
 * @param jobs how many ended jobs are kept at most; 0 for all
 */
record Retention(Duration age, int jobs) {
    /** Everything is kept. */
    static final Retention ALL = new Retention(Duration.ZERO, 0);

    Retention {
        if (age.isNegative() || jobs < 0) {
            throw new IllegalArgumentException("negative retention: " + age + ", " + jobs + " jobs");
        }
    }

    /** Which jobs are forgotten now: those too old, and the oldest of those too many. */
    List<JobId> expired(Iterable<JobView> oldestFirst, Instant now) {
        var ended = new ArrayList<JobView>();
        for (var job : oldestFirst) {
            if (job.state().terminal()) {
                ended.add(job);
            }
        }
        var surplus = jobs == 0 ? 0 : ended.size() - jobs;
        var expired = new ArrayList<JobId>();
        for (var job : ended) {
            var old = !age.isZero()
                    && Objects.requireNonNull(job.finishedAt()).plus(age).isBefore(now);
            if (old || surplus > 0) {
                expired.add(job.id());
                surplus--;
            }
        }
        return expired;
    }
}
