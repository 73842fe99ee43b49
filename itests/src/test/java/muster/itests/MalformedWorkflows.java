package muster.itests;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Workflows with a fault each. */
final class MalformedWorkflows {
    private final List<Script> scripts = new ArrayList<>();

    /** @param file its name, which tells the form */
    record Script(String file, String text) {}

    private MalformedWorkflows() {}

    static List<Script> all() {
        var malformed = new MalformedWorkflows();
        malformed.truncated();
        malformed.circles();
        malformed.madeTwice();
        malformed.undefined();
        malformed.nestedDeep();
        malformed.huge();
        malformed.hostilePaths();
        malformed.wrongKinds();
        malformed.yaml();
        malformed.lsl();
        return malformed.scripts;
    }

    private void classic(String text) {
        scripts.add(new Script("w.makeflow", text));
    }

    private void jx(String text) {
        scripts.add(new Script("w.jx", text));
    }

    private void yaml(String text) {
        scripts.add(new Script("w.yaml", text));
    }

    private void truncated() {
        var jx = "{\"define\":{\"N\":2},\"rules\":[{\"command\":\"x\"+i,\"outputs\":[\"a\"+i]} for i in range(1,N)]}";
        for (var end = 1; end < jx.length(); end++) {
            jx(jx.substring(0, end));
        }
        for (var quote : List.of("\"", "'")) {
            for (var length = 0; length < 10; length++) {
                classic("a: " + quote + "x ".repeat(length));
                classic("a:\n\techo $(V" + "x".repeat(length) + ")");
            }
        }
        classic("a");
        classic("a: b");
        classic("a: b\n");
        classic("a: b \\\n");
    }

    private void circles() {
        for (var length = 1; length <= 20; length++) {
            var text = new StringBuilder();
            for (var i = 0; i < length; i++) {
                text.append("f" + i + ": f" + (i + 1) % length + "\n\tx\n");
            }
            classic(text.toString());
        }
        classic("a:\n\tMAKEFLOW w.makeflow\n".repeat(2));
    }

    private void madeTwice() {
        for (var apart = 0; apart < 20; apart++) {
            var text = new StringBuilder("twice:\n\tx\n");
            for (var i = 0; i < apart; i++) {
                text.append("f" + i + ":\n\tx\n");
            }
            classic(text + "sub/../twice other:\n\tx\n");
        }
        classic("a a:\n\tx\n");
        jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[\"a\",\"./a\"]}]}");
        jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[\"a\"]} for i in range(2)]}");
    }

    private void undefined() {
        for (var use : List.of("$NONE_SUCH", "$(NONE_SUCH)", "${NONE_SUCH}", "\"$NONE_SUCH\"", "x$(NONE_SUCH)y")) {
            classic(use + ":\n\tx\n");
            classic("a: " + use + "\n\tx\n");
            classic("a:\n\tx " + use + "\n");
            classic("V=" + use + "\na:\n\tx\n");
            classic("a:\n\t@V=" + use + "\n\tx\n");
        }
        jx("{\"rules\":[{\"command\":NONE_SUCH,\"outputs\":[\"a\"]}]}");
        jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[none_such(1)]}]}");
        jx("{\"define\":{\"a\":b,\"b\":a},\"rules\":[{\"command\":a,\"outputs\":[\"x\"]}]}");
    }

    private void nestedDeep() {
        for (var depth : List.of(101, 1_000, 100_000)) {
            jx("[".repeat(depth));
            jx("{\"a\":".repeat(depth));
            jx("{\"rules\":" + "(".repeat(depth) + "[]" + ")".repeat(depth) + "}");
            jx("{\"rules\":" + "-".repeat(depth) + "1}");
            jx("{\"rules\":" + "not ".repeat(depth) + "true}");
        }
        jx("{\"rules\":1" + "+1".repeat(100_000) + "}");
        jx("{\"rules\":x" + "[0]".repeat(100_000) + "}");
    }

    private void huge() {
        jx("{\"rules\":range(1000000000000)}");
        jx("{\"rules\":[[i for j in range(100000)] for i in range(100000)]}");
        jx("{\"rules\":" + "9".repeat(100_000) + "}");
        jx("{\"define\":{\"s\":\"" + "x".repeat(100_000)
                + "\"},\"rules\":[{\"command\":s+i,\"outputs\":[s+i]} for i in range(1000000)]}");
        classic("V=0123456789\n" + "V=$V$V\n".repeat(64) + "a:\n\techo $V\n");
        classic("x".repeat(2_000_000) + ":\n\tx\n");
        classic("CORES=" + "9".repeat(10_000) + "\na:\n\tx\n");
        classic("MEMORY=1e999999999\na:\n\tx\n");
        classic("WALL_TIME=0\na:\n\tx\n");
    }

    private void hostilePaths() {
        var paths = List.of(
                "..",
                ".",
                "../x",
                "a/../../x",
                "./.././x",
                "a/b/../../../etc/passwd",
                "../".repeat(1000) + "etc/passwd",
                "x".repeat(5_000),
                "x/".repeat(2_000) + "x",
                "a\u0007b",
                "a\u0000b",
                "\u001b[31mred");
        for (var path : paths) {
            classic("'" + path + "':\n\tx\n");
            classic("a: '" + path + "'\n\tx\n");
            classic("a->'" + path + "':\n\tx\n");
            classic("a: b->'" + path + "'\n\tx\n");
        }
        for (var path : List.of("/etc/passwd", "/", "//etc/passwd", "/x/../etc/passwd")) {
            classic(path + ":\n\tx\n");
            classic("a->" + path + ":\n\tx\n");
            classic("a: b->" + path + "\n\tx\n");
            jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[\"" + path + "\"]}]}");
        }
        jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[\"\"]}]}");
        jx("{\"rules\":[{\"command\":\"x\",\"outputs\":[{\"dag_name\":\"a\",\"task_name\":\"../b\"}]}]}");
    }

    private void wrongKinds() {
        var values = List.of("null", "true", "5", "1.5", "\"\"", "{}", "[5]", "[null]", "[[]]");
        for (var value : values) {
            jx("{\"rules\":" + value + "}");
            jx("{\"rules\":[{\"command\":\"x\",\"outputs\":" + value + "}]}");
        }
        for (var name : List.of("CORES", "MEMORY", "DISK", "GPUS", "WALL_TIME")) {
            IntStream.of(-1, -1_000_000).forEach(number -> classic(name + "=" + number + "\na:\n\tx\n"));
            classic(name + "=many\na:\n\tx\n");
        }
    }

    private void yaml() {
        for (var text : List.of(
                "",
                "tasks",
                "tasks: [",
                "tasks: {t: {run: 'x",
                "tasks:\n  t:\n    run: x\n   needs: y\n",
                "tasks: {t: {run: x}}\n---\ntasks: {t: {run: x}}\n",
                "tasks: {t: !!javax.script.ScriptEngineManager {run: x}}",
                "tasks: {t: *t}",
                "x-a: &a [*a]\ntasks: {t: {run: x}}",
                "tasks: " + "[".repeat(100_000),
                "tasks: " + "{a: ".repeat(1_000),
                "tasks: {t: {run: x, matrix: {a: 1..999999999999}}}",
                "tasks: {t: {run: x, matrix: {a: 1..100000, b: 1..100000}}}",
                "tasks: {t: {foreach: [{l: 1..200000}], run: '" + "${{ l }}".repeat(1000) + "'}}",
                "tasks: {a: {run: x, needs: a}}",
                "tasks: {a: {run: x, inputs: c, outputs: b}, b: {run: x, inputs: b, outputs: c}}",
                "tasks: {a: {run: x, outputs: f}, b: {run: x, outputs: f}}",
                "tasks: {a: {run: x}, a: {run: x}}",
                "tasks: {a: {run: 'x ${{ none }}'}}",
                "tasks: {a: {run: x, needs: none}}",
                "settings: {must: }\ntasks: {a: {run: x}}",
                "tasks: {a: {run: x, resources: {cores: many}}}",
                "tasks: {a: {run: x, timeLimit: -1s}}")) {
            yaml(text);
        }
        var laughs = new StringBuilder("x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) {
            laughs.append("x-" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ", ").repeat(10) + "]\n");
        }
        yaml(laughs + "tasks: {t: {run: x}}");
        for (var path : List.of("..", "../x", "a/../../x", "/etc/passwd", "x".repeat(5_000), "a\\u0007b", "")) {
            yaml("tasks: {t: {run: x, outputs: [\"" + path + "\"]}}");
            yaml("tasks: {t: {run: x, inputs: [\"" + path + "\"]}}");
            yaml("tasks: {t: {run: x, inputs: [{from: a, name: \"" + path + "\"}]}}");
        }
        for (var value : List.of("[]", "5", "text", "{}", "{t: 5}", "{t: []}", "{t: {run: []}}", "{t: {command: x}}")) {
            yaml("tasks: " + value);
        }
    }

    private void lsl(String text) {
        scripts.add(new Script("w.lsl", text));
    }

    /** A study whose one action has these settings. */
    private void action(String type, String settings) {
        lsl("study(name: 's') { action(name: 'a', type: '" + type + "') { " + settings + " } }");
    }

    private void lsl() {
        var whole = """
                def n = 2
                study(name: 's') {
                    action(name: 'a', type: 'Select') { abstraction('A') { systems((1..n).collect { "s$it" }) } }
                    action(name: 'b', type: 'Command') { dependsOn 'a'; include '*'; command { "x ${it.id}" } }
                }
                """;
        for (var end = 0; end < whole.length() - 2; end += 4) {
            lsl(whole.substring(0, end));
        }
        for (var length = 1; length <= 10; length++) {
            var circle = new StringBuilder("study(name: 's') {\n");
            for (var i = 0; i < length; i++) {
                circle.append("action(name: 'a" + i + "') { dependsOn 'a" + (i + 1) % length + "' }\n");
            }
            lsl(circle + "}\n");
        }
        lsl("study(name: 's') { action(name: 'a'); action(name: 'a') }");
        lsl("study(name: 's') { }\nstudy(name: 't') { }");
        lsl("def x = 1\ndef x = 2");
        action("Command", "command = noneSuch");
        action("Command", "command = \"${noneSuch}\"");
        action("Command", "command = noneSuch()");
        action("Command", "command = 'x'; dependsOn 'none'");
        action("Command", "command = 'x'; colour = 1");
        action("Command", "command = 'x'; timeLimit = '-1s'");
        action("Command", "command = 'x'; memory = 'much'");
        action("Command", "command = 'x'; cores = -1");
        action("Command", "command = [[]]");
        action("None", "");
        action("Select", "abstraction('A') { systems(['x', 'x']) }");
        for (var path :
                List.of("..", "../x", "a/../../x", "a//b", "/x/../etc/passwd", "x".repeat(5_000), "a\\u0007b", "")) {
            action("Command", "command = 'x'; outputs = ['" + path + "']");
            action("Command", "command = 'x'; inputs = ['" + path + "']");
            action("Command", "command = 'x'; inputs = [a: '" + path + "']");
            action("Command", "command = 'x'; inputs = ['" + path + "': 'a']");
        }
        for (var depth : List.of(1_000, 10_000)) {
            lsl("def x = " + "[".repeat(depth) + "]".repeat(depth));
            lsl("def x = " + "(".repeat(depth) + "1" + ")".repeat(depth));
            lsl("if (1) {".repeat(depth) + "}".repeat(depth));
            lsl("def x = a" + "<a".repeat(depth));
        }
        for (var huge : List.of(
                "while (true) { }",
                "def x = 'x' * 9000000000000000000",
                "def x = [1] * 2147483647",
                "def x = 1..9000000000000000000",
                "def x = 2 ** 100000000",
                "def x = 1e1000000000",
                "def x = 9000000000000000000 * 2",
                "def f; f = { f() }; f()",
                "def x = []; x << x; def y = x.toString()",
                "def x = '" + "x".repeat(100_000) + "'")) {
            lsl(huge);
        }
        for (var reach : List.of(
                "System.exit(1)",
                "java.lang.Runtime.getRuntime().exec('touch /tmp/x')",
                "'touch /tmp/x'.execute()",
                "''.class.forName('java.lang.System')",
                "''.getClass()",
                "String.class",
                "evaluate('1')",
                "new File('/etc/passwd').text",
                "Eval.me('1')",
                "System.&exit",
                "''.metaClass",
                "this.class")) {
            lsl(reach);
            action("Command", "command = " + reach);
            action("Command", "command { " + reach + " }");
        }
        for (var statement : List.of(
                "@groovy.transform.ASTTest(value = { System.exit(1) }) def x = 1",
                "@Grab('org.example:evil:1') import java.util.List",
                "import static java.lang.System.exit",
                "class A { static { System.exit(1) } }",
                "def f() { 1 }",
                "try { 1 } catch (Throwable e) { 2 }")) {
            lsl(statement);
        }
    }
}
