package muster.language.makeflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Input;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.Sources;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The language feature by feature, as its public manual describes it. */
class MakeflowTest {
    private static final String CONTENT = "sha256:" + "0".repeat(64);

    private final MakeflowLanguage language = new MakeflowLanguage();
    private final Map<String, String> files = new HashMap<>();
    private final Map<String, String> user = new HashMap<>();
    private final Map<String, String> options = new TreeMap<>();

    private final Sources sources = new Sources() {
        @Override
        public String file(String path) {
            var text = files.get(path);
            if (text == null) {
                throw new MissingSources(Set.of(path), Set.of(), Set.of());
            }
            return text;
        }

        @Override
        public @Nullable String variable(String name) {
            return user.get(name);
        }

        @Override
        public List<Input> inputs(String path, String name) {
            return path.equals("folder")
                    ? List.of(new Input(name + "/a", CONTENT, false), new Input(name + "/b/c", CONTENT, true))
                    : List.of(new Input(name, CONTENT, false));
        }
    };

    private Plan compile(String text) {
        return compile("w.makeflow", text);
    }

    private Plan compile(String file, String text) {
        return language.compile(new Script(file, text, Map.of(), options, sources));
    }

    private List<TaskSpec> tasks(String text) {
        return tasks(compile(text));
    }

    private static List<TaskSpec> tasks(Plan plan) {
        return ((Work.Graph) plan.work()).tasks();
    }

    private static String command(TaskSpec task) {
        return task.command().get(2);
    }

    private static TaskSpec named(List<TaskSpec> tasks, String name) {
        return tasks.stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void ordersRulesByTheFilesThatTheyMakeAndRead() {
        var plan = compile("""
                # an animation
                CONVERT=/usr/bin/convert
                URL="http://example.org/capitol.jpg"

                anim.gif: capitol.jpg capitol.90.jpg capitol.180.jpg
                \tLOCAL $(CONVERT) -delay 10 capitol.jpg capitol.90.jpg \\
                \t  capitol.180.jpg anim.gif
                capitol.90.jpg: capitol.jpg
                    ${CONVERT} -swirl 90 capitol.jpg capitol.90.jpg
                capitol.180.jpg: capitol.jpg data.csv
                    $CONVERT -swirl 180 capitol.jpg capitol.180.jpg
                capitol.jpg:
                    curl -o capitol.jpg $(URL)
                """);
        var tasks = tasks(plan);

        assertThat(tasks)
                .extracting(TaskSpec::name)
                .containsExactly("anim.gif", "capitol.90.jpg", "capitol.180.jpg", "capitol.jpg");
        assertThat(tasks.get(0).needs()).containsExactly("capitol.jpg", "capitol.90.jpg", "capitol.180.jpg");
        assertThat(tasks.get(1).needs()).containsExactly("capitol.jpg");
        assertThat(command(tasks.get(0)))
                .matches("/usr/bin/convert -delay 10 capitol.jpg capitol.90.jpg \\s+capitol.180.jpg anim.gif");
        assertThat(command(tasks.get(3))).isEqualTo("curl -o capitol.jpg http://example.org/capitol.jpg");
        assertThat(plan.inputs()).containsExactly("data.csv");
        assertThat(plan.outputs())
                .extracting(Plan.Delivery::path)
                .containsExactly("anim.gif", "capitol.90.jpg", "capitol.180.jpg", "capitol.jpg");
    }

    @Test
    void givesAVariableTheValueItHadLastBeforeTheLine() {
        var tasks = tasks("""
                V=one
                V+=two
                a:
                \techo $(V)
                b:
                \t@V=own $(V)
                \techo $(V)
                V=three
                c:
                \techo $V $$V '$V' "$V" \\$V $? $(date +%s) $((1+2))
                """);

        assertThat(command(tasks.get(0))).isEqualTo("echo one two");
        assertThat(command(tasks.get(1))).isEqualTo("echo own one two");
        assertThat(command(tasks.get(2))).isEqualTo("echo three $V '$V' \"three\" \\$V $? $(date +%s) $((1+2))");
    }

    @Test
    void splitsVariablesThatListFilesAndKeepsQuotedBlanks() {
        var plan = compile("""
                LIST=x y
                OTHER='p q'
                a: $(LIST) "two words" back\\ slash 'single one' # and a comment
                \tcat
                """);

        assertThat(plan.inputs()).containsExactly("x", "y", "two words", "back slash", "single one");
    }

    @Test
    void takesResourcesOfRuleThenCategoryThenUser() {
        user.put("MEMORY", "800");
        var tasks = tasks("""
                CATEGORY="preprocessing"
                DISK=500
                one: src
                \tcmd
                .MAKEFLOW CATEGORY simulation
                .MAKEFLOW CORES 1
                MEMORY=400
                WALL_TIME=3600
                three: src
                \tcmd
                CATEGORY="analysis"
                CORES=4
                GPUS=2
                five: src
                \t@CORES=0.5
                \tcmd
                """);

        assertThat(tasks.get(0).resources().memoryBytes()).isEqualTo(800L << 20);
        assertThat(tasks.get(0).resources().diskBytes()).isEqualTo(500L << 20);
        assertThat(tasks.get(1).resources().memoryBytes()).isEqualTo(400L << 20);
        assertThat(tasks.get(1).timeLimit()).isEqualTo(Duration.ofHours(1));
        assertThat(tasks.get(1).resources().diskBytes()).isZero();
        assertThat(tasks.get(2).resources().cores()).isEqualTo(0.5);
        assertThat(tasks.get(2).resources().gpus()).isEqualTo(2);
    }

    @Test
    void countsTasksByCategory() {
        assertThat(compile("a:\n\tx\nCATEGORY=sim\nb:\n\tx\nc:\n\tx\n").categories())
                .containsExactlyInAnyOrderEntriesOf(Map.of("default", 1, "sim", 2));
    }

    @Test
    void exportsVariablesToTheRulesThatFollow() {
        user.put("USER", "ada");
        var tasks = tasks("""
                a:
                \tx
                export PATH=/opt/bin:/usr/bin
                export USER
                b:
                \t@PATH=/own
                \tx
                c:
                \tx
                """);

        assertThat(tasks.get(0).environment()).isEmpty();
        assertThat(tasks.get(1).environment()).isEqualTo(Map.of("PATH", "/own", "USER", "ada"));
        assertThat(tasks.get(2).environment()).isEqualTo(Map.of("PATH", "/opt/bin:/usr/bin", "USER", "ada"));
    }

    @Test
    void bringsBackAllTargetsOrThoseThatTheWorkflowIsRunFor() {
        var named = "MAKEFLOW_OUTPUTS=a b\na: in\n\tx\nb: a\n\tx\nc: b\n\tx\n";
        var plain = named.substring(named.indexOf('\n') + 1);

        assertThat(compile(named).outputs()).extracting(Plan.Delivery::path).containsExactly("a", "b", "c");
        assertThat(tasks(named).get(0).outputs()).containsExactly(new Output("a", false, true));

        options.put("outputs-only", "true");
        assertThat(compile(named).outputs()).extracting(Plan.Delivery::path).containsExactly("a", "b");
        assertThat(compile(plain).outputs()).containsExactly(new Plan.Delivery("c", "c", "c"));
        assertThat(tasks(plain).get(0).outputs()).containsExactly(new Output("a", false, false));
    }

    @Test
    void movesSourcesAndTargetsOfRules() {
        var tasks = tasks("""
                out/all: folder out/part /usr/bin/cat
                \tcat
                out/part: in in
                \tmake it
                """);

        assertThat(tasks.get(0).inputs())
                .containsExactly(
                        new Input("folder/a", CONTENT, false),
                        new Input("folder/b/c", CONTENT, true),
                        new Input("out/part", "task:out_part/out/part", false));
        assertThat(tasks.get(0).needs()).containsExactly("out_part");
        assertThat(tasks.get(0).outputs()).containsExactly(new Output("out/all", false, true));
        assertThat(tasks.get(1).inputs()).containsExactly(new Input("in", CONTENT, false));
        assertThat(tasks.get(1).command()).containsExactly("/bin/sh", "-c", "mkdir -p -- 'out' || exit; make it");
    }

    @Test
    void renamesFilesForTheRule() {
        var plan = compile("""
                data.2026->out/data: /home/ada/raw->raw common->lib/common
                \tmake out/data
                sum: data.2026->data
                \tsum data
                """);
        var tasks = tasks(plan);

        assertThat(plan.inputs()).containsExactly("/home/ada/raw", "common");
        assertThat(plan.outputs())
                .containsExactly(
                        new Plan.Delivery("data.2026", "data.2026", "out/data"),
                        new Plan.Delivery("sum", "sum", "sum"));
        assertThat(tasks.get(0).inputs()).extracting(Input::name).containsExactly("raw", "lib/common");
        assertThat(tasks.get(0).outputs()).extracting(Output::path).containsExactly("out/data");
        assertThat(tasks.get(1).inputs()).containsExactly(new Input("data", "task:data.2026/out/data", false));
    }

    @Test
    void takesNamesAsTheyStand() {
        var tasks = tasks("""
                'a*[1]%j': 'b%i'
                \tx
                c: 'a*[1]%j'
                \tx
                """);

        assertThat(tasks.get(0).inputs()).extracting(Input::name).containsExactly("b%%i");
        assertThat(tasks.get(0).outputs()).extracting(Output::path).containsExactly("a\\*\\[1\\]%%j");
        assertThat(tasks.get(1).inputs())
                .extracting(Input::source)
                .containsExactly("task:" + tasks.get(0).name() + "/a*[1]%%j");
    }

    @Test
    void runsInASharedFolderWhereAsked() {
        options.put("shared-dir", "/work");
        var task = tasks("out/a: in\n\tx\n").get(0);

        assertThat(task.workingDirectory()).isEqualTo("/work");
        assertThat(task.inputs()).isEmpty();
        assertThat(task.outputs()).isEmpty();
        assertThat(task.command().subList(3, 6)).containsExactly("out_a", "x", "out/a");
        assertThatThrownBy(() -> compile("a->b:\n\tx\n"))
                .hasMessageStartingWith("w.makeflow:1:1: ")
                .hasMessageContaining("shared folder does not allow");

        options.put("shared-dir", "work");
        assertThatThrownBy(() -> compile("a:\n\tx\n")).hasMessageContaining("shared-dir 'work' is not absolute");
    }

    @Test
    void putsNestedWorkflowsInPlace() {
        files.put("sub/inner.mf", "result: ../shared.dat part\n\tjoin\npart:\n\tmake $(MODE)\n");
        var tasks = tasks("""
                export MODE=fast
                final: sub/result
                \tcat sub/result > final
                sub/result: shared.dat
                \tMAKEFLOW sub/inner.mf sub
                shared.dat:
                \tfetch
                """);

        assertThat(tasks)
                .extracting(TaskSpec::name)
                .containsExactlyInAnyOrder("final", "sub_result", "sub_part", "shared.dat");
        var result = named(tasks, "sub_result");
        assertThat(result.needs()).containsExactlyInAnyOrder("shared.dat", "sub_part");
        assertThat(result.inputs()).extracting(Input::name).containsExactly("shared.dat", "sub/part");
        assertThat(result.outputs()).extracting(Output::path).containsExactly("sub/result");
        assertThat(command(named(tasks, "sub_part")))
                .isEqualTo("mkdir -p -- 'sub' || exit; cd -- 'sub' || exit; make fast");
    }

    @Test
    void asksForNestedWorkflowsThatWereNotSent() {
        assertThatThrownBy(() -> compile("a:\n\tMAKEFLOW other.mf\n"))
                .isInstanceOfSatisfying(MissingSources.class, missing -> assertThat(missing.files())
                        .containsExactly("other.mf"));
    }

    @Test
    void readsJx() {
        var plan = compile("w.jx", """
                {
                  "define": {"COUNT": 3, "NAME": "out"},
                  "environment": {"A": "all", "B": "all"},
                  "categories": {"sim": {"resources": {"cores": 2, "memory": 8, "wall-time": 60},
                                         "environment": {"B": "category"}}},
                  "default_category": "sim",
                  "rules": [
                    {
                      "command": "./simulate.py -n " + N + " > " + NAME + "." + N,
                      "inputs": ["simulate.py"],
                      "outputs": [NAME + "." + N],
                    } for N in range(1, COUNT),
                    {
                      "command": "cat", "outputs": ["all"], "category": "join", "local_job": true,
                      "inputs": [format("%s.%d", NAME, i) for i in range(1, COUNT)],
                      "environment": {"A": "own"}, "resources": {"gpus": 1}
                    }
                  ]
                }
                """);
        var tasks = tasks(plan);

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("out.1", "out.2", "all");
        assertThat(command(tasks.get(1))).isEqualTo("./simulate.py -n 2 > out.2");
        assertThat(tasks.get(0).resources().cores()).isEqualTo(2);
        assertThat(tasks.get(0).resources().memoryBytes()).isEqualTo(8L << 20);
        assertThat(tasks.get(0).timeLimit()).isEqualTo(Duration.ofMinutes(1));
        assertThat(tasks.get(0).environment()).isEqualTo(Map.of("A", "all", "B", "category"));
        assertThat(tasks.get(2).environment()).isEqualTo(Map.of("A", "own", "B", "all"));
        assertThat(tasks.get(2).needs()).containsExactly("out.1", "out.2");
        assertThat(tasks.get(2).resources().gpus()).isEqualTo(1);
        assertThat(plan.inputs()).containsExactly("simulate.py");
        assertThat(plan.categories()).isEqualTo(Map.of("sim", 2, "join", 1));
    }

    @Test
    void oneFileOfARuleInJxNeedsNoArray() {
        var task = tasks(compile("w.jx", """
                {"rules": [{"command": "x", "inputs": "in", "outputs": {"dag_name": "a.5", "task_name": "a"}}]}""")).get(0);

        assertThat(task.inputs()).extracting(Input::name).containsExactly("in");
        assertThat(task.outputs()).extracting(Output::path).containsExactly("a");
    }

    @Test
    void nestsJxWithArguments() {
        files.put("inner.jx", "{\"rules\": [{\"command\": \"x\", \"outputs\": [\"o\" + N]} for N in range(COUNT)]}");

        var tasks = tasks(compile("w.jx", """
                {"rules": [{"workflow": "inner.jx", "args": {"COUNT": 2}, "outputs": ["o0", "o1"]}]}"""));

        assertThat(tasks).extracting(TaskSpec::name).containsExactly("o0", "o1");
    }

    @Test
    void wrapsEveryCommandAsTheManualSays() {
        options.put("wrapper", "time -p");
        assertThat(command(tasks("a:\n\tx; y\n").get(0))).isEqualTo("time -p /bin/sh -c 'x; y'");
        options.put("wrapper", "strace -o trace.%% []");
        assertThat(command(tasks("a:\n\tx 'y'\n").get(0))).isEqualTo("strace -o trace.0 'x '\\''y'\\'''");
        options.put("wrapper", "env -i {}");
        assertThat(command(tasks("a:\n\tx; y\n").get(0))).isEqualTo("env -i x; y");
    }

    @Test
    void movesWhatTheWrapperReadsAndMakes() {
        options.put("wrapper", "./setup.sh strace -o trace.%%");
        options.put("wrapper-input", "tools/setup.sh->setup.sh\nenv");
        options.put("wrapper-output", "trace.%%");
        files.put("n.mf", "c: ../a\n\tmake c\n");
        var plan = compile("a: in\n\tmake a\nsub/c: a\n\tMAKEFLOW n.mf sub\n");
        var tasks = tasks(plan);

        assertThat(plan.inputs()).containsExactly("in", "tools/setup.sh", "env");
        assertThat(tasks.get(0).inputs()).extracting(Input::name).containsExactly("in", "setup.sh", "env");
        assertThat(tasks.get(0).outputs()).extracting(Output::path).containsExactly("a", "trace.0");
        assertThat(tasks.get(1).inputs()).extracting(Input::name).containsExactly("a", "sub/setup.sh", "sub/env");
        assertThat(tasks.get(1).outputs()).extracting(Output::path).containsExactly("sub/c", "sub/trace.1");
        assertThat(command(tasks.get(1))).endsWith("./setup.sh strace -o trace.1 /bin/sh -c 'make c'");
        assertThat(plan.outputs()).extracting(Plan.Delivery::path).containsExactly("a", "trace.0", "sub/c", "trace.1");
    }

    @Test
    void takesFilesFromWhereTheyAreMounted() {
        options.put("mounts", """
                # name      place
                ./curl      /usr/bin/curl
                data/one    ../one.csv
                1.root      http://example.org/1%20.root
                """);
        var plan = compile("a: curl data/one 1.root b\n\tx\n");

        assertThat(plan.inputs()).containsExactly("/usr/bin/curl", "../one.csv", "b");
        assertThat(tasks(plan).get(0).inputs())
                .extracting(Input::name)
                .containsExactly("curl", "data/one", "1.root", "b");
        assertThat(tasks(plan).get(0).inputs().get(2).source()).isEqualTo("http://example.org/1%%20.root");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "a ~ 1:1 ~ expected a path of the workflow and its place",
                "# x|  /a b ~ 2:3 ~ is absolute",
                "x y|./x z ~ 2:1 ~ has a place before",
                "../x y ~ 1:1 ~ leaves the folder",
                "a b ~ 1:1 ~ is made by a rule",
            })
    void tellsWhichMountIsWrong(String text, String place, String words) {
        options.put("mounts", text.replace('|', '\n'));

        assertThatThrownBy(() -> compile("a:\n\tx\n"))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith("mounts:" + place + ": ")
                .hasMessageContaining(words);
    }

    @Test
    void bringsTheFileOfAnImageToEveryRule() {
        options.put("executor", "singularity");
        options.put("image", "images/tool.sif");
        var plan = compile("a: data\n\tx\nb:\n\ty\n");

        assertThat(plan.inputs()).containsExactly("data", "images/tool.sif");
        assertThat(tasks(plan).get(0).inputs()).extracting(Input::name).containsExactly("data", "images/tool.sif");
        assertThat(tasks(plan).get(1).inputs()).extracting(Input::name).containsExactly("images/tool.sif");
    }

    @Test
    void runsRulesInContainersWhereAsked() {
        options.put("executor", "docker");
        options.put("image", "debian:12");
        var task = tasks("a:\n\tx\n").get(0);

        assertThat(task.executor()).isEqualTo("docker");
        assertThat(task.parameters().string("image")).contains("debian:12");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "hello world ~ 1:1 ~ neither a rule nor a variable",
                "a: b ~ 1:1 ~ has no command",
                "a: b|c: d|\tx ~ 1:1 ~ has no command",
                "|\tx ~ 2:2 ~ before the first rule",
                "a:|\tx|\ty ~ 3:2 ~ a second command",
                ": b|\tx ~ 1:1 ~ makes nothing",
                "a: $(NONE)|\tx ~ 1:4 ~ variable 'NONE' is not defined",
                "a:|\techo $NONE ~ 2:7 ~ variable 'NONE' is not defined",
                "a: \"b|\tx ~ 1:4 ~ not closed",
                "a: 'b|\tx ~ 1:4 ~ not closed",
                "a:|\tx|a:|\ty ~ 3:1 ~ 'a' is made twice; the rule at w.makeflow:1:1",
                "a: b|\tx|b: a|\tx ~ 1:1 ~ 'a' needs 'b' needs 'a'",
                "a: a|\tx ~ 1:1 ~ 'a' needs 'a'",
                "CORES=many|a:|\tx ~ 1:1 ~ CORES is 'many'; expected a number of cores",
                "MEMORY=-1|a:|\tx ~ 1:1 ~ expected a number of megabytes",
                "../a:|\tx ~ 1:1 ~ leaves the folder",
                "/etc/passwd:|\tx ~ 1:1 ~ is absolute",
                "a->b: c->b|\tx ~ 1:1 ~ is another file of this rule",
                "a->c b->c:|\tx ~ 1:6 ~ is another file of this rule",
                "a: b->d c->d|\tx ~ 1:9 ~ both 'b' and 'c' are to be 'd'",
                "WALL_TIME=0|a:|\tx ~ 2:1 ~ is not positive",
                "a: b->/c|\tx ~ 1:4 ~ is absolute",
                "a:|\tMAKEFLOW ~ 2:10 ~ expected 'MAKEFLOW file'",
                "a:|\tLOCAL ~ 2:2 ~ empty command",
                "a:|\t@b|\tx ~ 2:2 ~ expected '@NAME=value'",
                "export ~ 1:1 ~ neither a rule",
                "export 1x ~ 1:8 ~ no variable's name",
                ".MAKEFLOW ~ 1:1 ~ expected '.MAKEFLOW NAME value'",
                ".SIZE a ~ 1:1 ~ expected '.SIZE file size'",
                ".UMBRELLA SPEC x ~ 1:1 ~ not supported",
                "# nothing ~ 1:1 ~ no rules",
                "CATEGORY=|a:|\tx ~ 1:1 ~ CATEGORY is empty",
                "a:|\tV=1|\tx ~ 3:2 ~ sets a variable of this rule if it is '@V=1'",
            })
    void tellsWhereAndWhatIsWrong(String text, String place, String words) {
        assertThatThrownBy(() -> compile(text.replace('|', '\n')))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith("w.makeflow:" + place + ": ")
                .hasMessageContaining(words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "[] ~ 1:1 ~ expected '{'",
                "{} ~ 1:1 ~ has no \"rules\"",
                "{\"rules\": []} ~ 1:11 ~ has no rules",
                "{\"rules\": 5} ~ 1:11 ~ expected an array",
                "{\"rules\": [5]} ~ 1:12 ~ a rule is integer 5",
                "{\"rulez\": []} ~ 1:2 ~ known are rules",
                "{\"rules\": [{\"command\": \"x\"}]} ~ 1:12 ~ makes nothing",
                "{\"rules\": [{\"outputs\": [\"a\"]}]} ~ 1:12 ~ either \"command\" or \"workflow\"",
                "{\"rules\": [{\"command\": 5, \"outputs\": [\"a\"]}]} ~ 1:12 ~ \"command\" is integer 5",
                "{\"rules\": [{\"command\": \"x\", \"outputs\": [\"/a\"]}]} ~ 1:12 ~ is absolute",
                "{\"rules\": [{\"command\": \"x\", \"outputs\": [5]}]} ~ 1:12 ~ \"outputs\" is integer 5",
                "{\"rules\": [{\"command\": \"x\", \"outputs\": [\"a\"], \"cores\": 1}]} ~ 1:12 ~ a rule has no \"cores\"",
                "{\"rules\": [{\"command\": \"x\", \"outputs\": [\"a\"], \"resources\": {\"cores\": \"x\"}}]}"
                        + " ~ 1:12 ~ CORES is 'x'",
            })
    void tellsWhereAndWhatIsWrongInJx(String text, String place, String words) {
        assertThatThrownBy(() -> compile("w.jx", text))
                .isInstanceOf(MusterException.class)
                .hasMessageStartingWith("w.jx:" + place + ": ")
                .hasMessageContaining(words);
    }

    @Test
    void refusesAWorkflowThatNestsItself() {
        files.put("w.mf", "a:\n\tMAKEFLOW w.mf\n");

        assertThatThrownBy(() -> compile("a:\n\tMAKEFLOW w.mf\n")).hasMessageContaining("nested deeper");
    }

    @Test
    void refusesNestedWorkflowsThatDoNotMakeWhatIsPromised() {
        files.put("n.mf", "b:\n\tx\n");

        assertThatThrownBy(() -> compile("a:\n\tMAKEFLOW n.mf\n"))
                .hasMessageContaining("does not make 'a'; it makes b");
    }

    @Test
    void namesOptionsThatItDoesNotKnow() {
        options.put("speed", "9");

        assertThatThrownBy(() -> compile("a:\n\tx\n")).hasMessageContaining("no option 'speed'");
    }

    /** Every prefix of a script, and every script with one character changed, compiles or tells a place. */
    @Test
    void neverFailsWithoutAPlace() {
        var script = """
                A="x y" \\
                 z
                export B=$(A)
                a->b "c d": e $(A) # f
                \t@V='1'
                \tLOCAL cmd "$(A)" > b; exit ${V}
                .SIZE a 5M
                e:
                \tMAKEFLOW n.mf sub
                """;
        files.put("n.mf", "x:\n\ty\n");
        var seen = 0;
        for (var end = 0; end <= script.length(); end++) {
            seen += compilesOrTellsAPlace("w.makeflow", script.substring(0, end));
        }
        for (var at = 0; at < script.length(); at++) {
            for (var c : "\"'$\\:#(\n".toCharArray()) {
                seen += compilesOrTellsAPlace("w.makeflow", script.substring(0, at) + c + script.substring(at + 1));
            }
        }
        var jx = "{\"rules\": [{\"command\": \"x\" + N, \"outputs\": [\"a\" + N]} for N in range(1, 4) if N % 2 == 1]}";
        for (var at = 0; at < jx.length(); at++) {
            seen += compilesOrTellsAPlace("w.jx", jx.substring(0, at));
            for (var c : "\"[{,:.5(x".toCharArray()) {
                seen += compilesOrTellsAPlace("w.jx", jx.substring(0, at) + c + jx.substring(at + 1));
            }
        }
        assertThat(seen).isGreaterThan(1000);
    }

    private int compilesOrTellsAPlace(String file, String text) {
        try {
            compile(file, text);
        } catch (MissingSources e) {
            assertThat(e.files()).isNotEmpty();
        } catch (MusterException e) {
            assertThat(Objects.requireNonNull(e.getMessage())).matches("(?s)" + file + ":[0-9]+:[0-9]+: .*");
        }
        return 1;
    }

    @Test
    void refusesRulesThatTogetherTakeTooMuch() {
        var text = new StringBuilder("V=" + "x".repeat(500_000) + "\n");
        for (var i = 0; i < 300; i++) {
            text.append("f").append(i).append(":\n\techo $V\n");
        }

        assertThatThrownBy(() -> compile(text.toString()))
                .hasMessageStartingWith("w.makeflow:")
                .hasMessageContaining("take more than");
    }

    @Test
    void boundsWhatVariablesComeTo() {
        var large = "V=" + "x".repeat(500_000) + "\n";

        assertThatThrownBy(() -> compile(large + "A+=$V\n".repeat(3) + "a:\n\tx\n"))
                .hasMessageStartingWith("w.makeflow:4:1: ")
                .hasMessageContaining("the variable grows beyond");
        assertThatThrownBy(() -> compile(large + "B=$V\n".repeat(2001) + "a:\n\tx\n"))
                .hasMessageStartingWith("w.makeflow:")
                .hasMessageContaining("variables come to more than");
        assertThatThrownBy(() -> compile(large + "a:\n" + "\t@B=$V\n".repeat(300) + "\tx\n"))
                .hasMessageStartingWith("w.makeflow:")
                .hasMessageContaining("take more than");
    }

    @Test
    void countsANestedWorkflowAsOftenAsItIsNested() {
        files.put("n.mf", "#".repeat(1_000_000) + "\na:\n\tx\n");
        var text = new StringBuilder();
        for (var i = 0; i < 70; i++) {
            text.append("d")
                    .append(i)
                    .append("/a:\n\tMAKEFLOW n.mf d")
                    .append(i)
                    .append('\n');
        }

        assertThatThrownBy(() -> compile(text.toString()))
                .hasMessageStartingWith("w.makeflow:128:")
                .hasMessageContaining("nested workflows have more than");
    }

    /** What takes time with the square of its size would not end. */
    @Test
    void readsLongLinesInOnePass() {
        var long1 = "-".repeat(1_000_000);
        assertThatThrownBy(() -> compile("a: " + long1 + "\n\tx\n")).hasMessageContaining("is no path");
        var parts = new StringBuilder("a:");
        for (var i = 0; i < 50_000; i++) {
            parts.append(" \\\nf").append(i);
        }
        assertThat(compile(parts + "\n\tx\n").inputs()).hasSize(50_000);
    }

    @Test
    @Tag("proof")
    void compilesAHundredThousandRules() {
        var text = new StringBuilder("all:");
        for (var i = 0; i < 1000; i++) {
            text.append(" part").append(i);
        }
        text.append("\n\tcat > all\n");
        for (var i = 0; i < 100_000; i++) {
            text.append("part").append(i).append(": in\n\tmake part").append(i).append('\n');
        }

        assertThat(compile(text.toString()).work().size()).isEqualTo(100_001);
    }

    @Test
    void compilesAChainAThousandDeep() {
        var text = new StringBuilder("f0:\n\ttrue\n");
        for (var i = 1; i <= 1000; i++) {
            text.append("f").append(i).append(": f").append(i - 1).append("\n\ttrue\n");
        }

        assertThat(tasks(text.toString()).get(1000).needs()).containsExactly("f999");
    }
}
