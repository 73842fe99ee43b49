package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import muster.cli.client.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecificationTest {
    @TempDir
    private Path folder;

    @Test
    void aCommandAloneIsAllThereIs() {
        assertSpecification("{'task':{'command':['echo','hello']}}", "--", "echo", "hello");
    }

    @Test
    void whatFollowsTheCommandIsItsOwn() {
        assertSpecification("{'task':{'command':['ls','--wait','-l']}}", "ls", "--wait", "-l");
    }

    @Test
    void everyOptionHasItsPlace() {
        assertSpecification(
                """
                {'name':'n','tags':['a','b'],'priority':-5,
                 'after':[{'job':'12'},{'job':'13','on':'end'}],'maxFails':3,
                 'task':{'executor':'noop','command':['c'],
                  'parameters':{'number':5,'flag':true,'list':[1,2],'text':'8G','quoted':'5'},'session':{},
                  'environment':{'A':'b=c','HERE':'taken'},'workingDirectory':'/data',
                  'stdin':'in.txt','stdout':'out-%i.txt','stderr':'err-%i.txt',
                  'resources':{'cores':0.5,'memory':'8GiB','disk':'1G','gpus':1,'custom':{'license':2},
                   'labels':['ssd','!slow']},
                  'timeLimit':'90s','retries':2,'mayFail':true}}""",
                "--name",
                "n",
                "--tag",
                "a",
                "--tag",
                "b",
                "--priority",
                "-5",
                "--after",
                "12",
                "--after",
                "13:end",
                "--max-fails",
                "3",
                "--executor",
                "noop",
                "--param",
                "number=5",
                "--param",
                "flag=true",
                "--param",
                "list=[1,2]",
                "--param",
                "text=8G",
                "--param",
                "quoted=\"5\"",
                "--env",
                "A=b=c",
                "--env",
                "HERE",
                "--cwd",
                "/data",
                "--stdin",
                "in.txt",
                "--stdout",
                "out-%i.txt",
                "--stderr",
                "err-%i.txt",
                "--cores",
                "0.5",
                "--memory",
                "8GiB",
                "--disk",
                "1G",
                "--gpus",
                "1",
                "--custom",
                "license=2",
                "--label",
                "ssd",
                "--label",
                "!slow",
                "--time-limit",
                "90s",
                "--may-fail",
                "--warm",
                "--retries",
                "2",
                "c");
    }

    @Test
    void anArrayHoldsTheTask() {
        assertSpecification(
                "{'array':{'task':{'command':['c']},'indices':'0-99%10'}}", "--array", "0-99%10", "--", "c");
    }

    @Test
    void eachLineIsAnItem() throws IOException {
        var lines = Files.writeString(folder.resolve("lines"), "a b\nc\n");

        assertSpecification(
                "{'array':{'task':{'command':['c']},'items':['a b','c'],'throttle':1}}",
                "--each-line",
                lines.toString(),
                "--throttle",
                "1",
                "c");
    }

    @Test
    void itemsAreAnyJson() throws IOException {
        var items = Files.writeString(folder.resolve("items.json"), "[\"a\", 1, {\"k\": [2]}]");

        assertSpecification(
                "{'array':{'task':{'command':['c']},'items':['a',1,{'k':[2]}]}}", "--items", items.toString(), "c");
    }

    @Test
    void aSpecificationFileIsPassedOnWithWhatIsSaidOfTheJob() throws IOException {
        var file = Files.writeString(folder.resolve("spec.json"), "{\"name\":\"old\",\"task\":{\"unknown\":1.50}}");

        assertSpecification("{'name':'new','task':{'unknown':1.50}}", "--file", file.toString(), "--name", "new");
        assertRefused(
                "--file takes no --cores, --array; write into " + file,
                "--file",
                file.toString(),
                "--cores",
                "2",
                "--array",
                "0-1");
    }

    @Test
    void everyTaskOfASpecificationFileMayFailWhereAsked() throws IOException {
        for (var shape : List.of("'task':%s", "'array':{'task':%s}", "'graph':{'tasks':[%1$s,%1$s]}")) {
            var file = Files.writeString(
                    folder.resolve("spec.json"),
                    "{" + String.format(shape, "{'cores':1}").replace('\'', '"') + "}");

            assertSpecification(
                    "{" + String.format(shape, "{'cores':1,'mayFail':true}") + "}",
                    "--file",
                    file.toString(),
                    "--may-fail");
        }
    }

    @Test
    void secretsAreReadFromFilesAndNeverPrinted() throws IOException {
        var file = Files.writeString(folder.resolve("password"), "hunter2\n");
        var job = new SubmitCommand.JobOptions();
        job.secrets = List.of("A=@" + file);
        job.secretFiles = List.of("B=@" + file);
        var specification = Json.object();
        Specification.putJob(specification, job);

        assertThat(specification)
                .isEqualTo(Json.read("{'secrets':[{'name':'A','base64':'aHVudGVyMg=='},"
                        .concat("{'name':'B','base64':'aHVudGVyMgo=','as':'file'}]}")
                        .replace('\'', '"')));
        assertSpecification(
                "{'secrets':[{'name':'A'},{'name':'B','as':'file'}],'task':{'command':['c']}}",
                "--secret",
                "A=@" + file,
                "--secret-file",
                "B=@" + file,
                "c");
    }

    @Test
    void aSecretOnTheCommandLineIsRefusedAndNotRepeated() {
        for (var option : List.of("--secret", "--secret-file")) {
            for (var given : List.of("A=hunter2", "hunter2", "A=hunter2=@b", "A=@", "=@b")) {
                var run = submit(option, given, "c");
                assertThat(run.exitCode()).isEqualTo(2);
                assertThat(run.err())
                        .contains(option + " takes a value from a file")
                        .doesNotContain("hunter2");
            }
        }
    }

    @Test
    void contradictionsAreRefused() throws IOException {
        var empty = Files.writeString(folder.resolve("empty"), "").toString();
        var broken = Files.writeString(folder.resolve("broken.json"), "{\n \"task\": }")
                .toString();

        assertRefused("a command is missing");
        assertRefused("give one", "--array", "0-1", "--items", "x", "c");
        assertRefused("--throttle bounds an array", "--throttle", "1", "c");
        assertRefused("--after 'x' is not a job", "--after", "x", "c");
        assertRefused("'2x' is not a number", "--cores", "2x", "c");
        assertRefused("--env MISSING has no value", "--env", "MISSING", "c");
        assertRefused("has no items", "--each-line", empty, "c");
        assertRefused("there is no file /nowhere", "--file", "/nowhere");
        assertRefused("is not JSON: line 2, column 10", "--file", broken);
        assertRefused("both say what to run", "--file", broken, "c");
        assertRefused("Unknown option: '--unknown'", "--unknown", "c");
    }

    private static void assertSpecification(String expected, String... arguments) {
        var run = submit(arguments);
        assertThat(run.err()).isEmpty();
        try {
            assertThat(Json.read(run.out())).isEqualTo(Json.read(expected.replace('\'', '"')));
        } catch (JsonProcessingException e) {
            throw new AssertionError(run.out(), e);
        }
    }

    private static void assertRefused(String message, String... arguments) {
        var run = submit(arguments);
        assertThat(run.err()).startsWith("muster: ").contains(message).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    private static Run submit(String... arguments) {
        var all = new ArrayList<>(List.of("submit", "--dry-run"));
        all.addAll(List.of(arguments));
        return Run.of(Map.of("HERE", "taken"), all.toArray(String[]::new));
    }
}
