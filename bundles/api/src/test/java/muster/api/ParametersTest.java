package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTest {
    @Test
    void copiesTheWholeTree() {
        var inner = new ArrayList<Object>(List.of("a", 1));
        var outer = new HashMap<String, Object>(Map.of("list", inner, "map", new HashMap<>(Map.of("k", true))));
        var parameters = new Parameters(outer);
        inner.clear();
        outer.clear();
        assertThat(parameters.values()).isEqualTo(Map.of("list", List.of("a", 1L), "map", Map.of("k", true)));
        assertThatThrownBy(() -> parameters.values().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ((List<?>) parameters.values().get("list")).clear())
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void valuesAreReadByType() {
        var parameters = new Parameters(Map.of("s", "x", "n", 7, "b", true, "d", 1.5));
        assertThat(parameters.string("s")).contains("x");
        assertThat(parameters.integer("n")).contains(7L);
        assertThat(parameters.bool("b")).contains(true);
        assertThat(parameters.values()).containsEntry("d", 1.5);
        assertThat(parameters.string("none")).isEmpty();
        assertThat(parameters.integer("none")).isEmpty();
        assertThat(parameters.bool("none")).isEmpty();
    }

    @Test
    void refusesAValueOfAnotherType() {
        var parameters = new Parameters(Map.of("s", "x", "d", 1.5));
        assertInvalid(() -> parameters.integer("s"), "parameter 's' is x", "expected a whole number");
        assertInvalid(() -> parameters.integer("d"), "parameter 'd' is 1.5", "expected a whole number");
        assertInvalid(() -> parameters.bool("s"), "expected true or false");
        assertInvalid(() -> parameters.string("d"), "expected a string");
    }

    @Test
    void refusesWhatIsNoTreeOfPlainValues() {
        assertInvalid(
                () -> new Parameters(Map.of("a", Map.of("b", BigInteger.TEN))), "parameter /a/b is 10", "expected a");
        assertInvalid(() -> new Parameters(Map.of("a", Arrays.asList(1, null))), "parameter /a is null");
        assertInvalid(() -> new Parameters(Collections.singletonMap("a", null)), "parameter /a is null");
    }

    @Test
    void depthIsBounded() {
        Object deep = "x";
        for (var i = 0; i < 32; i++) {
            deep = i % 2 == 0 ? List.of(deep) : Map.of("k", deep);
        }
        var deepest = deep;
        assertThat(new Parameters(Map.of("a", deepest)).values()).containsKey("a");
        assertInvalid(() -> new Parameters(Map.of("a", List.of(deepest))), "nested deeper than 32");
    }

    @Test
    void unknownKeyIsNamedWithTheKnownOnes() {
        var parameters = new Parameters(Map.of("image", "x"));
        parameters.requireOnly("docker", List.of("image", "pull"));
        assertInvalid(
                () -> parameters.requireOnly("noop", List.of("delay", "fail")),
                "executor 'noop' has no parameter 'image'",
                "it takes delay, fail");
        assertInvalid(() -> parameters.requireOnly("none", List.of()), "it takes none");
    }
}
