package muster.transport.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class BackoffTest {
    @Test
    void doublesFromATenthOfASecondToFiveSeconds() {
        assertThat(Backoff.delay(1, 1)).isEqualTo(Duration.ofMillis(100));
        assertThat(Backoff.delay(2, 1)).isEqualTo(Duration.ofMillis(200));
        assertThat(Backoff.delay(6, 1)).isEqualTo(Duration.ofMillis(3200));
        assertThat(Backoff.delay(7, 1)).isEqualTo(Duration.ofSeconds(5));
        assertThat(Backoff.delay(Integer.MAX_VALUE, 1)).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void waitsAtLeastHalf() {
        assertThat(Backoff.delay(1, 0)).isEqualTo(Duration.ofMillis(50));
        assertThat(Backoff.delay(100, 0)).isEqualTo(Duration.ofMillis(2500));
    }
}
