package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndexSetTest {
    private static List<Integer> members(IndexSet set) {
        return IntStream.range(0, set.size()).mapToObj(set::indexAt).toList();
    }

    @Test
    void readsIndicesRangesAndSteps() {
        assertThat(members(IndexSet.parse("7"))).containsExactly(7);
        assertThat(members(IndexSet.parse("0-3"))).containsExactly(0, 1, 2, 3);
        assertThat(members(IndexSet.parse("0-10:5"))).containsExactly(0, 5, 10);
        assertThat(members(IndexSet.parse("0-9:4"))).containsExactly(0, 4, 8);
        assertThat(members(IndexSet.parse("3-3:7"))).containsExactly(3);
        assertThat(members(IndexSet.parse(" 9 , 1,4-5 "))).containsExactly(1, 4, 5, 9);
        assertThat(members(IndexSet.range(2, 4))).containsExactly(2, 3, 4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"0-99;0-99", "3,1,2;1-3", "0-100:50;0,50,100", "5-5;5", "0-4:1,5;0-5", "007;7"})
    void writesTheShortestFormAndReadsItAgain(String text, String shortest) {
        var set = IndexSet.parse(text);
        assertThat(set).hasToString(shortest);
        assertThat(IndexSet.parse(set.toString())).isEqualTo(set).hasSameHashCodeAs(set);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,1", "0-5,5", "5,0-9", "0-10:5,10", "0-3,2-4", "0-8:2,1-9:2,4"})
    void refusesAnIndexThatStandsTwice(String text) {
        assertInvalid(() -> IndexSet.parse(text), "stands twice in array '" + text + "'", "name each index once");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "1,", "a", "-1", "1-", "1-2-3", "1:2", "0-9:", "1.5", "0x1", "12345678901", "٣"})
    void refusesWhatIsNoIndexOrRange(String text) {
        assertInvalid(() -> IndexSet.parse(text), "'" + text + "'", "write such as 0-99, 1,3,7-9 or 0-100:10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5-4", "0-9:0"})
    void refusesAnEmptyRange(String text) {
        assertInvalid(() -> IndexSet.parse(text), "range '" + text + "'", "must not exceed the last");
    }

    @Test
    void theLargestIndexIs2147483646() {
        assertThat(members(IndexSet.parse("2147483645-2147483646"))).containsExactly(2147483645, 2147483646);
        assertThat(members(IndexSet.parse("2147483644-2147483646:2"))).containsExactly(2147483644, 2147483646);
        assertInvalid(() -> IndexSet.parse("2147483647"), "index 2147483647", "exceeds 2147483646");
    }

    @Test
    void tenMillionTasksAreTheMost() {
        assertThat(IndexSet.parse("0-9999999").size()).isEqualTo(IndexSet.MAX_SIZE);
        assertInvalid(() -> IndexSet.parse("0-10000000"), "more than 10000000 tasks", "split");
        assertInvalid(() -> IndexSet.parse("0-2147483646"), "more than 10000000 tasks", "split");
        assertInvalid(() -> IndexSet.parse("0-20000000:2"), "more than 10000000 tasks", "split");
        assertInvalid(() -> IndexSet.parse("0-9999999,10000001"), "more than 10000000 tasks", "split");
    }

    /** A line of text must not fill the memory. */
    @Test
    void refusesTooManyBeforeItMakesThem() {
        var many = String.join(",", Collections.nCopies(200, "0-19999998:2"));
        assertInvalid(() -> IndexSet.parse(many), "more than 10000000 tasks");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0-999999", "5-1000004", "0-2999997:3", "0-499999,600000-1099999"})
    void positionsOfAMillionIndicesComeRoundAgain(String text) {
        var set = IndexSet.parse(text);
        assertThat(set.size()).isEqualTo(1_000_000);
        var before = -1;
        for (var position = 0; position < set.size(); position++) {
            var index = set.indexAt(position);
            if (index <= before || set.positionOf(index) != position) {
                assertThat(set.positionOf(index)).as("position of %s", index).isEqualTo(position);
                assertThat(index).as("rising").isGreaterThan(before);
            }
            before = index;
        }
    }

    @Test
    void whatIsNoMemberHasNoPosition() {
        var set = IndexSet.parse("3-5,9");
        assertThat(List.of(0, 2, 6, 8, 10, Integer.MAX_VALUE, -1, Integer.MIN_VALUE))
                .allSatisfy(index -> assertThat(set.positionOf(index)).isEqualTo(-1));
        assertThatThrownBy(() -> set.indexAt(4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> set.indexAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void agreesWithASetOfNumbersOnAnyMix() {
        for (var seed = 0L; seed < 200; seed++) {
            var random = new Random(seed);
            var expected = new TreeSet<Integer>();
            while (expected.size() < 1 + random.nextInt(30)) {
                expected.add(random.nextInt(60));
            }
            var shuffled = expected.stream().map(String::valueOf).collect(Collectors.toList());
            Collections.shuffle(shuffled, random);
            var set = IndexSet.parse(String.join(",", shuffled));
            assertThat(members(set)).as("seed %s", seed).containsExactlyElementsOf(expected);
            for (var index = 0; index < 60; index++) {
                var position =
                        expected.contains(index) ? expected.headSet(index).size() : -1;
                assertThat(set.positionOf(index))
                        .as("seed %s, index %s", seed, index)
                        .isEqualTo(position);
            }
        }
    }
}
