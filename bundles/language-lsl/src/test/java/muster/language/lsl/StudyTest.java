package muster.language.lsl;

import static muster.language.lsl.Studies.CONTENT;
import static muster.language.lsl.Studies.named;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.api.language.Content;
import muster.api.language.Made;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Studies feature by feature, as LASSO's public pages describe them, and the types of actions that are always there. */
class StudyTest {
    private static final String SELECT = """
            action(name: 'select', type: 'Select') {
                abstraction('Base64') { systems(['one', 'two']) }
                abstraction('Stack') { systems(['lifo']) }
            }
            """;

    private final Studies studies = new Studies();

    @Test
    void runsAnActionOnceForEachSystemThatItIncludes() {
        var tasks = studies.tasks(SELECT + """
                action(name: 'build', type: 'Command') {
                    command { system -> "make ${system.id}" }
                    outputs = ['out.txt']
                    dependsOn 'select'
                    includeAbstractions 'Base*'
                }
                action(name: 'test', type: 'Command') {
                    command = ['check', 'build/out.txt']
                    dependsOn 'build'
                    include '*'
                }
                """);

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("build-one", "build-two", "test-one", "test-two");
        assertThat(tasks).extracting(TaskSpec::category).containsExactly("build", "build", "test", "test");
        assertThat(tasks.get(0).command()).containsExactly("/bin/sh", "-c", "make one");
        assertThat(tasks.get(0).outputs()).extracting(Output::path).containsExactly("out.txt");
        assertThat(tasks.get(0).environment())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("LSL_ACTION", "build", "LSL_ABSTRACTION", "Base64", "LSL_SYSTEM", "one"));
        assertThat(tasks.get(2).command()).containsExactly("check", "build/out.txt");
        assertThat(tasks.get(2).inputs()).containsExactly(new Input("build/out.txt", "task:build-one/out.txt", false));
    }

    @Test
    void aSystemWaitsOnlyForItself() {
        var tasks = studies.tasks(SELECT + """
                action(name: 'a', type: 'Command') { command = 'x'; dependsOn 'select'; include '*' }
                action(name: 'b', type: 'Command') { command = 'x'; dependsOn 'a'; include '**' }
                """);

        assertThat(named(tasks, "b-one").needs()).containsExactly("a-one");
        assertThat(named(tasks, "b-lifo").needs()).containsExactly("a-lifo");
    }

    @Test
    void actionsThatDoNotDependOnEachOtherAreIndependent() {
        var tasks = studies.tasks("""
                action(name: 'last', type: 'Command') { command = 'x'; dependsOn 'left', 'right' }
                action(name: 'left', type: 'Command') { command = 'x' }
                action(name: 'right', type: 'Command') { command = 'x'; dependsOn(['first']) }
                action(name: 'first', type: 'NoOp') { }
                """);

        assertThat(named(tasks, "left").needs()).isEmpty();
        assertThat(named(tasks, "right").needs()).containsExactly("first");
        assertThat(named(tasks, "last").needs()).containsExactlyInAnyOrder("left", "right");
        assertThat(named(tasks, "first").executor()).isEqualTo("noop");
    }

    @Test
    void anActionThatIncludesNothingRunsOnceAfterAllTasks() {
        var tasks = studies.tasks(SELECT + """
                action(name: 'each', type: 'Command') { command = 'x'; dependsOn 'select'; include '*' }
                action(name: 'once', type: 'Command') { command = 'x'; dependsOn 'each' }
                """);

        assertThat(named(tasks, "once").needs()).containsExactlyInAnyOrder("each-one", "each-two", "each-lifo");
    }

    @Test
    void ofSeveralActionsASystemBringsWhatEachMadeOfIt() {
        var tasks = studies.tasks(SELECT + """
                action(name: 'a', type: 'Command') { command = 'x'; outputs = ['f']; dependsOn 'select'; include 'Stack' }
                action(name: 'b', type: 'Command') { command = 'x'; outputs = ['f']; dependsOn 'select'; include 'Stack' }
                action(name: 'c', type: 'Command') { command = 'x'; dependsOn 'a', 'b'; include '*' }
                action(name: 'd', type: 'Command') { command = 'x'; takes = 'b/**'; dependsOn 'a', 'b'; include '*' }
                """);

        assertThat(named(tasks, "c-lifo").inputs()).extracting(Input::name).containsExactlyInAnyOrder("a/f", "b/f");
        assertThat(named(tasks, "d-lifo").inputs()).extracting(Input::name).containsExactly("b/f");
        assertThat(named(tasks, "d-lifo").needs()).containsExactlyInAnyOrder("a-lifo", "b-lifo");
    }

    @Test
    void takesWhatATaskNeedsAndAsksFor() {
        var task = studies.study("""
                action(name: 'a', type: 'Command') {
                    configure {
                        cores = 2.5
                        memory = '2GiB'
                    }
                    timeLimit = '90s'
                    retries 3
                    labels = ['ssd']
                    environment = [LEVEL: 'high', N: 3]
                    inputs = ['data/in.txt', 'tools']
                    command = 'x'
                }
                action(name: 'b', type: 'Command') { command = 'x'; inputs = [renamed: 'data/in.txt'] }
                """);
        var tasks = Studies.tasks(task);

        assertThat(tasks.get(0).resources().cores()).isEqualTo(2.5);
        assertThat(tasks.get(0).resources().memoryBytes()).isEqualTo(2L << 30);
        assertThat(tasks.get(0).resources().labels()).containsExactly("ssd");
        assertThat(tasks.get(0).timeLimit()).isEqualTo(Duration.ofSeconds(90));
        assertThat(tasks.get(0).retries()).isEqualTo(3);
        assertThat(tasks.get(0).environment()).containsEntry("LEVEL", "high").containsEntry("N", "3");
        assertThat(tasks.get(0).inputs()).extracting(Input::name).containsExactly("data/in.txt", "tools");
        assertThat(tasks.get(1).inputs()).containsExactly(new Input("renamed", CONTENT, false));
        assertThat(task.inputs()).containsExactly("data/in.txt", "tools");
    }

    @Test
    void aContainerHasTheImageOfItsProfile() {
        var tasks = Studies.tasks(studies.compile("""
                profile('global') { scope('class') { type = 'class' }; environment('java17') { image = 'maven:17' } }
                study(name: 's') {
                    profile('inner') { environment('nicad') { image = 'nicad:6.2' } }
                    action(name: 'a', type: 'Container') { command = 'x'; profile('global') }
                    action(name: 'b', type: 'Container') { command = 'x'; profile('inner'); executor = 'singularity' }
                    action(name: 'c', type: 'Container') {
                        command = 'x'
                        profile('own') { environment('java11') { image = "maven:${10 + 1}" } }
                    }
                    action(name: 'd', type: 'Container') { command = 'x'; profile { environment('e') { image = 'e' } } }
                    action(name: 'e', type: 'Container') { command = 'x'; image = 'plain' }
                }
                """));

        assertThat(tasks)
                .extracting(task ->
                        task.executor() + " " + task.parameters().values().get("image"))
                .containsExactly(
                        "docker maven:17", "singularity nicad:6.2", "docker maven:11", "docker e", "docker plain");
    }

    @Test
    void aMavenProjectIsBuiltByTheWorkersMavenOrInAContainer() {
        var tasks = studies.tasks("""
                action(name: 'a', type: 'Maven') { inputs = ['pom.xml', 'src'] }
                action(name: 'b', type: 'Maven') {
                    project = 'codec'; goals = ['-P', 'it', 'verify']; threads = 4; repository = '/srv/m2'
                    network = 'bridge'; records = ['codec/target/x.txt']
                    profile { environment('java17') { image = 'maven:3-eclipse-temurin-17' } }
                }
                action(name: 'c', type: 'Maven') { threads = 4; cores = 2; environment = [LASSO_MAVEN_THREADS: '8'] }
                """);

        assertThat(tasks.get(0).executor()).isEqualTo("native");
        assertThat(tasks.get(0).command()).endsWith(".", "test");
        assertThat(tasks.get(0).outputs())
                .containsExactly(Output.of("tests.csv").kept(true));
        assertThat(tasks.get(0).environment()).containsEntry("LASSO_MAVEN_THREADS", "1");
        assertThat(tasks.get(1).executor()).isEqualTo("docker");
        assertThat(tasks.get(1).parameters().values())
                .isEqualTo(Map.of(
                        "image",
                        "maven:3-eclipse-temurin-17",
                        "binds",
                        List.of("/srv/m2:/srv/m2:rw"),
                        "network",
                        "bridge"));
        assertThat(tasks.get(1).command())
                .containsSubsequence("./codec", "-T", "4", "-Dmaven.repo.local=/srv/m2", "-P", "it", "verify");
        assertThat(tasks.get(1).resources().cores()).isEqualTo(4);
        assertThat(tasks.get(1).outputs()).extracting(Output::path).containsExactly("tests.csv", "codec/target/x.txt");
        assertThat(tasks.get(2).resources().cores()).isEqualTo(2);
        assertThat(tasks.get(2).environment()).containsEntry("LASSO_MAVEN_THREADS", "8");
    }

    @Test
    void selectsFromACsvFile() {
        studies.files.put("systems.csv", "id,lang,\"note\"\r\na,java,\"x, \"\"y\"\"\"\r\n\r\nb,c,\"two\nlines\"\n");

        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { catalogue 'systems.csv'; where { it.lang == 'java' } } }
                action(name: 'r', type: 'Command') { command { ['echo', it.note] }; dependsOn 's'; include '*' }
                """);

        assertThat(tasks).hasSize(1);
        assertThat(tasks.get(0).command()).containsExactly("echo", "x, \"y\"");
    }

    @Test
    void selectsFromTheDataSourceIfItNamesNothingElse() {
        studies.files.put(
                "all.json", "[{\"id\": \"a\", \"n\": 2, \"tags\": [\"x\"], \"none\": null}, {\"id\": 7, \"n\": 0.5}]");

        var tasks = Studies.tasks(studies.compile("""
                dataSource 'all.json'
                study(name: 's') {
                    action(name: 's', type: 'Select') { abstraction('A') { } }
                    action(name: 'r', type: 'Command') { command { ["${it.n * 2} ${it.tags?.size()}"] }; dependsOn 's'; include '*' }
                }
                """));

        assertThat(tasks)
                .extracting(task -> task.name() + " " + task.command().get(0))
                .containsExactly("r-a 4 1", "r-7 1.0 null");
    }

    @Test
    void selectsTheFilesOfAFolder() {
        studies.folders.put("data", List.of("a.txt", "sub/b.txt"));

        var plan = studies.study("""
                action(name: 's', type: 'Select') { abstraction('A') { directory 'data' } }
                action(name: 'r', type: 'Command') { command { "wc ${it.path} ${it.name}" }; dependsOn 's'; include '*' }
                """);
        var tasks = Studies.tasks(plan);

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("r-a.txt", "r-sub_b.txt");
        assertThat(tasks.get(1).command().get(2)).isEqualTo("wc data/sub/b.txt b.txt");
        assertThat(tasks.get(1).inputs()).containsExactly(new Input("data/sub/b.txt", CONTENT, false));
        assertThat(plan.inputs()).containsExactly("data");
    }

    @Test
    void asksForTheFolderThatItSelectsFrom() {
        assertThatThrownBy(() -> studies.study(
                        "action(name: 's', type: 'Select') { abstraction('A') { directory 'data-not-sent' } }"))
                .asInstanceOf(type(MissingSources.class))
                .satisfies(missing -> assertThat(missing.contents()).containsExactly("data-not-sent"));
    }

    @Test
    void selectsMavenCoordinatesAndImplementations() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') {
                    abstraction('A') {
                        coordinates 'commons-codec:commons-codec:1.15'
                        implementation '1', 'org.Base64', 'a:b:2'
                        implementation('2', 'java.util.LinkedList')
                        rows = 2
                    }
                }
                action(name: 'r', type: 'Command') {
                    command { ["${it.artifactId} ${it.className} ${it.coordinates}"] }
                    dependsOn 's'
                    includeAbstractions 'A'
                }
                """);

        assertThat(tasks)
                .extracting(task -> task.command().get(0))
                .containsExactly("commons-codec null null", "null org.Base64 a:b:2");
    }

    @Test
    void filtersSystemsAndIncludesThemByPattern() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { systems((1..9).collect { "s/$it" }) } }
                action(name: 'f', type: 'Filter') { where { it.id != 's/1' }; rows = 3; dependsOn 's'; include '*' }
                action(name: 'r', type: 'Command') { command = 'x'; dependsOn 'f'; include '*'; includeImplementations 's/?', 't/**' }
                action(name: 'o', type: 'Command') { command = 'x'; dependsOn 'f'; include '*'; includeImplementations '*/3' }
                """);

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("r-s_2", "r-s_3", "r-s_4", "o-s_3");
    }

    @Test
    void partsGetSystemsByTheirWeight() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { systems((1..6).collect { "s$it" }) } }
                action(name: 'm', type: 'Command') { command = 'x'; outputs = ['f']; dependsOn 's'; include '*' }
                action(name: 'p', type: 'Partition') { weights = [2, 1]; dependsOn 'm'; include '*' }
                action(name: 'r', type: 'Command') {
                    command { part -> part.systems.collect { it.id } }
                    dependsOn 'p'
                    include '*'
                }
                """);

        assertThat(named(tasks, "r-part-1").command()).containsExactly("s1", "s3", "s4", "s6");
        assertThat(named(tasks, "r-part-2").command()).containsExactly("s2", "s5");
        assertThat(named(tasks, "r-part-2").inputs())
                .containsExactly(new Input("s2/m/f", "task:m-s2/f", false), new Input("s5/m/f", "task:m-s5/f", false));
        assertThat(named(tasks, "r-part-2").needs()).containsExactlyInAnyOrder("m-s2", "m-s5");
    }

    @Test
    void partsAreForTheWorkersByTheirCoresIfNothingElseIsSaid() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { systems((1..6).collect { "s$it" }) } }
                action(name: 'p', type: 'Partition') { dependsOn 's'; include '*' }
                action(name: 'r', type: 'Command') {
                    command { part -> part.systems.collect { it.id } }
                    dependsOn 'p'
                    include '*'
                }
                """);

        assertThat(tasks)
                .extracting(TaskSpec::command)
                .containsExactly(List.of("s1", "s3", "s4", "s6"), List.of("s2", "s5"));
    }

    @Test
    void aPartIsAllSystemsThatAreAlike() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { systems((1..5).collect { "s$it" }) } }
                action(name: 'p', type: 'Partition') { by { it.id in ['s1', 's4'] ? 'few' : 3 }; dependsOn 's'; include '*' }
                action(name: 'r', type: 'Command') {
                    command { part -> part.systems.collect { it.id } }
                    dependsOn 'p'
                    include '*'
                }
                """);

        assertThat(tasks)
                .extracting(task -> task.name() + " " + task.command())
                .containsExactly("r-few [s1, s4]", "r-3 [s2, s3, s5]");
    }

    @Test
    void whatRanOnceIsThereForEachSystemOfAnActionThatDependsOnIt() {
        var tasks = studies.tasks(SELECT + """
                action(name: 'tools', type: 'Command') { command = 'x'; outputs = ['bin/tool', 'notes'] }
                action(name: 'setup', type: 'NoOp') { dependsOn 'tools' }
                action(name: 'a', type: 'Command') {
                    command = 'x'
                    outputs = ['f']
                    dependsOn 'select', 'tools', 'setup'
                    include 'Base*'
                }
                action(name: 'b', type: 'Command') { command = 'x'; takes = 'tools/bin/*'; dependsOn 'a', 'tools'; include 'Base*' }
                action(name: 'c', type: 'Command') { command = 'x'; dependsOn 'tools' }
                action(name: 'd', type: 'Collect') { dependsOn 'a', 'setup'; include '*' }
                """);

        assertThat(named(tasks, "a-one").needs()).containsExactlyInAnyOrder("tools", "setup");
        assertThat(named(tasks, "a-one").inputs())
                .containsExactly(
                        new Input("tools/bin/tool", "task:tools/bin/tool", false),
                        new Input("tools/notes", "task:tools/notes", false));
        assertThat(named(tasks, "b-two").inputs()).extracting(Input::name).containsExactly("tools/bin/tool");
        assertThat(named(tasks, "b-two").needs()).containsExactlyInAnyOrder("a-two", "tools");
        assertThat(named(tasks, "c").inputs()).hasSize(2);
        assertThat(named(tasks, "d").needs()).containsExactlyInAnyOrder("a-one", "a-two", "setup");
        assertThat(named(tasks, "d").inputs()).hasSize(2);
    }

    @Test
    void aFileOfTheUserMayHaveAnAbsolutePathIfItsPlaceIsNamed() {
        var plan =
                studies.study("action(name: 'a', type: 'Command') { command = 'x'; inputs = [tool: '/opt/tool-1'] }");

        assertThat(Studies.tasks(plan).get(0).inputs()).extracting(Input::name).containsExactly("tool");
        assertThat(plan.inputs()).containsExactly("/opt/tool-1");
    }

    @Test
    void theDemoIsAStudyToo() throws IOException {
        studies.settings.put("jar", "/opt/demo.jar");
        var plan = studies.compile(Files.readString(Path.of("../../docs/examples/sunlight.lsl")));
        var tasks = Studies.tasks(plan);

        assertThat(plan.categories()).isEqualTo(Map.of("terrain", 1, "day", 365, "month", 12, "year", 1, "map", 1));
        assertThat(plan.inputs()).containsExactly("/opt/demo.jar");
        assertThat(named(tasks, "month-2").inputs()).hasSize(1 + 28);
        assertThat(named(tasks, "year-part-1").inputs()).hasSize(1 + 12 + 1);
        assertThat(named(tasks, "year-part-1").needs()).hasSize(12 + 1);
        assertThat(named(tasks, "map").inputs())
                .extracting(Input::name)
                .containsExactly(".collect/year.grid", ".collect/year.png");
    }

    @Test
    void blocksBeforeAndAfterAnActionSeeItsSystemsAndLeaveSomeOut() {
        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') {
                    abstraction('A') { systems((1..5).collect { "s$it" }) }
                    whenAbstractionsReady() {
                        def a = abstractions['A']
                        a.systems = a.systems.findAll { it.id != 's1' }
                        a.systems.each { it.size = it.id.substring(1).toInteger() }
                        log("${a.name} has ${a.systems.size()} of ${actions.size()}")
                    }
                }
                action(name: 'few') {
                    dependsOn 's'
                    include '*'
                    execute { abstractions['A'].implementations = abstractions['A'].implementations.take(2) }
                }
                action(name: 'r', type: 'Command') { command { ["${it.id} ${it.size}"] }; dependsOn 'few'; include '*' }
                action(name: 'all', type: 'Command') { command = 'x'; dependsOn 's'; include '*' }
                """);

        assertThat(tasks)
                .extracting(TaskSpec::name)
                .containsExactlyInAnyOrder("few", "r-s2", "r-s3", "all-s2", "all-s3", "all-s4", "all-s5");
        assertThat(named(tasks, "r-s3").command()).containsExactly("s3 3");
    }

    @Test
    void aStudyGoesOnFromWhatAnEarlierOneFound() {
        var first = studies.tasks(SELECT + """
                action(name: 'tool', type: 'Command') { command = 'x'; outputs = ['bin'] }
                action(name: 'm', type: 'Command') { command = 'x'; outputs = ['n', 'a.bin']; dependsOn 'select'; include '*' }
                """);
        studies.earlier.put(
                new JobId(17),
                first.stream()
                        .map(task -> new Made(
                                task,
                                task.outputs().stream()
                                        .map(output -> new Content(
                                                task.name().equals("m-two") ? "x" + output.path() : output.path(),
                                                CONTENT,
                                                false))
                                        .toList()))
                        .toList());

        var tasks = studies.tasks("""
                action(name: 'good', type: 'Filter') {
                    dependsOn '17:m'
                    include 'Base*'
                    where { it.results['n']?.toInteger() == 1 }
                }
                action(name: 'r', type: 'Command') { command { it.id }; dependsOn 'good', '17:tool'; include 'Base*' }
                """);

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("r-one");
        assertThat(tasks.get(0).needs()).isEmpty();
        assertThat(tasks.get(0).inputs())
                .containsExactly(
                        new Input("m/n", CONTENT, false),
                        new Input("m/a.bin", CONTENT, false),
                        new Input("tool/bin", CONTENT, false));
        assertThatThrownBy(() -> studies.tasks("action(name: 'a') { dependsOn '17:x' }"))
                .hasMessage("s.lsl:2:21: no task of the action 'x' has succeeded in that job; known are [m, tool]");
    }

    @Test
    void recordsAreOutputsThatAreKeptEvenIfAnotherActionTakesThem() {
        var tasks = studies.tasks("""
                action(name: 'a', type: 'Command') { command = 'x'; outputs = ['big', 'n']; records = ['n', 'score.csv'] }
                action(name: 'b', type: 'Command') { command = 'x'; dependsOn 'a' }
                """);

        assertThat(tasks.get(0).outputs())
                .containsExactly(
                        Output.of("big").kept(false),
                        Output.of("n").kept(true),
                        Output.of("score.csv").kept(true));
        assertThat(tasks.get(1).inputs()).extracting(Input::name).containsExactly("a/big", "a/n", "a/score.csv");
    }

    @Test
    void collectsAndExportsWhatComesBack() {
        var plan = studies.study(SELECT + """
                action(name: 'm', type: 'Command') { command = 'x'; outputs = ['f', 'sub/g']; dependsOn 'select'; include 'B*' }
                action(name: 'all', type: 'Collect') { dependsOn 'm'; include '*' }
                action(name: 'one', type: 'Collect') { file = 'out/one.txt'; takes = '**/g'; dependsOn 'm'; include '*' }
                action(name: 'table', type: 'Export') { file = 'table.json'; takes = 'f'; dependsOn 'm'; include '*' }
                """);
        var tasks = Studies.tasks(plan);

        assertThat(plan.outputs())
                .containsExactly(
                        new Plan.Delivery("all", "all", "all"),
                        new Plan.Delivery("out/one.txt", "one", "out/one.txt"),
                        new Plan.Delivery("table.json", "table", "table.json"));
        assertThat(named(tasks, "all").inputs())
                .extracting(Input::name)
                .containsExactly(
                        ".collect/Base64/one/m/f",
                        ".collect/Base64/one/m/sub/g",
                        ".collect/Base64/two/m/f",
                        ".collect/Base64/two/m/sub/g");
        assertThat(named(tasks, "one").inputs())
                .extracting(Input::source)
                .containsExactly("task:m-one/sub/g", "task:m-two/sub/g");
        assertThat(named(tasks, "table").command())
                .endsWith("json", "m", "Base64", "one", "f", "m", "Base64", "two", "f");
        assertThat(plan.categories()).isEqualTo(Map.of("m", 2, "all", 1, "one", 1, "table", 1));
    }

    @Test
    @Tag("proof")
    void aHundredThousandSystemsFit() {
        var rows = new StringBuilder("id,size\n");
        for (var i = 0; i < 100_000; i++) {
            rows.append("s").append(i).append(',').append(i).append('\n');
        }
        studies.files.put("c.csv", rows.toString());

        var tasks = studies.tasks("""
                action(name: 's', type: 'Select') { abstraction('A') { catalogue 'c.csv' } }
                action(name: 'r', type: 'Command') {
                    command { s -> "make ${s.id} ${s.size}" }
                    outputs = ['out']
                    dependsOn 's'
                    include '*'
                }
                """);

        assertThat(tasks).hasSize(100_000);
    }

    @Test
    void whatPlanningMakesIsBoundedToo() {
        assertThatThrownBy(() -> studies.study("""
                action(name: 's', type: 'Select') { abstraction('A') { systems((1..5000).collect { "s$it" }) } }
                action(name: 'r', type: 'Command') {
                    command = (1..2000).collect { "w$it" }
                    dependsOn 's'
                    include '*'
                }
                """))
                .hasMessageMatching("s.lsl:3:1: the script (makes|takes) more than .*");
        assertThatThrownBy(() -> studies.study("action(name: 'a') { 1001.times { x it } }"))
                .hasMessageContaining("has more than 1000 settings");
    }

    @Test
    void typesOfActionsComeAndGo() {
        var type = new ActionType() {
            @Override
            public Set<String> settings() {
                return Set.of("budget");
            }

            @Override
            public Outcome plan(Action action) {
                return new Outcome(
                        List.of(TaskSpec.builder()
                                .name(action.taskName(""))
                                .command(List.of("x"))
                                .build()),
                        List.of(),
                        List.of(),
                        List.of());
            }
        };
        studies.add("Own", type);

        assertThat(studies.tasks("action(name: 'a', type: 'Own') { budget = 30 }"))
                .hasSize(1);

        studies.language.removeType(type, Map.of(ActionType.NAME, "Own"));
        assertThatThrownBy(() -> studies.tasks("action(name: 'a', type: 'Own')"))
                .hasMessageStartingWith("s.lsl:2:1: there is no type of actions 'Own'; known are Collect, Command, ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "action(name: 'a', type: 'Command') { command = 'x'; dependsOn 'none' } | 53 | there is no action 'none' to depend on; known are a",
                "action(name: 'a', type: 'Command') { command = 'x'; dependsOn 'a' } | 1 | the action 'a' depends on itself, by way of [a]",
                "action(name: 'a', type: 'Command') { command = 'x'; colour = 1 } | 53 | the type 'Command' has no setting 'colour'; it takes command, ",
                "action(name: 'a', type: 'Command') { comand 'x' } | 38 | the type 'Command' has no setting 'comand'; it takes ",
                "action(name: 'a', type: 'Command') { } | 1 | there is no command; write ",
                "action(name: 'a', type: 'Command') { command = [[]] } | 38 | 'command' is []; expected a text",
                "action(name: 'a', type: 'Command') { command { 'x' } } | 38 | 'command' is asked of each system, but the action runs once",
                "action(name: 'a', type: 'Command') { command = 'x'; inputs = ['../x'] } | 53 | input '../x' is not a path below the workspace",
                "action(name: 'a', type: 'Command') { command = 'x'; outputs = ['*.txt'] } | 53 | the output '*.txt' is no path of a file or folder",
                "action(name: 'a', type: 'Command') { command = 'x'; include 'X' } | 53 | 'X' includes nothing of what the action depends on, which is nothing",
                "action(name: 'a', type: 'Command') { command = 'x'; profile('p') }; action(name: 'b', type: 'Container') { command = 'x'; profile('p') } | 123 | there is no profile 'p'; known are []",
                "action(name: 'a', type: 'Container') { command = 'x' } | 1 | the action 'a' has no image; write profile",
                "action(name: 'a', type: 'Select') { abstraction('A') { queryForClasses 'x', 'y' } } | 56 | an abstraction of the type 'Select' has no setting 'queryForClasses'",
                "action(name: 'a', type: 'Select') { abstraction('A') { systems(['x', 'x']) } } | 56 | there are two systems 'x'",
                "action(name: 'a', type: 'Select') { abstraction('A') { systems(['x']) } } | 0 | the study comes to no task",
                "action(name: 'a', type: 'NoOp') { analyze { log('x') } } | 35 | 'analyze' decides by results",
                "action(name: 'a') { execute { }; execute { } } | 34 | an action has one 'execute'",
                "action(name: 'a') { execute { srm(abstraction: 1) } } | 31 | 'srm' decides by results",
                "action(name: 'a', type: 'Command') { command = 'x'; whenAbstractionsReady { abstractions['a'].systems = 1 } } | 75 | the systems of 'a' are no list any more",
                "action(name: 'a', type: 'Command') { command = 'x'; whenAbstractionsReady { abstractions['a'].systems = [[id: 'b']] } } | 75 | 'a' has no system 'b'",
                "action(name: 'a', type: 'NoOp') { dependsOn '01HX:select' } | 35 | '01HX' is not a job id",
                "action(name: 'a', type: 'NoOp') { dependsOn '18:select' } | 35 | no job 18",
                "action(name: 'a'); action(name: 'a') | 20 | the action 'a' is declared twice",
                "action(type: 'NoOp') | 1 | 'action' expects a name",
                "action(name: 'a', colour: 'x') | 1 | 'action' has no 'colour'; it takes name, type",
                "action(name: 'a', type: 'Collect') | 1 | the action 'a' collects nothing",
                "action(name: 'a', type: 'Partition') { parts = 0 } | 40 | 'parts' is 0; expected 1 to",
                "action(name: 'a', type: 'Maven') { threads = 0 } | 36 | 'threads' is 0; expected 1 to 1000",
                "action(name: 'a', type: 'Maven') { project = '../x' } | 36 | project '../x' is not a path below the workspace",
                "action(name: 'a', type: 'Maven') { repository = 'x' } | 36 | 'repository' is 'x'; expected an absolute path",
                "action(name: 'a', type: 'Maven') { command = 'x' } | 36 | the type 'Maven' has no setting 'command'",
                "action(name: 'a', type: 'Partition') { by { 'x' }; parts = 2 } | 52 | 'parts' has no meaning beside 'by'",
                "action(name: 'a', type: 'Command') { command = 'x'; inputs = [x: '/a/../b'] } | 53 | input 'a/../b' is not a path",
            })
    void aFaultIsToldWithItsPlace(String actions, int column, String message) {
        assertThatThrownBy(() -> studies.study(actions))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith((column == 0 ? "s.lsl:1:1: " : "s.lsl:2:" + column + ": ") + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "c.csv | 'id,n\na,1,2' | c.csv:2:1: the row has 3 fields, but the header 2",
                "c.csv | 'id\n\"a' | c.csv:2:1: a quote is not closed in the row that begins here",
                "c.csv | '' | c.csv:1:1: the catalogue is empty; its first line names the fields",
                "c.json | '{}' | c.json:1:1: a catalogue is a list of objects",
                "c.json | '[1]' | c.json:1:1: item 1 of the catalogue is no object",
                "c.json | '[{\"n\": 1e999999999}]' | c.json:1:1: a number of the catalogue has more than 400 digits",
                "c.json | '[\n{\"a\" 1}]' | c.json:2:6: ",
            })
    void aFaultOfACatalogueIsToldWithItsPlace(String file, String text, String message) {
        studies.files.put(file, text);

        assertThatThrownBy(() -> studies.study(
                        "action(name: 's', type: 'Select') { abstraction('A') { catalogue '" + file + "' } }"))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith(message);
    }
}
