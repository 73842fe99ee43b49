package muster.language.makeflow.jx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of the language's public manual, and what it leaves open. */
class JxTest {
    private static String evaluate(String text) {
        return evaluate(text, 1_000_000);
    }

    private static String evaluate(String text, long size) {
        var expression = Parser.parse("test.jx", text);
        return new Evaluator(1_000_000, size)
                .evaluate(expression, name -> switch (name) {
                    case "ID" -> new Value.Whole(10);
                    case "N" -> new Value.Whole(48);
                    default -> null;
                })
                .toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "123 + 4 ~ 127",
                "\"123\" + \"4\" ~ 1234",
                "\"output.\" + N + \".txt\" ~ output.48.txt",
                "7 / 2 ~ 3",
                "-7 % 3 ~ -1",
                "7 / 2.0 ~ 3.5",
                "1e3 + 0.5 ~ 1000.5",
                "-(3 + 4) * 2 ~ -14",
                "1 + 2 * 3 == 7 and not 1 > 2 ~ true",
                "false or true and false ~ false",
                "1 == 1.0 ~ true",
                "\"1\" == 1 ~ false",
                "9007199254740992 == 9007199254740993 ~ false",
                "[1, {\"a\": 2}] == [1.0, {\"a\": 2.0}] ~ true",
                "{\"a\": 1} == {\"b\": 1} ~ false",
                "null == null ~ true",
                "[1, 2] == [1, 2] ~ true",
                "\"abc\" < \"abd\" ~ true",
                "[10, 20, 30][-1] ~ 30",
                "{\"a\": {\"b\": 5}}[\"a\"][\"b\"] ~ 5",
                "range(10)[:3] ~ [0,1,2]",
                "range(10)[4:] ~ [4,5,6,7,8,9]",
                "range(10)[3:7] ~ [3,4,5,6]",
                "range(3, 7) ~ [3,4,5,6]",
                "range(7, 3) ~ []",
                "range(-1, 10, 2) ~ [-1,1,3,5,7,9]",
                "range(5, 0, -1) ~ [5,4,3,2,1]",
                "[x + x for x in [\"a\", \"b\", \"c\"]] ~ [\"aa\",\"bb\",\"cc\"]",
                "[3 * i for i in range(4)] ~ [0,3,6,9]",
                "[i for i in range(10) if i%2 == 0] ~ [0,2,4,6,8]",
                "[[i, j] for i in range(5) for j in range(4) if (i + j)%2 == 0]"
                        + " ~ [[0,0],[0,2],[1,1],[1,3],[2,0],[2,2],[3,1],[3,3],[4,0],[4,2]]",
                "{\"k\" + i: i for i in range(2)} ~ {\"k0\":0,\"k1\":1}",
                "format(\"file%d.txt\", 10) ~ file10.txt",
                "format(\"SM%s_%d.sam\", \"10001\", 23) ~ SM10001_23.sam",
                "format(\"%05.2f|%-4d|%4s|%%|%g|%e\", 3.14159, 7, \"a\", 0.0001, 12345.678)"
                        + " ~ 03.14|7   |   a|%|0.0001|1.234568e+04",
                "template(\"file{ID}.txt\") ~ file10.txt",
                "template(\"SM{PLATE}_{ID}.sam\", {\"PLATE\": \"10001\", \"ID\": N/2 - 1}) ~ SM10001_23.sam",
                "join([\"a\", 1, 2.5], \"-\") ~ a-1-2.5",
                "len([1,2,3]) ~ 3",
                "[1,2,3,4].len() ~ 4",
                "\"abc\".like(\"a.+\") ~ true",
                "ceil(9.1) ~ 10",
                "basename(\"/a/b.txt\") + \" \" + basename(\"b.txt\", \".txt\") + \" \" + dirname(\"/a/b.txt\") ~ b.txt b /a",
                "escape(\"it's\") ~ 'it'\\''s'",
                "[{\"a\": 1}, {\"a\": 2}].select(a>0).project(a).len() ~ 2",
                "where([{\"x\": 0}, {\"x\": 1}], x == 1) ~ [{\"x\":1}]",
                "schema({\"x\": 0, \"y\": \"t\", \"z\": 1.0}) ~ {\"x\":\"integer\",\"y\":\"string\",\"z\":\"float\"}",
                "[1, 2, ] # trailing comma and comment ~ [1,2]",
                "\"tab\\tquote\\\"\\u0041\" ~ tab\tquote\"A",
            })
    void evaluatesWhatTheManualShows(String text, String expected) {
        assertThat(evaluate(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "1 + ~ 1:4 ~ the end of the file",
                "[1, 2 ~ 1:6 ~ expected ','",
                "{\"a\" 1} ~ 1:6 ~ expected ':'",
                "undefined + 1 ~ 1:1 ~ 'undefined' is not defined",
                "1 / 0 ~ 1:3 ~ division by zero",
                "5 % 0.0 ~ 1:3 ~ division by zero",
                "9223372036854775807 + 1 ~ 1:21 ~ does not fit into 64 bits",
                "99999999999999999999 ~ 1:1 ~ too large",
                "1 < \"a\" ~ 1:3 ~ '<' does not take integer 1 and string a",
                "[1] + 1 ~ 1:5 ~ '+' does not take array",
                "not 1 ~ 1:5 ~ 'not' takes a boolean",
                "[1][5] ~ 1:4 ~ index 5 is outside",
                "{\"a\": 1}[\"b\"] ~ 1:9 ~ no key \"b\"",
                "range(1, 2, 0) ~ 1:1 ~ a step other than 0",
                "range(\"a\") ~ 1:1 ~ expected an integer",
                "format(\"%d\", \"x\") ~ 1:1 ~ %d takes an integer",
                "format(\"%q\", 1) ~ 1:1 ~ no conversion",
                "format(\"%d\") ~ 1:1 ~ more conversions",
                "format(\"x\", 1) ~ 1:1 ~ 0 conversions for 1 values",
                "template(\"{NONE}\") ~ 1:1 ~ 'NONE' is not defined",
                "system(\"x\") ~ 1:1 ~ 'system' is no function",
                "listdir(\"/etc\") ~ 1:1 ~ not allowed",
                "fetch(\"http://x\") ~ 1:1 ~ not allowed",
                "\"open ~ 1:1 ~ does not end",
                "\"\\q\" ~ 1:2 ~ no escape",
                "[i for i in 5] ~ 1:13 ~ expected an array",
                "[i for in [1]] ~ 1:8 ~ expected a name",
                "1 2 ~ 1:3 ~ unexpected '2'",
                "3x ~ 1:1 ~ neither a number nor a name",
                "@ ~ 1:1 ~ begins nothing",
                "{1: 2} ~ 1:2 ~ expected a string",
                "{\"a\": 1, \"a\": 2} ~ 1:10 ~ there twice",
            })
    void tellsWhereAndWhatIsWrong(String text, String place, String words) {
        assertThatThrownBy(() -> evaluate(text))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith("test.jx:" + place + ": ")
                .hasMessageContaining(words);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[i for i in range(100000000)]",
                "range(9223372036854775806)",
                "[[i, j, k] for i in range(1000) for j in range(1000) for k in range(1000)]",
                "join([\"0123456789\" + i for i in range(1000000)])",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\".like(\"(.*a){20}\")",
                "\"\".like(\"(|){60}b\")",
                "\"\".like(\"(?:(?:){2000000000}){2000000000}\")",
            })
    void refusesToGrowOrTakeWithoutBound(String text) {
        assertThatThrownBy(() -> evaluate(text, 100_000))
                .isInstanceOf(MusterException.class)
                .hasMessageMatching("test\\.jx:1:.*(too large|too many steps|takes too long).*");
    }

    /** Values that hold one another many times are small, and what is made of them is not. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "join(a30)",
                "\"\" + join([a30])",
                "template(\"{a30}\")",
                "format(\"%s\", a30)",
                "a30 == b30",
                "{\"k\": join([t30, t30])}",
            })
    void refusesToUnfoldValuesThatHoldEachOther(String text) {
        var defines = new HashMap<String, Expression>();
        for (var letter : new String[] {"a", "b"}) {
            defines.put(letter + 0, Parser.parse("t", "[1]"));
            for (var i = 1; i <= 30; i++) {
                var before = letter + (i - 1);
                defines.put(letter + i, Parser.parse("t", "[" + before + ", " + before + "]"));
            }
        }
        defines.put("t0", Parser.parse("t", "\"0123456789\""));
        for (var i = 1; i <= 30; i++) {
            defines.put("t" + i, Parser.parse("t", "t" + (i - 1) + " + t" + (i - 1)));
        }
        var evaluator = new Evaluator(1_000_000, 1_000_000);
        var scope = evaluator.defines(defines, name -> null);

        assertThatThrownBy(() -> evaluator.evaluate(Parser.parse("t", text), scope))
                .isInstanceOf(MusterException.class)
                .hasMessageMatching("t:1:.*(too large|too many steps).*");
    }

    @Test
    void showsLongValuesInPart() {
        assertThatThrownBy(() -> evaluate("1 - range(1000)"))
                .hasMessageContaining("[0,1,2,")
                .hasMessageEndingWith("…");
    }

    @Test
    void refusesDepthInsteadOfOverflowingTheStack() {
        for (var text : new String[] {
            "[".repeat(100_000),
            "(".repeat(100_000),
            "-".repeat(100_000) + "1",
            "not ".repeat(100_000) + "true",
            "1" + "+1".repeat(100_000),
            "{\"a\":".repeat(10_000) + "1",
            "x" + "[0]".repeat(100_000),
            "1" + ".len()".repeat(100_000),
        }) {
            assertThatThrownBy(() -> evaluate(text))
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining("deeper");
        }
    }

    @Test
    void evaluatesDefinesWhenTheyAreAskedForAndNamesACircle() {
        var evaluator = new Evaluator(1000, 1000);
        var scope = evaluator.defines(
                Map.of(
                        "a", Parser.parse("t", "b + 1"),
                        "b", Parser.parse("t", "2"),
                        "c", Parser.parse("t", "d"),
                        "d", Parser.parse("t", "c")),
                name -> null);

        assertThat(evaluator.evaluate(Parser.parse("t", "a"), scope)).isEqualTo(new Value.Whole(3));
        assertThatThrownBy(() -> evaluator.evaluate(Parser.parse("t", "c"), scope))
                .hasMessageContaining("by itself");
    }
}
