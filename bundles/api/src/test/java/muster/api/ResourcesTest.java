package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourcesTest {
    private static Resources cores(double cores) {
        return new Resources(cores, 0, 0, 0, Map.of(), List.of());
    }

    private static Resources labels(String... labels) {
        return new Resources(1, 0, 0, 0, Map.of(), List.of(labels));
    }

    private static Resources custom(String name, long amount) {
        return new Resources(1, 0, 0, 0, Map.of(name, amount), List.of());
    }

    @Test
    void oneCoreIsTheDefault() {
        assertThat(Resources.DEFAULT).isEqualTo(cores(1));
    }

    @Test
    void coresAreKeptInThousandths() {
        assertThat(cores(0.1 + 0.2).cores()).isEqualTo(0.3);
        assertThat(cores(0.0015).cores()).isEqualTo(0.002);
        assertThat(cores(0).cores()).isZero();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 100_000.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void refusesCoresOutOfRange(double cores) {
        assertInvalid(() -> cores(cores), "cores " + cores + " is outside 0 to 100000", "such as 1 or 0.5");
    }

    /** Or it would ask for nothing without a word. */
    @Test
    void refusesCoresTooSmallToCount() {
        assertInvalid(() -> cores(0.0004), "cores 4.0E-4", "0.001");
    }

    @Test
    void refusesNegativeAmounts() {
        assertInvalid(() -> new Resources(1, -1, 0, 0, Map.of(), List.of()), "memory -1 is negative");
        assertInvalid(() -> new Resources(1, 0, -2, 0, Map.of(), List.of()), "disk -2 is negative");
        assertInvalid(() -> new Resources(1, 0, 0, -3, Map.of(), List.of()), "gpus -3 is negative");
        assertInvalid(() -> custom("license", -4), "custom resource 'license' -4 is negative", "write 0 or more");
    }

    @Test
    void refusesACustomResourceWithoutAName() {
        assertInvalid(() -> custom("", 1), "custom resource ''");
        assertInvalid(() -> custom("a b", 1), "custom resource 'a b' is not allowed");
    }

    @Test
    void labelsMayBeForbidden() {
        assertThat(labels("ssd", "!slow", "zone=eu").labels()).containsExactly("ssd", "!slow", "zone=eu");
        assertInvalid(() -> labels("!"), "label ''");
        assertInvalid(() -> labels("!!ssd"), "label '!ssd'");
        assertInvalid(() -> labels("a b"), "label 'a b'");
    }

    @Test
    void keepsItsOwnCopy() {
        var custom = new HashMap<>(Map.of("license", 1L));
        var resources = new Resources(1, 0, 0, 0, custom, List.of());
        custom.put("license", 99L);
        assertThat(resources.custom()).isEqualTo(Map.of("license", 1L));
        assertThatThrownBy(() -> resources.custom().clear()).isInstanceOf(UnsupportedOperationException.class);
    }
}
