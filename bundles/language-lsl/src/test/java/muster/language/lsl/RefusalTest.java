package muster.language.lsl;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import muster.api.MusterException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What scripts may not have is refused where it stands, and none of it has an effect. */
class RefusalTest {
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final Studies studies = new Studies();

    private void refused(String text) {
        Assertions.assertTimeout(LONGEST, () -> assertThatThrownBy(() -> studies.compile(text))
                .as(text.substring(0, Math.min(200, text.length())))
                .isInstanceOf(MusterException.class)
                .hasMessageMatching("(?s)s\\.lsl:[0-9]+:[0-9]+: .+"));
    }

    private static String inCommand(String expression) {
        return "study(name: 's') { action(name: 'a', type: 'Command') { command = " + expression + " } }";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "System.exit(0)",
                "java.lang.System.exit(0)",
                "Runtime.getRuntime().exec('true')",
                "java.lang.Runtime.runtime",
                "'id'.execute()",
                "'id'.execute().text",
                "['id'].execute()",
                "\"${'id'.execute()}\"",
                "\"${-> 1}\"",
                "''.class",
                "''.getClass()",
                "''.getClass().forName('java.lang.System')",
                "Class.forName('java.lang.System')",
                "String.class",
                "String",
                "int.class",
                "[].class.classLoader",
                "''.metaClass",
                "''.'class'",
                "''.\"${'class'}\"",
                "''.\"${'getClass'}\"()",
                "[].metaClass.x = 1",
                "{ -> 1 }.owner",
                "{ -> 1 }.delegate",
                "{ -> 1 }.getClass()",
                "this",
                "this.class",
                "super",
                "this.evaluate('1')",
                "evaluate('1')",
                "Eval.me('1')",
                "new File('/etc/passwd').text",
                "new Object()",
                "new int[1]",
                "new groovy.lang.GroovyShell().evaluate('1')",
                "new Object() { }",
                "'x'.&toUpperCase",
                "System.&exit",
                "String::valueOf",
                "x -> x",
                "''.@value",
                "''.invokeMethod('getClass', null)",
                "''.getProperty('class')",
                "''.with { it }",
                "''.use(Object) { }",
                "''.getBytes()",
                "''.asType(File)",
                "'' as File",
                "'/etc/passwd' as java.io.File",
                "(java.io.File) '/etc/passwd'",
                "~/x/",
                "'x' =~ 'x'",
                "'x' ==~ 'x'",
                "[*[1]]",
                "f(*[1])",
                "1 instanceof Integer",
                "println('x')",
                "print('x')",
                "sleep(1)",
                "include('x')",
                "properties",
                "binding",
                "metaClass",
                "args",
                "import",
                "[1].iterator()",
                "[1].stream()",
                "[1].parallelStream()",
                "(1..3).class",
                "1.class",
                "null.class",
                "undefined",
                "1.plus(2)",
                "'a'.eachMatch('a') { }",
                "1 & 2",
                "a?[1]",
            })
    void nothingReachesTheMachine(String expression) {
        refused(inCommand(expression));
        refused("def x = " + expression + "\n" + inCommand("'true'"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@groovy.transform.ASTTest(value = { System.exit(0) }) def x = 1",
                "@Grab('org.example:evil:1') import java.util.List",
                "@groovy.transform.BaseScript Object base",
                "@Field def x = 1",
                "import java.lang.System",
                "import java.util.*",
                "import static java.lang.System.exit",
                "import static java.lang.System.*",
                "package a",
                "class A { }",
                "class A { static { System.exit(0) } }",
                "enum A { B }",
                "interface A { }",
                "trait A { }",
                "def f() { 1 }",
                "void f(int x) { }",
                "try { 1 } catch (Throwable e) { 2 }",
                "try { 1 } finally { 2 }",
                "throw 1",
                "assert 1",
                "switch (1) { case 1: break }",
                "synchronized (1) { }",
                "label: for (i in 1..2) { }",
                "do { } while (true)",
                "java.util.List x = []",
                "File f = null",
                "def (a, b) = [1, 2]",
                "for (File f in []) { }",
                "def f = { File x -> 1 }",
                "def f = { @A x -> 1 }",
                "x.y = 1",
                "'a'.length = 1",
                "1 = 2",
                "def x = 1; def x = 2",
                "(1..3) << 4",
                "(1..3).add(4)",
                "[:][[]] = 1",
                "[:][null] = 1",
                "break; x",
                "study(",
                "study(name: 's') {",
                "'",
                "\"${",
                "§",
                "/*",
                "}",
            })
    void whatIsNoStatementOfAStudyIsRefused(String statement) {
        refused(statement + "\n" + inCommand("broken("));
        refused(statement + "\nnever()\n");
    }

    static Stream<String> tooMuch() {
        return Stream.of(
                "while (true) { }",
                "for (;;) { }",
                "for (i in 1..10000000) { for (j in 1..10000000) { } }",
                "10000000000.times { }",
                "1.upto(9000000000000000000) { }",
                "def x = 'x'; while (true) { x += x }",
                "def x = ['x']; while (true) { x += x }",
                "def x = []; while (true) { x << 1 }",
                "def x = [:]; def i = 0; while (true) { x[i++] = 1 }",
                "def x = 'x' * 2147483647",
                "def x = 'x' * 9000000000000000000",
                "def x = [1] * 2147483647",
                "def x = 'x'.padLeft(2000000000)",
                "def x = 'a'.replace('', 'x' * 1000000).replace('x', 'y' * 1000000)",
                "def x = 1..9000000000000000000",
                "def x = (1..9000000).toList()",
                "def x = (1..9000000).collect { it }",
                "def f; f = { f() }; f()",
                "def x = []; x << x; def y = x.toString()",
                "def x = []; x << x; def y = x == [x]",
                "def x = []; x << x; def y = x.flatten()",
                "def x = []; 60.times { x = [x, x] }; def y = x.flatten()",
                "def x = [1]; 60.times { x = [x, x] }; def y = x.toString()",
                "def t = 'x' * 1000000; def x = \"" + "${t}".repeat(2000) + "\"",
                "def t = 'x' * 1000000; def x = ([t] * 100000).toString()",
                "def t = 'x' * 1000000; def x = ([[(t): 1]] * 100000).toString()",
                "def x = ('a' * 4000000).contains('a' * 2000000 + 'b')",
                "def x = ('ab' * 8000000).split('b')",
                "def x = ('ab' * 8000000).tokenize('b')",
                "def x = ('a' * 16000000).toList()",
                "def x = ('a\\n' * 8000000).readLines()",
                "def t = 'x' * 1000000; def x = ([t] * 100000).join()",
                "def x = (-9223372036854775807 - 1) / -1",
                "def x = (10.0 ** 30).round()",
                "def x = ['a'] * 1000000; study(name: 's') { action(name: 'a') { 100.times { dependsOn x } } }",
                "def x = 9000000000000000000 * 2",
                "def x = 2 ** 100000000",
                "def x = 2.5 ** 100000000",
                "def x = 10.0 ** 400 * 10.0 ** 400",
                "def x = 1e1000000000",
                "def x = '1e1000000000'.toBigDecimal()",
                "def x = 99999999999999999999999999",
                "def x = 1 / 0",
                "def x = 1 % 0",
                "def x = [1, 'a'].sort()",
                "def i = 0; def x = [3, 2, 1].collect { it }.sort { a, b -> 'x' }",
                "def x = " + "(".repeat(1000) + "1" + ")".repeat(1000),
                "def x = " + "[".repeat(1000) + "1" + "]".repeat(1000),
                "if (1) {".repeat(1000) + "}".repeat(1000),
                "def x = \"" + "${\"".repeat(200),
                "def x = 1" + " + 1".repeat(10_000),
                "def x = " + "!".repeat(50_000) + "1",
                "def x = a" + "<a".repeat(10_000),
                "A<".repeat(10_000) + "B" + ">".repeat(10_000) + " x = 1",
                "def x = '" + "x".repeat(100_000) + "'");
    }

    @ParameterizedTest
    @MethodSource
    void tooMuch(String statements) {
        refused(statements + "\n");
    }

    @Test
    void aClosureThatIsAskedForEachSystemIsBoundedToo() {
        refused("study(name: 's') { action(name: 'a', type: 'Select') {"
                + " abstraction('A') { systems(['x']); where { while (true) { } } } } }");
    }

    @Test
    void everyPieceOfAScriptIsRefusedWithAPlace() {
        var whole = """
                dataSource 'systems.csv'
                def rows = 10
                study(name: 'Base64') {
                    profile('p') { environment('java') { image = "maven:${rows}" } }
                    action(name: 'select', type: 'Select') { abstraction('A') { systems(['a', 'b']) } }
                    action(name: 'build', type: 'Container') {
                        dependsOn 'select'; includeAbstractions '*'; profile('p')
                        command { s -> "make ${s.id}" }
                        outputs = [
                            'x'
                        ]
                    }
                    action(name: 'x', type: 'Nonsense')
                }
                """;
        for (var end = whole.indexOf("study"); end < whole.length(); end += 3) {
            refused(whole.substring(0, end));
        }
    }

    @Test
    void namesWhatIsWrongAndWhatToDo() {
        var faults = List.of(
                List.of(
                        "study(name: 's') {\n  System.exit(0)\n}",
                        "s.lsl:2:3: 'System' is not defined; scripts reach no classes"),
                List.of("def x = [].class\n", "s.lsl:1:12: scripts may not have 'class': they reach no classes"),
                List.of(
                        "\n  @A def x",
                        "s.lsl:2:3: '@' begins an annotation, which scripts may not have; leave it out"),
                List.of("def x = 'a'.execute()", "s.lsl:1:13: a text has no method 'execute' that scripts may use"),
                List.of("def x = new File('a')", "s.lsl:1:9: scripts may not have 'new'"));
        for (var fault : faults) {
            assertThatThrownBy(() -> studies.compile(fault.get(0))).hasMessage(fault.get(1));
        }
    }
}
