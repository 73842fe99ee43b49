package muster.language.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Fault;
import muster.api.Input;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.Secret;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.Sources;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The form key by key. */
class YamlTest {
    private static final String CONTENT = "sha256:" + "0".repeat(64);

    private final YamlLanguage language = new YamlLanguage();
    private final Map<String, String> settings = new HashMap<>();
    private final Map<String, String> options = new TreeMap<>();

    private final Sources sources = new Sources() {
        @Override
        public String file(String path) {
            throw new MissingSources(Set.of(path), Set.of(), Set.of());
        }

        @Override
        public @Nullable String variable(String name) {
            return null;
        }

        @Override
        public List<Input> inputs(String path, String name) {
            return path.equals("folder")
                    ? List.of(new Input(name + "/a", CONTENT, false), new Input(name + "/b/c", CONTENT, true))
                    : List.of(new Input(name, CONTENT, false));
        }
    };

    private Plan compile(String text) {
        return language.compile(new Script("w.yaml", text, settings, options, sources));
    }

    private List<TaskSpec> tasks(String text) {
        return ((Work.Graph) compile(text).work()).tasks();
    }

    private TaskSpec task(String text) {
        return tasks(text).get(0);
    }

    /** Every fault of a script, one line each. */
    private List<String> faults(String text) {
        try {
            compile(text);
        } catch (MusterException e) {
            return e.faults().isEmpty()
                    ? List.of(String.valueOf(e.getMessage()))
                    : e.faults().stream().map(Fault::message).toList();
        }
        return List.of();
    }

    @Test
    void aTaskRunsATextInAShellOrAProgramWithoutOne() {
        var tasks = tasks("""
                tasks:
                  greet:
                    run: |
                      echo hello
                      echo "${USER} $HOME"
                  sort:
                    command: [sort, -n, 08, yes]
                """);

        assertThat(tasks.get(0).name()).isEqualTo("greet");
        assertThat(tasks.get(0).command()).containsExactly("/bin/sh", "-ec", "echo hello\necho \"${USER} $HOME\"");
        assertThat(tasks.get(1).command()).containsExactly("sort", "-n", "08", "yes");
    }

    @Test
    void everyKeyOfATaskIsTakenOver() {
        var task = task("""
                defaults:
                  retries: 1
                  environment: {A: default, B: 2}
                  resources: {cores: 4, disk: 1GiB, labels: [ssd]}
                tasks:
                  t:
                    command: [x]
                    executor: docker
                    image: alpine:3
                    parameters: {network: none, gpus: 2, ratio: 0.5, tty: true, mounts: ["/a:/b", '7']}
                    environment: {A: own}
                    workingDirectory: /data
                    stdin: in
                    stdout: out-%a
                    stderr: err
                    resources: {cores: 0.5, memory: 512M, gpus: 1, custom: {licence: 2}}
                    timeLimit: 1h30m
                    retries: 3
                """);

        assertThat(task.executor()).isEqualTo("docker");
        assertThat(task.parameters().values())
                .containsEntry("image", "alpine:3")
                .containsEntry("network", "none")
                .containsEntry("gpus", 2L)
                .containsEntry("ratio", 0.5)
                .containsEntry("tty", true)
                .containsEntry("mounts", List.of("/a:/b", "7"));
        assertThat(task.environment()).isEqualTo(Map.of("A", "own", "B", "2"));
        assertThat(task.workingDirectory()).isEqualTo("/data");
        assertThat(List.of(String.valueOf(task.stdin()), String.valueOf(task.stdout()), String.valueOf(task.stderr())))
                .containsExactly("in", "out-%a", "err");
        assertThat(task.resources().cores()).isEqualTo(0.5);
        assertThat(task.resources().memoryBytes()).isEqualTo(512L << 20);
        assertThat(task.resources().diskBytes()).isEqualTo(1L << 30);
        assertThat(task.resources().gpus()).isEqualTo(1);
        assertThat(task.resources().custom()).isEqualTo(Map.of("licence", 2L));
        assertThat(task.resources().labels()).containsExactly("ssd");
        assertThat(task.timeLimit()).isEqualTo(Duration.ofMinutes(90));
        assertThat(task.retries()).isEqualTo(3);
    }

    @Test
    void aMatrixBecomesEveryCombination() {
        var plan = compile("""
                tasks:
                  fit:
                    matrix: {model: [linear, "a/b"], seed: 1..3}
                    run: fit ${{ model }} ${{seed:02}}
                  report:
                    needs: fit
                    run: report
                """);
        var tasks = ((Work.Graph) plan.work()).tasks();

        assertThat(tasks)
                .extracting(TaskSpec::name)
                .containsExactly(
                        "fit-linear-1",
                        "fit-linear-2",
                        "fit-linear-3",
                        "fit-a_b-1",
                        "fit-a_b-2",
                        "fit-a_b-3",
                        "report");
        assertThat(tasks.get(4).command()).endsWith("fit a/b 02");
        assertThat(tasks.get(6).needs()).hasSize(6);
        assertThat(plan.categories()).isEqualTo(Map.of("fit", 6, "report", 1));
        assertThat(tasks.get(5).category()).isEqualTo("fit");
    }

    @Test
    void foreachTakesRowsAsTheyAre() {
        var tasks = tasks("""
                tasks:
                  month:
                    foreach:
                      - {month: 1, days: 1..3}
                      - {month: 2, days: [4, 9]}
                    name: m${{ month:02 }}
                    run: sum ${{ days }}
                    needs: day-${{ days }}
                  day:
                    matrix: {day: 1..9}
                    run: 'true'
                """);

        assertThat(tasks.get(0).name()).isEqualTo("m01");
        assertThat(tasks.get(0).command()).endsWith("sum 1 2 3");
        assertThat(tasks.get(1).needs()).containsExactly("day-4", "day-9");
    }

    @Test
    void namesThatComeOutAlikeGetANumber() {
        assertThat(tasks("tasks: {t: {matrix: {x: [a/b, a+b, a-b]}, run: x}, t-a_b-2: {run: x}}"))
                .extracting(TaskSpec::name)
                .containsExactly("t-a_b", "t-a_b-3", "t-a-b", "t-a_b-2");
    }

    @Test
    void settingsHaveValuesThatTheUserMaySet() {
        var text = """
                settings:
                  tool: sort
                  call: ${{ tool }} -n
                  seeds: 1..2
                  sites: [a, b]
                tasks:
                  t:
                    matrix: {seed: "${{ seeds }}", site: "${{ sites }}"}
                    run: ${{ call }} ${{ site }}${{ seed }}
                """;
        assertThat(tasks(text)).extracting(task -> task.command().get(2)).contains("sort -n a1", "sort -n b2");

        settings.putAll(Map.of("tool", "wc", "seeds", "7..9", "sites", "c"));

        assertThat(tasks(text))
                .extracting(task -> task.command().get(2))
                .containsExactly("wc -n c7", "wc -n c8", "wc -n c9");
    }

    @Test
    void aSettingWithoutAValueMustBeSet() {
        var text = "settings:\n  jar:\ntasks: {t: {run: 'java -jar ${{ jar }}'}}";
        assertThat(faults(text)).containsExactly("w.yaml:2:3: setting 'jar' has no value; give one by --set jar=VALUE");

        settings.put("jar", "x.jar");
        assertThat(task(text).command()).endsWith("java -jar x.jar");

        settings.put("jra", "y");
        assertThat(faults(text)).containsExactly("w.yaml:2:3: the script has no setting 'jra' to set; known are jar");
    }

    @Test
    void filesMoveFromTheTaskThatMakesThemAndFromTheUser() {
        var plan = compile("""
                tasks:
                  all:
                    run: cat part-* > out/all
                    inputs: [part-1, {name: part-2, from: parts/two}, folder]
                    outputs: [out/all, {path: log, optional: true, keep: false}]
                  one:
                    run: cut
                    inputs: {name: in.txt, from: /home/ann/in.txt, executable: true}
                    outputs: [part-1]
                  two:
                    run: cut
                    outputs: [{path: parts, keep: true}]
                """);
        var tasks = ((Work.Graph) plan.work()).tasks();

        assertThat(tasks.get(0).inputs())
                .containsExactly(
                        new Input("part-1", "task:one/part-1", false),
                        new Input("part-2", "task:two/parts/two", false),
                        new Input("folder/a", CONTENT, false),
                        new Input("folder/b/c", CONTENT, true));
        assertThat(tasks.get(0).needs()).containsExactly("one", "two");
        assertThat(tasks.get(0).outputs())
                .containsExactly(new Output("out/all", false, true), new Output("log", true, false));
        assertThat(tasks.get(0).command()).endsWith("mkdir -p -- 'out'; cat part-* > out/all");
        assertThat(tasks.get(1).inputs()).containsExactly(new Input("in.txt", CONTENT, true));
        assertThat(tasks.get(1).outputs()).containsExactly(new Output("part-1", false, false));
        assertThat(plan.inputs()).containsExactly("folder", "/home/ann/in.txt");
        assertThat(plan.outputs())
                .containsExactly(
                        new Plan.Delivery("out/all", "all", "out/all"), new Plan.Delivery("parts", "two", "parts"));

        options.put("outputs-only", "true");
        assertThat(compile("""
                tasks:
                  a: {run: x, outputs: [{path: f, keep: true}]}
                  b: {run: x, inputs: f, outputs: g}
                """).outputs()).containsExactly(new Plan.Delivery("g", "b", "g"));
    }

    @Test
    void aFolderIsAllThatTasksMakeBelowIt() {
        var task = task("""
                tasks:
                  all: {run: cat parts/*, inputs: [{name: all, from: parts}]}
                  part: {matrix: {n: 1..2}, run: x, outputs: "parts/${{ n }}%[1]"}
                """);

        assertThat(task.inputs())
                .containsExactly(
                        new Input("all/1%%[1]", "task:part-1/parts/1%%[1]", false),
                        new Input("all/2%%[1]", "task:part-2/parts/2%%[1]", false));
    }

    @Test
    void anEntryOfAListBecomesManyByAList() {
        var task = task("""
                tasks:
                  t:
                    foreach: [{n: 3, ids: 9..11}]
                    command: [cat, "${{ n }}-${{ ids:03 }}", end]
                    inputs: [{name: "${{ ids }}", from: "file:/data/${{ ids }}"}]
                """);

        assertThat(task.command()).containsExactly("cat", "3-009", "3-010", "3-011", "end");
        assertThat(task.inputs())
                .extracting(Input::source)
                .containsExactly("file:/data/9", "file:/data/10", "file:/data/11");
    }

    @Test
    void tasksMayFailIfTheySaySoOrTheDefaultsOrTheirRow() {
        var tasks = tasks("""
                defaults: {mayFail: true}
                tasks:
                  a: {run: x}
                  b: {run: x, mayFail: false}
                  c: {run: x, matrix: {beta: [true, false]}, mayFail: '${{ beta }}'}
                """);

        assertThat(tasks).extracting(TaskSpec::mayFail).containsExactly(true, false, true, false);
    }

    @Test
    void tasksAreKeptWarmIfTheySaySoOrTheDefaults() {
        var tasks = tasks("""
                defaults: {executor: docker, image: x, warm: true}
                tasks:
                  a: {run: x}
                  b: {run: x, warm: false}
                """);

        assertThat(tasks).extracting(TaskSpec::session).containsExactly(SessionSpec.WARM, null);
    }

    @Test
    void optionsHoldForTasksThatDoNotSay() {
        options.putAll(Map.of("executor", "docker", "image", "alpine", "retries", "2"));

        var tasks = tasks("tasks: {a: {run: x}, b: {run: x, executor: podman, image: debian, retries: 0}}");

        assertThat(tasks.get(0).executor()).isEqualTo("docker");
        assertThat(tasks.get(0).parameters().string("image")).contains("alpine");
        assertThat(tasks.get(0).retries()).isEqualTo(2);
        assertThat(tasks.get(1).executor()).isEqualTo("podman");
        assertThat(tasks.get(1).parameters().string("image")).contains("debian");
        assertThat(tasks.get(1).retries()).isZero();

        options.put("wrapper", "nice {}");
        assertThatThrownBy(() -> compile("tasks: {a: {run: x}}")).hasMessageContaining("no option 'wrapper'");
    }

    @Test
    void anchorsStandForWhatTheyName() {
        var tasks = tasks("""
                x-env: &env {A: 1}
                tasks:
                  a: {run: &x x, environment: *env}
                  b: {run: *x, environment: *env}
                """);

        assertThat(tasks.get(1).environment()).isEqualTo(Map.of("A", "1"));
        assertThat(tasks.get(1).command()).endsWith("x");
    }

    @Test
    void tellsEveryFaultAtOnceWithItsPlaceAndWhatWasExpected() {
        assertThat(faults("""
                defaults: {retires: 2}
                tasks:
                  one:
                    rum: echo
                    run:
                      - echo
                    resources: {cores: many}
                  two:
                    run: |
                      echo
                        x ${{ seed }}
                    inputs: [{form: a}]
                    matrix: {seeds: 3}
                    outputs: [{path: x, keep: maybe}]
                """))
                .containsExactly(
                        "w.yaml:1:12: 'defaults' has no key 'retires'; known are executor, image, parameters, warm, environment,"
                                + " workingDirectory, resources, timeLimit, retries, mayFail, category",
                        "w.yaml:4:5: task 'one' has no key 'rum'; known are " + String.join(", ", Reader.TASK),
                        "w.yaml:6:7: 'run' is a list here; expected a text or number",
                        "w.yaml:13:21: 'seeds' is '3' here; expected a list such as [a, b] or a range such as 1..12",
                        "w.yaml:11:11: 'seed' is not defined; known here: seeds",
                        "w.yaml:12:15: an input has no key 'form'; known are name, from, executable",
                        "w.yaml:14:31: 'keep' is 'maybe' here; expected true or false");
    }

    @Test
    void aMisspeltKeyIsOneFault() {
        assertThat(faults("tasks: {t: {rum: x}}")).hasSize(1).first().asString().contains("has no key 'rum'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "tasks: {t: {run: x, resources: {cores: many}}}|1:40|'cores' is 'many' here; expected a number",
                "tasks: {t: {run: x, resources: {memory: 8Q}}}|1:41|'8Q' is not an amount of bytes",
                "tasks: {t: {run: x, timeLimit: soon}}|1:32|'soon' is not a duration",
                "tasks: {t: {run: x, retries: 1.5}}|1:30|'retries' is '1.5' here; expected a whole number",
                "tasks: {t: {run: x, mayFail: perhaps}}|1:30|'mayFail' is 'perhaps' here; expected true or false",
                "tasks: {t: {run: x, mayFail: [true]}}|1:30|'mayFail' is a list here; expected",
                "tasks: {t: {run: x, mayFail: '${{ n }}', matrix: {n: [true, 3]}}}|1:30|'mayFail' is '3' here; expected true",
                "{defaults: {mayFail: {}}, tasks: {t: {run: x}}}|1:22|'mayFail' is a map here; expected",
                "tasks: {t: {run: x, needs: [u]}}|1:29|task 't' needs 'u', which is no task of the script",
                "tasks: {t: {run: x, outputs: [../y]}}|1:31|output '../y' is not a path below the workspace",
                "tasks: {t: {run: x, inputs: [/etc/passwd]}}|1:30|'/etc/passwd' is absolute; expected such as {name: in.txt",
                "tasks: {t: {run: x, inputs: ['https://x/y']}}|1:30|'https://x/y' is no path; expected such as {name:",
                "tasks: {t: {run: x, inputs: [a], outputs: [a]}}|1:30|task 't' takes 'a', which it makes itself",
                "tasks: {t: {run: x, outputs: [a]}, u: {run: x, outputs: [a]}}|1:58|'a' is made twice: by task 'u' and by",
                "tasks: {t: {run: x, image: alpine}}|1:9|task 't' has the image 'alpine' and runs natively",
                "tasks: {t: {matrix: {n: 5..1}, run: x}}|1:25|the range '5..1' has no numbers",
                "tasks: {t: {matrix: {n: []}, run: x}}|1:25|'n' is an empty list here",
                "tasks: {t: {foreach: [{a: 1}, {b: 1}], run: x}}|1:32|the rows before have no 'b'",
                "tasks: {t: {matrix: {n: 1..2}, name: x, run: x}}|1:38|two tasks are named 'x'; use what tells them apart",
                "tasks: {t: {run: 'a ${{ n'}}|1:21|'${{ n' is no use of a name; write such as",
                "tasks: {t: {matrix: {n: [a]}, run: '${{ n:03 }}'}}|1:37|'a', the value of 'n', is no whole number",
                "tasks: {t: {run: !!java.lang.Runtime x}}|1:18|the tag 'tag:yaml.org,2002:java.lang.Runtime' is not followed",
                "tasks: {t: {run: x, run: y}}|1:21|the key 'run' stands here twice; the first is at w.yaml:1:13",
                "tasks: {t: {run: *gone}}|1:18|no anchor '&gone' stands before this alias",
                "{secrets: [A-B], tasks: {t: {run: x}}}|1:12|secret name 'A-B' is not allowed",
                "{secrets: [A, {name: A}], tasks: {t: {run: x}}}|1:15|secret 'A' stands here twice",
                "{secrets: [{as: file}], tasks: {t: {run: x}}}|1:12|a secret has no name; expected such as",
                "{secrets: [{name: A, as: x}], tasks: {t: {run: x}}}|1:26|'as' is 'x' here; expected environment",
                "tasks: {t: {command: ls}}|1:22|'command' is a text here; expected a list",
                "tasks: {t: {}}|1:9|task 't' has nothing to do; expected 'run' or 'command'",
                "tasks: {t: {run: x, inputs: [{name: a}]}}|1:30|an input has no 'from'; expected such as",
                "tasks: {}|1:8|the script has no tasks",
                "tasks: {'a b': {run: x}}|1:9|task name 'a b' is not allowed",
                "[]|1:1|a script is a list here; expected a map of",
                "tasks: {t: {run: x}|1:20|this is no YAML:",
            })
    void tellsAFaultWithItsPlace(String text, String place, String message) {
        assertThat(faults(text)).first().asString().startsWith("w.yaml:" + place + ": " + message);
    }

    @Test
    void namesTheSecretsThatItsTasksRelyOn() {
        assertThat(compile("secrets: [A, {name: B, as: file}, {name: C, as: environment}]\ntasks: {t: {run: x}}")
                        .secrets())
                .containsExactly(
                        new Secret("A", Secret.Place.ENVIRONMENT, null),
                        new Secret("B", Secret.Place.FILE, null),
                        new Secret("C", Secret.Place.ENVIRONMENT, null));
        assertThat(compile("tasks: {t: {run: x}}").secrets()).isEmpty();
    }

    @Test
    void tellsTheLineThatIsNoYaml() {
        assertThat(faults("tasks:\n  t:\n    run: x\n   needs: y\n"))
                .first()
                .asString()
                .startsWith("w.yaml:4:4: this is no YAML: ")
                .endsWith(", in 'needs: y'");
        assertThat(faults("tasks: {t: {run: x}}\n---\na: b\n"))
                .containsExactly("w.yaml:3:1: a second document begins here; a script is one document");
        assertThat(faults("# nothing\n"))
                .containsExactly("w.yaml:1:1: the script is empty; expected a map with the key 'tasks'");
    }

    @Test
    void tellsWhereACircleIs() {
        assertThat(faults("""
                tasks:
                  after: {run: x, needs: b}
                  a: {run: x, inputs: b.txt, outputs: a.txt}
                  b: {run: x, inputs: a.txt, outputs: b.txt}
                """)).first().asString().matches("w.yaml:[34]:3: the needs of the graph form a cycle: .*");
    }

    @Test
    void isBoundedInSizeDepthAliasesAndExpansion() {
        var laughs = new StringBuilder("x-a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) {
            laughs.append("x-a" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ", ").repeat(10) + "]\n");
        }
        assertLocated(laughs + "tasks: {t: {run: x}}", "with those that aliases stand for");
        assertLocated("tasks: " + "[".repeat(100_000), "nested deeper than 40");
        assertLocated("tasks: " + "{a: ".repeat(100_000), "nested deeper than 40");
        assertLocated("x-a: &a [*a]", "no anchor '&a'");
        assertLocated("tasks: {t: {run: x, matrix: {a: 1..1000, b: 1..1000, c: 1..1000}}}", "becomes 1000000000 tasks");
        assertLocated(
                "tasks: {t: {run: x, matrix: {a: 1..200000, b: 1..200000, c: 1..200000, d: 1..200000}}}", "becomes ");
        assertLocated("tasks: {t: {run: x, matrix: {a: 1..999999999999}}}", "has 999999999999 numbers");
        assertLocated("tasks: {t: {foreach: [{l: 1..200000}], run: '" + "${{ l }}".repeat(1000) + "'}}", "characters");
        assertLocated(
                "tasks: {a: {matrix: {i: 1..100000}, run: x}, b: {matrix: {i: 1..100000}, needs: a, run: x}}",
                "take more than");
        assertLocated("#" + "x".repeat(17_000_000), "at most 16000000");
    }

    private void assertLocated(String text, String message) {
        assertThat(faults(text))
                .as(message)
                .first()
                .asString()
                .matches("(?s)w\\.yaml:[0-9]+:[0-9]+: .*")
                .contains(message);
    }

    @Test
    void whateverIsWrongIsToldWithAPlace() {
        var script = """
                settings: {s: 1..3}
                defaults: {resources: {cores: 2}}
                tasks:
                  a:
                    matrix: {n: "${{ s }}"}
                    run: |
                      make ${{ n:02 }}
                    outputs: ["o-${{ n }}"]
                  b: {command: [x, 'y'], inputs: [o-1, {name: p, from: q}]}
                """;
        for (var at = 0; at < script.length(); at++) {
            compilesOrTellsAPlace(script.substring(0, at));
            for (var c : "\"'[{:&*|\t0".toCharArray()) {
                compilesOrTellsAPlace(script.substring(0, at) + c + script.substring(at + 1));
            }
        }
    }

    private void compilesOrTellsAPlace(String text) {
        var faults = faults(text);
        assertThat(faults).as(text).allMatch(fault -> fault.matches("(?s)w\\.yaml:[0-9]+:[0-9]+: .*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../x", "a//b", "a/../../b", ".", "", "x\\u0007"})
    void refusesHostilePaths(String path) {
        ThrowingCallable output = () -> compile("tasks: {t: {run: x, outputs: [\"" + path + "\"]}}");
        ThrowingCallable name = () -> compile("tasks: {t: {run: x, inputs: [{from: a, name: \"" + path + "\"}]}}");

        assertThatThrownBy(output).isInstanceOf(MusterException.class).hasMessageStartingWith("w.yaml:1:");
        assertThatThrownBy(name).isInstanceOf(MusterException.class).hasMessageStartingWith("w.yaml:1:");
    }

    @Test
    @Tag("proof")
    void compilesAHundredThousandTasksAndAChainAThousandDeep() {
        assertThat(compile("""
                tasks:
                  part: {matrix: {n: 1..100000}, run: "make ${{ n }}", inputs: in, outputs: "p/${{ n }}"}
                  all: {run: cat p/*, inputs: p, outputs: all}
                """).work().size()).isEqualTo(100_001);
        var chain = new StringBuilder("tasks:\n  t0: {run: x}\n");
        for (var i = 1; i <= 1000; i++) {
            chain.append("  t" + i + ": {run: x, needs: t" + (i - 1) + "}\n");
        }
        assertThat(tasks(chain.toString()).get(1000).needs()).containsExactly("t999");
    }
}
