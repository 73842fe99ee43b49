package muster.language.lsl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import muster.api.TaskSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What collecting, exporting and Maven run on a worker. */
class ScriptsTest {
    private static final String STUDY = """
            action(name: 's', type: 'Select') { abstraction('A') { systems(['x,1', 'y"2']) } }
            action(name: 'm', type: 'Command') { command = 'x'; outputs = ['f']; dependsOn 's'; include '*' }
            """;

    @TempDir
    Path workspace;

    private void write(String name, String text) throws IOException {
        var file = workspace.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Makes a program that comes before all others. */
    private void program(String name, String text) throws IOException {
        write("bin/" + name, "#!/bin/sh\n" + text);
        assertThat(workspace.resolve("bin/" + name).toFile().setExecutable(true))
                .isTrue();
    }

    private String run(String action) throws IOException, InterruptedException {
        var tasks = new Studies().tasks(STUDY + action);
        TaskSpec task = tasks.get(tasks.size() - 1);
        var builder =
                new ProcessBuilder(task.command()).directory(workspace.toFile()).redirectErrorStream(true);
        builder.environment().put("MUSTER_JOB", "17");
        builder.environment().merge("PATH", "", (path, none) -> workspace.resolve("bin") + ":" + path);
        var process = builder.start();
        var printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + " " + printed;
    }

    @Test
    void exportsCsvThatQuotesWhatNeedsIt() throws Exception {
        write(".export/000000000", "1.5\n");
        write(".export/000000001", "a \"b\"\nc\n");

        assertThat(run("action(name: 'e', type: 'Export') { file = 'out/t.csv'; dependsOn 'm'; include '*' }"))
                .isEqualTo("0 ");

        assertThat(workspace.resolve("out/t.csv")).hasContent("""
                EXECUTIONID,ACTIONID,ABSTRACTIONID,SYSTEMID,TYPE,VALUE
                17,m,A,"x,1",f,1.5
                17,m,A,"y""2",f,"a ""b""
                c"
                """);
    }

    @Test
    void exportsJsonThatEscapesWhatNeedsIt() throws Exception {
        write(".export/000000000", "ü\n");
        write(".export/000000001", "a\\b\t\"c\"\n\nd");

        assertThat(run("action(name: 'e', type: 'Export') { file = 't.json'; dependsOn 'm'; include '*' }"))
                .isEqualTo("0 ");

        assertThat(workspace.resolve("t.json")).hasContent("""
                [
                {"EXECUTIONID":"17","ACTIONID":"m","ABSTRACTIONID":"A","SYSTEMID":"x,1","TYPE":"f","VALUE":"ü"},
                {"EXECUTIONID":"17","ACTIONID":"m","ABSTRACTIONID":"A","SYSTEMID":"y\\"2","TYPE":"f","VALUE":"a\\\\b\\u0009\\"c\\"\\u000a\\u000ad"}
                ]
                """);
    }

    @Test
    void anOutputThatIsNoFileFailsTheExportByName() throws Exception {
        write(".export/000000000", "1");

        assertThat(run("action(name: 'e', type: 'Export') { dependsOn 'm'; include '*' }"))
                .isEqualTo("1 output 'f' of the system 'y\"2' is no file that can be read\n");
    }

    @Test
    void collectsFilesOneAfterAnother() throws Exception {
        write(".collect/000000000", "one\n");
        write(".collect/000000001", "two\n");

        assertThat(run("action(name: 'c', type: 'Collect') { file = 'out/all'; dependsOn 'm'; include '*' }"))
                .isEqualTo("0 ");

        assertThat(workspace.resolve("out/all")).hasContent("one\ntwo\n");
    }

    @Test
    void collectsIntoAFolder() throws Exception {
        write(".collect/A/x,1/m/f", "one\n");

        assertThat(run("action(name: 'c', type: 'Collect') { into = 'all results'; dependsOn 'm'; include '*' }"))
                .isEqualTo("0 ");

        assertThat(workspace.resolve("all results/A/x,1/m/f")).hasContent("one\n");
    }

    @Test
    void mavenRunsInTheProjectAndItsTestsAreRecorded() throws Exception {
        program("mvn", "pwd > asked; printf '%s\\n' \"$@\" >> asked; exit 3");
        write("a b/target/surefire-reports/TEST-a.A.xml", """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuite name="a.A" time="1,002.5" tests="5">
                  <properties><property name="x" value="&lt;testcase name=&quot;no&quot;"/></properties>
                  <testcase name="adds, and &quot;quotes&quot;" classname="a.A" time="1,002.5"/>
                  <testcase name="fails" classname="a.A" time="0.1">
                    <failure message="expected &lt;1&gt; &amp; was&#10;2" type="E"><![CDATA[at <testcase name="x"
                      <b> c]]></failure>
                    <system-out><![CDATA[<testcase name="printed" classname="no" time="1"/>]]></system-out>
                  </testcase>
                  <testcase classname="a.A" name="breaks" time="0"><error type="E"/></testcase>
                  <testcase name="waits" classname="a.A" time="0"><skipped/></testcase>
                </testsuite>
                """);
        write(
                "a b/sub/target/failsafe-reports/TEST-b.xml",
                "<testsuite><testcase name='x' classname='y'/></testsuite>".replace('\'', '"'));
        write("a b/target/surefire-reports/other.xml", "<testcase name=\"no\" classname=\"no\" time=\"0\"/>");

        assertThat(
                        run(
                                "action(name: 'e', type: 'Maven') { dependsOn 'm'; project = 'a b'; goals = ['-P', 'x y', 'test'] }"))
                .isEqualTo("3 ");

        assertThat(workspace.resolve("a b/asked"))
                .hasContent(workspace.resolve("a b").toRealPath()
                        + "\n-B\n-Dmaven.test.failure.ignore=true\n-P\nx y\ntest\n");
        assertThat(workspace.resolve("tests.csv")).content().isEqualTo("""
                CLASS,TEST,OUTCOME,SECONDS,MESSAGE
                y,x,passed,,
                a.A,"adds, and ""quotes""\",passed,1002.5,
                a.A,fails,failed,0.1,"expected <1> & was
                2"
                a.A,breaks,error,0,
                a.A,waits,skipped,0,
                """);
    }

    @Test
    void aProjectWithoutTestsHasAnEmptyTable() throws Exception {
        program("mvn", "exit 0");

        assertThat(run("action(name: 'e', type: 'Maven') { dependsOn 'm'; goals = 'package' }"))
                .isEqualTo("0 ");

        assertThat(workspace.resolve("tests.csv")).content().isEqualTo("CLASS,TEST,OUTCOME,SECONDS,MESSAGE\n");
    }
}
