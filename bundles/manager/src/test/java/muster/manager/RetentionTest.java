package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.JobView;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final Instant NOW = Instant.parse("2026-05-04T00:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);

    private static JobView job(long id, JobState state, @Nullable Integer daysAgo) {
        var at = daysAgo == null ? null : NOW.minus(Duration.ofDays(daysAgo));
        return new JobView(new JobId(id), "", "a", List.of(), 0, "single", state, 1, Map.of(), NOW, null, at, "");
    }

    private static final List<JobView> JOBS = List.of(
            job(1, JobState.RUNNING, null),
            job(2, JobState.FAILED, 20),
            job(3, JobState.SUCCEEDED, 2),
            job(4, JobState.CANCELED, 15),
            job(5, JobState.SUCCEEDED, 0));

    private static List<Long> expired(Duration age, int jobs) {
        return new Retention(age, jobs)
                .expired(JOBS, NOW).stream().map(JobId::value).toList();
    }

    @Test
    void forgetsWhatEndedLongAgo() {
        assertThat(expired(DAY.multipliedBy(10), 0)).containsExactly(2L, 4L);
        assertThat(expired(DAY.multipliedBy(30), 0)).isEmpty();
    }

    @Test
    void forgetsTheOldestOfTooMany() {
        assertThat(expired(Duration.ZERO, 3)).containsExactly(2L);
        assertThat(expired(Duration.ZERO, 1)).containsExactly(2L, 3L, 4L);
        assertThat(expired(Duration.ZERO, 4)).isEmpty();
    }

    @Test
    void whatIsTooOldCountsAmongTheSurplus() {
        assertThat(expired(DAY.multipliedBy(18), 3)).containsExactly(2L);
    }

    @Test
    void keepsAllWhenNothingIsSet() {
        assertThat(Retention.ALL.expired(JOBS, NOW)).isEmpty();
    }

    @Test
    void refusesNegativeLimits() {
        assertThatThrownBy(() -> new Retention(Duration.ofDays(-1), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Retention(DAY, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
