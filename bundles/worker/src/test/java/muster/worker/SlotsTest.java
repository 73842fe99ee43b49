package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import muster.api.Capacity;
import muster.api.Resources;
import org.junit.jupiter.api.Test;

class SlotsTest {
    private final Slots slots =
            new Slots(new Capacity(4, 8_000, 1_000, List.of("a", "b", "c"), Map.of("license", 2L), List.of()));

    @Test
    void fitsUntilTheCoresAreTaken() {
        slots.take(cores(2.5));

        assertThat(slots.fits(cores(1.5))).isTrue();
        assertThat(slots.fits(cores(1.501))).isFalse();

        slots.release(cores(2.5), List.of());

        assertThat(slots.fits(cores(4))).isTrue();
    }

    @Test
    void countsTenthsOfCoresExactly() {
        for (var i = 0; i < 40; i++) {
            slots.take(cores(0.1));
        }

        assertThat(slots.fits(cores(0.001))).isFalse();
        assertThat(slots.fits(cores(0))).isTrue();
    }

    @Test
    void countsMemoryDiskAndCustomResources() {
        slots.take(new Resources(0, 7_000, 900, 0, Map.of("license", 1L), List.of()));

        assertThat(slots.fits(new Resources(0, 1_001, 0, 0, Map.of(), List.of())))
                .isFalse();
        assertThat(slots.fits(new Resources(0, 0, 101, 0, Map.of(), List.of()))).isFalse();
        assertThat(slots.fits(new Resources(0, 0, 0, 0, Map.of("license", 2L), List.of())))
                .isFalse();
        assertThat(slots.fits(new Resources(0, 1_000, 100, 0, Map.of("license", 1L), List.of())))
                .isTrue();
    }

    @Test
    void handsOutEachGpuOnce() {
        var first = slots.take(gpus(2));
        var second = slots.take(gpus(1));

        assertThat(first).containsExactly(0, 1);
        assertThat(second).containsExactly(2);
        assertThat(slots.fits(gpus(1))).isFalse();

        slots.release(gpus(2), first);

        assertThat(slots.take(gpus(1))).containsExactly(0);
    }

    @Test
    void refusesToTakeWhatIsNotFree() {
        slots.take(cores(4));

        assertThatThrownBy(() -> slots.take(cores(1))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void saysWhatNeverFits() {
        slots.take(cores(4));

        assertThat(slots.shortfall(cores(4))).isNull();
        assertThat(slots.shortfall(cores(16))).isEqualTo("it has 4.0 cores, the task asks 16.0");
        assertThat(slots.shortfall(gpus(4))).isEqualTo("it has 3 GPUs, the task asks 4");
        assertThat(slots.shortfall(new Resources(0, 9_000, 0, 0, Map.of(), List.of())))
                .contains("memory");
        assertThat(slots.shortfall(new Resources(0, 0, 9_000, 0, Map.of(), List.of())))
                .contains("disk");
        assertThat(slots.shortfall(new Resources(0, 0, 0, 0, Map.of("db", 1L), List.of())))
                .isEqualTo("it has 0 of 'db', the task asks 1");
    }

    private static Resources cores(double cores) {
        return new Resources(cores, 0, 0, 0, Map.of(), List.of());
    }

    private static Resources gpus(int gpus) {
        return new Resources(0, 0, 0, gpus, Map.of(), List.of());
    }
}
