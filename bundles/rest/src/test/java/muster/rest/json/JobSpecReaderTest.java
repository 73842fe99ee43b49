package muster.rest.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import muster.api.ErrorCode;
import muster.api.Fault;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.SessionSpec;
import muster.api.Work;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSpecReaderTest {
    /** Of JSON with single quotes. */
    private static JobSpec read(String json) {
        try {
            return JobSpecReader.read(Json.read(
                    new ByteArrayInputStream(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)), 64 << 20));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Fault> faults(String json) {
        var e = catchThrowableOfType(MusterException.class, () -> read(json));
        assertThat(e).as(json).isNotNull();
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID);
        return e.faults();
    }

    @Test
    void readsInputsAndOutputs() {
        var digest = "sha256:" + "0".repeat(64);
        var job = read("{'graph':{'tasks':[{'name':'a','command':['x'],'outputs':['out/']},"
                + "{'name':'b','command':['x'],'inputs':[{'name':'in','from':'task:a/out/'},"
                + "{'name':'tool','from':'" + digest + "','executable':true}],"
                + "'outputs':[{'path':'*.log','optional':true,'keep':false}]}]}}");
        var tasks = ((Work.Graph) job.work()).tasks();
        assertThat(tasks.get(0).outputs()).containsExactly(new Output("out/", false, false));
        assertThat(tasks.get(1).needs()).containsExactly("a");
        assertThat(tasks.get(1).inputs())
                .containsExactly(new Input("in", "task:a/out/", false), new Input("tool", digest, true));
        assertThat(tasks.get(1).outputs()).containsExactly(new Output("*.log", true, false));
    }

    @Test
    void readsSessionsAndNeedsWhatIsTakenThere() {
        var job = read(
                "{'graph':{'tasks':[{'name':'a','command':['x'],'session':{'name':'s','memory':'1KiB','makes':['o']}},"
                        + "{'name':'b','command':['x'],'session':{'name':'s','memory':1024,'takes':['a/o']}}]}}");
        var taker = ((Work.Graph) job.work()).tasks().get(1);
        assertThat(taker.needs()).containsExactly("a");
        assertThat(taker.session()).isEqualTo(new SessionSpec("s", 1024, List.of(), List.of("a/o")));
    }

    @Test
    void tellsEveryFaultOfASession() {
        assertThat(faults("{'task':{'command':['x'],'session':{'name':'s','memory':'lots','makes':['/'],"
                        + "'takes':['a/o'],'keeps':[]}}}"))
                .extracting(Fault::pointer)
                .containsExactlyInAnyOrder(
                        "/task/session/memory",
                        "/task/session/makes/0",
                        "/task/session/takes/0",
                        "/task/session/keeps");
        assertThat(faults("{'graph':{'tasks':[{'name':'a','command':['x'],'session':{'makes':['o']}}]}}"))
                .extracting(Fault::pointer)
                .containsExactly("/graph/tasks/0/session");
    }

    @Test
    void tellsEveryFaultOfInputsAndOutputs() {
        var faults = faults("{'task':{'command':['x'],'inputs':[{'name':'../up','from':'file:/x'},"
                + "{'name':'in','from':'ftp://x'},{'name':'in','from':'task:a/b'},{'from':'file:/x'}],"
                + "'outputs':['/abs',{'optional':true},{'path':'[','keep':1}]}}");
        assertThat(faults)
                .extracting(Fault::pointer)
                .containsExactlyInAnyOrder(
                        "/task/inputs/0/name",
                        "/task/inputs/1/from",
                        "/task/inputs/2/from",
                        "/task/inputs/3",
                        "/task/outputs/0",
                        "/task/outputs/1",
                        "/task/outputs/2/path",
                        "/task/outputs/2/keep");
    }

    @Test
    void readsSecretsAndWritesTheirNamesAlone() {
        var job = read("{'task':{'command':['x']},'secrets':[{'name':'A','value':'hunter2'},"
                + "{'name':'B','base64':'AP8=','as':'file'}]}");
        assertThat(job.secrets())
                .containsExactly(
                        new Secret("A", Secret.Place.ENVIRONMENT, "hunter2".getBytes(StandardCharsets.UTF_8)),
                        new Secret("B", Secret.Place.FILE, new byte[] {0, -1}));
        assertThat(JobSpecWriter.write(job).path("secrets"))
                .hasToString("[{\"name\":\"A\"},{\"name\":\"B\",\"as\":\"file\"}]");
    }

    @Test
    void noFaultOfASecretTellsItsValue() {
        var faults = faults("{'task':{'command':['x']},'secrets':[{'name':'A'},{'value':'hunter2'},"
                + "{'name':'B','value':'hunter2','base64':'aHVudGVyMg=='},{'name':'C','value':{'hunter2':1}},"
                + "{'name':'D','value':'hunter2\\u0000'},{'name':'E','base64':'hunter2!'},"
                + "{'name':'1','value':'hunter2','as':'flag'},'hunter2',{'name':'F','value':'hunter2','at':'x'}]}");
        assertThat(faults)
                .extracting(Fault::pointer)
                .containsExactlyInAnyOrder(
                        "/secrets/0",
                        "/secrets/1",
                        "/secrets/2",
                        "/secrets/3/value",
                        "/secrets/4/value",
                        "/secrets/5/base64",
                        "/secrets/6/name",
                        "/secrets/6/as",
                        "/secrets/7",
                        "/secrets/8/at");
        assertThat(faults).noneSatisfy(fault -> assertThat(fault.toString()).contains("hunter2"));
    }

    @Test
    void readsEveryFieldOfATask() {
        var job = read("{'name':'days','tags':['demo','zone=eu'],'priority':5,'maxFails':3,"
                + "'after':[{'job':'12'},{'job':'13','on':'end'}],"
                + "'task':{'name':'t','executor':'native','command':['sh','-c','echo hi'],"
                + "'parameters':{'image':'x','n':3,'f':0.5,'b':true,'l':[1,{'k':'v'}]},"
                + "'environment':{'A':'b','E':''},'workingDirectory':'/abs','stdin':'in.txt','stdout':'out-%i.txt',"
                + "'stderr':'err-%i.txt','resources':{'cores':1.5,'memory':'8GiB','disk':1024,'gpus':1,"
                + "'custom':{'license':2},'labels':['ssd','!slow']},'timeLimit':'90s','retries':2,'mayFail':true}}");
        assertThat(job.name()).isEqualTo("days");
        assertThat(job.tags()).containsExactly("demo", "zone=eu");
        assertThat(job.priority()).isEqualTo(5);
        assertThat(job.maxFails()).isEqualTo(3);
        assertThat(job.after())
                .containsExactly(
                        new JobSpec.Dependency(new JobId(12), false), new JobSpec.Dependency(new JobId(13), true));
        var task = ((Work.Single) job.work()).task();
        assertThat(task.name()).isEqualTo("t");
        assertThat(task.command()).containsExactly("sh", "-c", "echo hi");
        assertThat(task.parameters().values())
                .isEqualTo(Map.of("image", "x", "n", 3L, "f", 0.5, "b", true, "l", List.of(1L, Map.of("k", "v"))));
        assertThat(task.environment()).isEqualTo(Map.of("A", "b", "E", ""));
        assertThat(task.workingDirectory()).isEqualTo("/abs");
        assertThat(task.stdin()).isEqualTo("in.txt");
        assertThat(task.stdout()).isEqualTo("out-%i.txt");
        assertThat(task.stderr()).isEqualTo("err-%i.txt");
        assertThat(task.resources())
                .isEqualTo(new Resources(1.5, 8L << 30, 1024, 1, Map.of("license", 2L), List.of("ssd", "!slow")));
        assertThat(task.timeLimit()).isEqualTo(Duration.ofSeconds(90));
        assertThat(task.retries()).isEqualTo(2);
        assertThat(task.mayFail()).isTrue();
    }

    @Test
    void whatIsMissingOrNullHasItsDefault() {
        var plain = read("{'task':{'command':['true']}}");
        assertThat(plain).isEqualTo(JobSpec.command(List.of("true")));
        assertThat(read("{'name':null,'tags':null,'maxFails':null,'array':null,"
                        + "'task':{'command':['true'],'resources':null,'timeLimit':null,'stdin':null,'needs':null}}"))
                .isEqualTo(plain);
    }

    @Test
    void readsArraysOfIndicesWithAThrottle() {
        var array = (Work.Array) read("{'array':{'task':{'command':['x']},'indices':'0-99:3%10'}}")
                .work();
        assertThat(array.indices()).isEqualTo(IndexSet.parse("0-99:3"));
        assertThat(array.throttle()).isEqualTo(10);
        assertThat(array.items()).isNull();
        assertThat(((Work.Array) read("{'array':{'task':{'command':['x']},'indices':'1,5','throttle':1}}")
                                .work())
                        .throttle())
                .isEqualTo(1);
    }

    @Test
    void itemsThatAreNoStringsArePassedAsTheirJson() {
        var array = (Work.Array) read("{'array':{'task':{'command':['x']},'items':['a',1,2.5,true,null,{'b':[1]}]}}")
                .work();
        assertThat(array.items()).containsExactly("a", "1", "2.5", "true", "null", "{\"b\":[1]}");
        assertThat(array.size()).isEqualTo(6);
    }

    @Test
    void readsGraphs() {
        var graph = (Work.Graph) read("{'graph':{'tasks':[{'name':'a','command':['x']},"
                        + "{'name':'b','command':['x'],'needs':['a']},{'name':'c','executor':'docker','needs':['a','b']}]}}")
                .work();
        assertThat(graph.tasks()).extracting("name").containsExactly("a", "b", "c");
        assertThat(graph.tasks().get(2).needs()).containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                        |                         | expected an object",
                "{}                                                        |                         | give one of task, array or graph",
                "{'task':{'command':['x']},'graph':{'tasks':[{'name':'a','command':['x']}]}} |       | a job has task and graph; give one of them alone",
                "{'task':5}                                                | /task                   | expected an object",
                "{'task':{'command':['x']},'nam':1}                        | /nam                    | did you mean 'name'?",
                "{'task':{'command':['x']},'a/b~c':1}                      | /a~1b~0c                | known are name, tags",
                "{'task':{'command':['x']},'name':7}                       | /name                   | expected a string",
                "{'task':{'command':['x']},'name':'a\\nb'}                 | /name                   | has control characters",
                "{'task':{'command':['x']},'tags':['ok','not ok']}         | /tags/1                 | label 'not ok' is not allowed",
                "{'task':{'command':['x']},'tags':'demo'}                  | /tags                   | expected a list",
                "{'task':{'command':['x']},'priority':1001}                | /priority               | outside -1000 to 1000",
                "{'task':{'command':['x']},'priority':1.5}                 | /priority               | expected a whole number",
                "{'task':{'command':['x']},'priority':99999999999}         | /priority               | expected a whole number",
                "{'task':{'command':['x']},'maxFails':-1}                  | /maxFails               | is negative",
                "{'task':{'command':['x']},'after':[{'on':'end'}]}         | /after/0                | has no job",
                "{'task':{'command':['x']},'after':[{'job':'x'}]}          | /after/0/job            | 'x' is not a job id",
                "{'task':{'command':['x']},'after':[{'job':'1','on':'fail'}]} | /after/0/on          | write success or end",
                "{'task':{'command':['x']},'after':['12']}                 | /after/0                | expected an object",
                "{'task':{}}                                               | /task/command           | a task has no command",
                "{'task':{'name':'t','command':[]}}                        | /task/command           | task 't' has no command",
                "{'task':{'command':['']}}                                 | /task/command           | has no command",
                "{'task':{'command':'x'}}                                  | /task/command           | expected a list",
                "{'task':{'command':['x',1]}}                              | /task/command/1         | expected a string",
                "{'task':{'command':['x','a\\u0000b']}}                    | /task/command/1         | NUL",
                "{'task':{'command':['x'],'name':'../x'}}                  | /task/name              | task name '../x' is not allowed",
                "{'task':{'command':['x'],'executor':'a b'}}               | /task/executor          | executor 'a b' is not allowed",
                "{'task':{'command':['x'],'environment':{'A':1}}}          | /task/environment/A     | expected a string",
                "{'task':{'command':['x'],'environment':{'A=B':'c'}}}      | /task/environment/A=B   | is not a name",
                "{'task':{'command':['x'],'workingDirectory':'rel'}}       | /task/workingDirectory  | is not absolute",
                "{'task':{'command':['x'],'stdout':''}}                    | /task/stdout            | is empty",
                "{'task':{'command':['x'],'timeLimit':90}}                 | /task/timeLimit         | such as \"90s\"",
                "{'task':{'command':['x'],'timeLimit':'soon'}}             | /task/timeLimit         | 'soon' is not a duration",
                "{'task':{'command':['x'],'timeLimit':'0s'}}               | /task/timeLimit         | is not positive",
                "{'task':{'command':['x'],'retries':-1}}                   | /task/retries           | outside 0 to 1000",
                "{'task':{'command':['x'],'mayFail':'yes'}}                | /task/mayFail           | expected true or false",
                "{'task':{'command':['x'],'needs':['a']}}                  | /task/needs             | submit a graph",
                "{'task':{'command':['x'],'parameters':{'a':{'b':null}}}}  | /task/parameters/a/b    | expected a string, a number",
                "{'task':{'command':['x'],'parameters':{'a':1e999}}}       | /task/parameters/a      | expected a string, a number",
                "{'task':{'command':['x'],'resources':{'cores':-1}}}       | /task/resources/cores   | outside 0 to 100000",
                "{'task':{'command':['x'],'resources':{'cores':1e999}}}    | /task/resources/cores   | outside 0 to 100000",
                "{'task':{'command':['x'],'resources':{'cores':'2'}}}      | /task/resources/cores   | expected a number",
                "{'task':{'command':['x'],'resources':{'memory':'much'}}}  | /task/resources/memory  | 'much' is not an amount of bytes",
                "{'task':{'command':['x'],'resources':{'memory':'-1G'}}}   | /task/resources/memory  | is not an amount of bytes",
                "{'task':{'command':['x'],'resources':{'memory':-1}}}      | /task/resources/memory  | is negative",
                "{'task':{'command':['x'],'resources':{'memory':1.5}}}     | /task/resources/memory  | a string with a unit",
                "{'task':{'command':['x'],'resources':{'disk':'99999999T'}}} | /task/resources/disk  | more bytes than fit",
                "{'task':{'command':['x'],'resources':{'gpus':-1}}}        | /task/resources/gpus    | is negative",
                "{'task':{'command':['x'],'resources':{'custom':{'a b':1}}}} | /task/resources/custom/a b | custom resource 'a b'",
                "{'task':{'command':['x'],'resources':{'custom':{'a':'1'}}}} | /task/resources/custom/a | expected a whole number",
                "{'task':{'command':['x'],'resources':{'labels':['!!x']}}} | /task/resources/labels/0 | label",
                "{'task':{'command':['x'],'resources':{'mem':1}}}          | /task/resources/mem     | known are cores, memory",
                "{'array':{'indices':'0-9'}}                               | /array                  | an array has no task",
                "{'array':{'task':{'command':['x']}}}                      | /array                  | neither indices nor items",
                "{'array':{'task':{'command':['x']},'indices':'0-1','items':['a','b']}} | /array     | give one of them",
                "{'array':{'task':{'command':['x']},'items':[]}}           | /array/items            | is empty",
                "{'array':{'task':{'command':['x']},'indices':'9-0'}}      | /array/indices          | is empty",
                "{'array':{'task':{'command':['x']},'indices':5}}          | /array/indices          | expected a string",
                "{'array':{'task':{'command':['x']},'indices':'a'}}        | /array/indices          | is not an index or a range",
                "{'array':{'task':{'command':['x']},'indices':'0-9%0'}}    | /array/indices          | is not a throttle",
                "{'array':{'task':{'command':['x']},'indices':'0-9%2','throttle':3}} | /array/throttle | give one of them",
                "{'array':{'task':{'command':['x']},'indices':'0-9','throttle':-1}} | /array/throttle | is negative",
                "{'array':{'task':{'command':['x']},'indices':'0-99999999'}} | /array/indices        | split it",
                "{'graph':{}}                                              | /graph/tasks            | a graph has no tasks",
                "{'graph':{'tasks':[{'command':['x']}]}}                   | /graph/tasks/0/name     | has no name",
                "{'graph':{'tasks':[{'name':'a','command':['x']},{'name':'a','command':['x']}]}} | /graph/tasks/1/name | is taken by /graph/tasks/0",
                "{'graph':{'tasks':[{'name':'early','command':['x']},{'name':'b','command':['x'],'needs':['earli']}]}} | /graph/tasks/1/needs/0 | did you mean 'early'?",
                "{'graph':{'tasks':[{'name':'a','command':['x'],'needs':['zzzzzzz']}]}} | /graph/tasks/0/needs/0 | correct the name or add the task",
                "{'graph':{'tasks':[{'name':'a','command':['x'],'needs':['a']}]}} | /graph/tasks       | a needs a",
                "{'graph':{'tasks':[{'name':'a','command':['x'],'needs':['b']},{'name':'b','command':['x'],'needs':['a']}]}} | /graph/tasks | form a cycle",
                "{'graph':{'tasks':[{'name':'b','command':['x']},{'name':'a','command':['x'],'needs':['b','b']}]}} | /graph/tasks/1/needs | names a task twice",
            })
    void eachFaultHasItsPlaceAndItsRemedy(String json, String pointer, String message) {
        var faults = faults(json);
        assertThat(faults).as(json).hasSize(1);
        assertThat(faults.get(0).pointer()).isEqualTo(pointer == null ? "" : pointer);
        assertThat(faults.get(0).message()).contains(message);
    }

    @Test
    void allFaultsAreToldAtOnce() {
        assertThat(faults("{'priority':'x','tags':['a b'],'what':1,'graph':{'tasks':["
                        + "{'name':'a','command':[],'retries':-1,'needs':['nobody']},"
                        + "{'name':'b','command':['x'],'resources':{'memory':'x','cores':-1}},5]}}"))
                .extracting(Fault::pointer)
                .containsExactlyInAnyOrder(
                        "/priority",
                        "/tags/0",
                        "/what",
                        "/graph/tasks/0/command",
                        "/graph/tasks/0/retries",
                        "/graph/tasks/0/needs/0",
                        "/graph/tasks/1/resources/memory",
                        "/graph/tasks/1/resources/cores",
                        "/graph/tasks/2");
    }

    @Test
    void cyclesAreFoundAmongOtherFaults() {
        assertThat(faults("{'graph':{'tasks':[{'name':'a','command':['x'],'retries':-1,'needs':['b']},"
                        + "{'name':'b','command':['x'],'needs':['a']}]}}"))
                .extracting(Fault::pointer)
                .containsExactly("/graph/tasks/0/retries", "/graph/tasks");
    }

    @Test
    void countlessFaultsAreCounted() {
        var tasks = "{'name':'a b','command':['x']},".repeat(250);
        var faults = faults("{'graph':{'tasks':[" + tasks.substring(0, tasks.length() - 1) + "]}}");
        assertThat(faults).hasSize(Faults.MAX_LISTED + 1);
        assertThat(faults.get(Faults.MAX_LISTED).message()).startsWith("150 more faults");
    }

    @ParameterizedTest
    @ValueSource(strings = {"name", "tags", "timeLimit", "memory", "executor", "job"})
    void foreignTextIsEscapedAndShortened(String field) {
        var evil = "\\u001b[31m" + "x".repeat(5000) + "\\n";
        var json =
                switch (field) {
                    case "name" -> "{'name':'" + evil + "','task':{'command':['x']}}";
                    case "tags" -> "{'tags':{'" + evil + "':1},'" + evil + "':1,'task':{'command':['x']}}";
                    case "job" -> "{'after':[{'job':'" + evil + "'}],'task':{'command':['x']}}";
                    case "memory" -> "{'task':{'command':['x'],'resources':{'memory':'" + evil + "'}}}";
                    default -> "{'task':{'command':['x'],'" + field + "':'" + evil + "'}}";
                };
        assertThat(faults(json)).allSatisfy(fault -> assertThat(fault.message())
                .doesNotContain("\u001b")
                .doesNotContain("\n")
                .hasSizeLessThan(6000));
    }

    @Test
    void largeGraphsAreReadInTime() {
        var tasks = new StringBuilder("{'name':'t0','command':['x']}");
        for (var i = 1; i < 50_000; i++) {
            tasks.append(",{'name':'t")
                    .append(i)
                    .append("','command':['x'],'needs':['t")
                    .append(i - 1)
                    .append("']}");
        }
        var begun = System.nanoTime();
        assertThat(read("{'graph':{'tasks':[" + tasks + "]}}").work().size()).isEqualTo(50_000);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    }
}
