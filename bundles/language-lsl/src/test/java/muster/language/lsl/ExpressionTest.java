package muster.language.lsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values, operators, methods and statements, which mean what they mean in Groovy. */
class ExpressionTest {
    private final Studies studies = new Studies();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 + 2 * 3 | 7",
                "7 / 2 | 3.5",
                "6 / 2 | 3",
                "10 / 3 | 3.333333333333333",
                "7 % 3 | 1",
                "2 ** 10 | 1024",
                "-5 | -5",
                "1.5 + 1 | 2.5",
                "0.1 + 0.2 | 0.3",
                "10 * 60 * 1000L | 600000",
                "1 == 1.0 | true",
                "1 < 2 && 2 >= 2 | true",
                "!1 | false",
                "3 <=> 2 | 1",
                "null ?: 'else' | else",
                "'' ? 1 : 2 | 2",
                "'a' + 1 + 'b' | a1b",
                "'ab' * 3 | ababab",
                "'banana' - 'an' | bana",
                "[1, 2] + 3 | [1, 2, 3]",
                "[1, 2] + [3] | [1, 2, 3]",
                "[1, 2, 3] - 2 | [1, 3]",
                "[a: 1] + [b: 2] | [a:1, b:2]",
                "[:] | [:]",
                "[1, 'x', null, true] | [1, x, null, true]",
                "[1, [2]] == [1, [2]] | true",
                "1..3 | [1, 2, 3]",
                "1..<3 | [1, 2]",
                "3..1 | [3, 2, 1]",
                "[10, 20, 30][-1] | 30",
                "[10, 20, 30][0..1] | [10, 20]",
                "[1][5] | null",
                "'hello'[1..2] | el",
                "[a: [b: 7]].a.b | 7",
                "[a: 1]['a'] | 1",
                "[[n: 1], [n: 2]].n | [1, 2]",
                "[[n: 1], [n: 2]]*.n | [1, 2]",
                "['a', 'b']*.toUpperCase() | [A, B]",
                "null?.name | null",
                "null?.size() | null",
                "2 in [1, 2] | true",
                "'5' as int | 5",
                "5 as String | 5",
                "[1, 1, 2] as Set | [1, 2]",
                "(1..4).collect { it * it } | [1, 4, 9, 16]",
                "(1..6).findAll { it % 2 == 0 }.sum() | 12",
                "[3, 1, 2].sort() | [1, 2, 3]",
                "['ccc', 'a', 'bb'].sort { it.size() } | [a, bb, ccc]",
                "[1, 3, 2].sort { a, b -> b <=> a } | [3, 2, 1]",
                "['a', 'b'].join('-') | a-b",
                "[1, 2, 3].inject(10) { sum, item -> sum + item } | 16",
                "[1, 2, 3, 4, 5].collate(2) | [[1, 2], [3, 4], [5]]",
                "['x', 'y'].withIndex().collect { v, i -> v + i } | [x0, y1]",
                "[[1, [2]], 3].flatten() | [1, 2, 3]",
                "['a', 'bb', 'cc'].groupBy { it.size() } | [1:[a], 2:[bb, cc]]",
                "['a', 'bb', 'cc'].countBy { it.size() } | [1:1, 2:2]",
                "['a', 'bb'].collectEntries { [(it): it.size()] } | [a:1, bb:2]",
                "[a: 1, b: 2].collect { k, v -> k + v } | [a1, b2]",
                "[a: 1, b: 2].findAll { it.value > 1 } | [b:2]",
                "[a: 1, b: 2].find { k, v -> v == 2 }.key | b",
                "[a: 1].get('z', 9) | 9",
                "[1, 5, 3].max() | 5",
                "['aa', 'b'].min { it.size() } | b",
                "[1, 2].any { it > 1 } | true",
                "[1, 2].every { it > 1 } | false",
                "' a '.trim().toUpperCase() | A",
                "'a,b,,c'.split(',') | [a, b, , c]",
                "'a,b,,c'.tokenize(',') | [a, b, c]",
                "'a.b'.replace('.', '/') | a/b",
                "'7'.padLeft(3, '0') | 007",
                "'abc'.contains('b') | true",
                "'Base64'.substring(4) | 64",
                "2.567.round(1) | 2.6",
            })
    void anExpressionHasTheValueThatGroovyGivesIt(String expression, String value) {
        assertThat(studies.value("", expression)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "def x = 1; x += 2; x++ | x | 4",
                "int n = 0; for (i in 1..4) { n += i } | n | 10",
                "int n = 0; for (int i = 0; i < 4; i++) { if (i == 2) continue; n += i } | n | 4",
                "def n = 5; while (true) { n--; if (n < 3) break } | n | 2",
                "def f = { a, b = 10 -> a + b } | f(1) + f(1, 1) | 13",
                "def f = { it * 2 } | f(4) | 8",
                "def f = { -> 'none' } | f() | none",
                "def f = { x -> if (x > 1) { return 'big' }; 'small' } | f(1) + f(2) | smallbig",
                "def fac; fac = { n -> n < 2 ? 1 : n * fac(n - 1) } | fac(10) | 3628800",
                "def c = 0; 3.times { c += it } | c | 3",
                "def l = []; l << 1 << 2; l[3 - 1] = 3 | l | [1, 2, 3]",
                "def m = [:]; m.a = 1; m['b'] = 2 | m | [a:1, b:2]",
                "def s = ''; [a: 1, b: 2].each { k, v -> s += k + v } | s | a1b2",
                "def l = []; ['p', 'q'].eachWithIndex { item, i -> l << item + i } | l | [p0, q1]",
                "x = 3 | x | 3",
                "def a = [1]; 60.times { a = [a, a] }; def m = [b: 1] | [m[a], m.get(a), a in m, m.remove(a)] |"
                        + " [null, null, false, null]",
                "def m = [b: 1] | [m.getOrDefault('b', 2), m.getOrDefault([], 2)] | [1, 2]",
                "def a = 'x'; def b = \"${a}-$a\" | b | x-x",
                "List l = [1]; Map m = [:]; String s = 'q' | l.size() + m.size() + s | 1q",
                "if (false) { x = 1 } else if (true) { x = 2 } | x | 2",
            })
    void statementsRunInOrder(String statements, String expression, String value) {
        assertThat(studies.value(statements, expression)).isEqualTo(value);
    }

    @Test
    void anUsersSettingTakesThePlaceOfAGlobalValueAndItsKind() {
        studies.settings.put("rows", "20");
        studies.settings.put("name", "Stack");
        studies.settings.put("further", "yes");

        assertThat(studies.value("def rows = 10\ndef name = 'x'", "rows * 2 + name + further"))
                .isEqualTo("40Stackyes");
    }

    @Test
    void aSettingThatIsNotOfTheKindOfWhatItReplacesIsAFaultOfItsPlace() {
        studies.settings.put("rows", "many");

        assertThatThrownBy(() -> studies.value("def rows = 10", "rows"))
                .isInstanceOf(MusterException.class)
                .hasMessage("s.lsl:1:5: 'many' is no whole number of 63 bits");
    }
}
