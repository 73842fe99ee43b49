package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import muster.manager.store.Lease;
import org.junit.jupiter.api.Test;

class VigilTest {
    private static final long SECOND = 1_000_000_000L;

    private final Vigil vigil = new Vigil(Duration.ofSeconds(5));

    private static Lease lease(long commits, String holder) {
        return new Lease(3, commits, holder, "", 0);
    }

    @Test
    void isOverAtOnceWhenTheLeaseWasGivenBack() {
        assertThat(vigil.over(lease(1, ""), 0)).isTrue();
    }

    @Test
    void isOverOnceTheLeaseStoodStillForSoLong() {
        assertThat(vigil.over(lease(1, "m1"), 0)).isFalse();
        assertThat(vigil.over(lease(1, "m1"), 5 * SECOND - 1)).isFalse();
        assertThat(vigil.over(lease(1, "m1"), 5 * SECOND)).isTrue();
    }

    @Test
    void beginsAnewWithEachSignOfLife() {
        assertThat(vigil.over(lease(1, "m1"), 0)).isFalse();
        assertThat(vigil.over(lease(2, "m1"), 4 * SECOND)).isFalse();
        assertThat(vigil.over(lease(2, "m1"), 8 * SECOND)).isFalse();
        assertThat(vigil.over(lease(2, "m1"), 9 * SECOND)).isTrue();
    }

    @Test
    void beginsAnewWhenTheStoreCouldNotBeReached() {
        assertThat(vigil.over(lease(1, "m1"), 0)).isFalse();
        vigil.forget();
        assertThat(vigil.over(lease(1, "m1"), 6 * SECOND)).isFalse();
    }

    @Test
    void withoutPatienceIsOverAtOnce() {
        assertThat(new Vigil(Duration.ZERO).over(lease(1, "m1"), 0)).isTrue();
    }
}
