package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import muster.itests.hot.HotBundle;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workflows on a manager and two workers that share no folder, each a process of its own. */
class WorkflowIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path dir;

    private static Cluster cluster;
    private static Rest rest;

    @TempDir
    Path folder;

    @BeforeAll
    static void startCluster() {
        cluster = Cluster.start(dir, "w1", "w2");
        rest = cluster.rest();
        var document = new Document(rest.get("/openapi.json").json());
        rest.checkEach(document::check);
    }

    @AfterAll
    static void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private Path write(String name, String text) throws IOException {
        var file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Cluster.Printed run(String script, String... options) {
        var arguments = new String[options.length + 2];
        arguments[0] = "run";
        arguments[1] = folder.resolve(script).toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return cluster.client(arguments);
    }

    @Test
    void runsOverTwoWorkersAndBringsTheTargetsBack(@TempDir Path meeting) throws IOException {
        write("data/one.txt", "one\n");
        write("data/more/two.txt", "two\n");
        // two rules of two cores each meet only if two workers run them
        assertThat(write("tools/meet.sh", """
                #!/bin/sh
                touch "$3/$1"
                until [ -e "$3/$2" ]; do sleep 0.1; done
                echo $MUSTER_WORKER
                """).toFile().setExecutable(true)).isTrue();
        write("sub/inner.mf", """
                upper.txt: ../data/one.txt
                \ttr a-z A-Z < ../data/one.txt > upper.txt
                """);
        write("w.makeflow", """
                # two that meet, and what comes of it
                export LEVEL=high
                CATEGORY=pair
                CORES=2
                left/where.txt left/level.txt: tools/meet.sh
                \t./tools/meet.sh left right $(MEETING) > left/where.txt; echo $$LEVEL > left/level.txt
                right/where.txt: tools/meet.sh
                \t./tools/meet.sh right left $(MEETING) > right/where.txt

                CATEGORY=rest
                CORES=1
                parts: data
                \tmkdir -p parts/deep && cp data/one.txt parts/1 && \\
                \t  cp data/more/two.txt parts/deep/2
                where/all.txt->all: left/where.txt right/where.txt->other.txt
                \tcat left/where.txt other.txt > all
                sub/upper.txt: data/one.txt
                \tMAKEFLOW sub/inner.mf sub
                '100% [sum].txt': parts sub/upper.txt left/level.txt
                \tLOCAL cat parts/1 parts/deep/2 sub/upper.txt left/level.txt > '100% [sum].txt'
                """);

        var printed = run("w.makeflow", "--set", "MEETING=" + meeting);

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(folder.resolve("100% [sum].txt")).hasContent("one\ntwo\nONE\nhigh");
        assertThat(folder.resolve("parts/deep/2")).hasContent("two");
        assertThat(Files.readAllLines(folder.resolve("where/all.txt"))).containsExactlyInAnyOrder("w1", "w2");
        assertThat(folder.resolve("left/where.txt")).exists();
        assertThat(folder.resolve("sub/upper.txt")).hasContent("ONE");
        assertThat(printed.stdout()).contains("8 files are in " + folder);
    }

    @Test
    void tellsTheRuleThatFailedItsCommandItsWorkerAndItsLastWords() throws IOException {
        write("w.makeflow", """
                out/first:
                \techo 1 > out/first
                second: out/first
                \techo no such colour >&2; exit 3
                third: second
                \tcp second third
                """);

        var printed = run("w.makeflow");

        assertThat(printed.exitCode()).as(printed.toString()).isEqualTo(3);
        assertThat(printed.stderr())
                .contains("'second' on w", "exited with code 3", "command: echo no such colour", "no such colour\n");
        assertThat(folder.resolve("out/first")).hasContent("1");
        assertThat(folder.resolve("third")).doesNotExist();
    }

    @Test
    void aRuleThatDoesNotMakeItsTargetFailsByName() throws IOException {
        write("w.makeflow", "made missing:\n\ttouch made\n");

        var printed = run("w.makeflow");

        assertThat(printed.exitCode()).as(printed.toString()).isNotZero();
        assertThat(printed.stderr()).contains("'made'", "output 'missing' was not made");
    }

    @Test
    void runsInAFolderThatWorkersShare() throws IOException {
        write("in", "shared\n");
        write("w.makeflow", "out/copy: in\n\tcp in out/copy\n");

        var printed = run("w.makeflow", "--shared-dir", folder.toString());

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(folder.resolve("out/copy")).hasContent("shared");
    }

    @Test
    @Tag("proof")
    void uploadsInputsOnceAndLeavesWhatNobodyAskedFor() throws IOException {
        write("in", "once\n");
        write("w.jx", """
                {"rules": [
                  {"command": "cp in part" + i, "inputs": ["in"], "outputs": ["part" + i]} for i in range(3),
                  {"command": "cat part* > all", "inputs": ["part" + i for i in range(3)], "outputs": ["all"]}]}
                """);

        for (var round = 0; round < 2; round++) {
            var printed = run("w.jx", "--outputs-only");

            assertThat(printed.exitCode()).as(printed.toString()).isZero();
            assertThat(folder.resolve("all")).hasContent("once\nonce\nonce");
            assertThat(folder.resolve("part0")).doesNotExist();
        }
    }

    @Test
    void runsMustersOwnForm() throws IOException {
        write("words.txt", "one two three\n");
        write("w.yaml", """
                settings:
                  sizes: 1..2
                defaults:
                  retries: 1
                  environment: {LC_ALL: C}
                tasks:
                  cut:
                    matrix: {column: "${{ sizes }}"}
                    run: |
                      tr ' ' '\\n' < words.txt > lines
                      sed -n ${{ column }}p lines > parts/${{ column:02 }}
                    inputs: words.txt
                    outputs: parts/${{ column:02 }}
                  join:
                    run: cat parts/* > out/joined; mkdir out/more; cp parts/01 out/more/
                    inputs: parts
                    outputs: [out/joined, {path: out/more}]
                  list:
                    command: [sort, -r, joined]
                    inputs: {name: joined, from: out/joined}
                    outputs: listed
                    stdout: listed
                """);

        var checked = run("w.yaml", "--lint");
        var printed = run("w.yaml", "--set", "sizes=1..3");

        assertThat(checked.stdout()).as(checked.toString()).contains("w.yaml is right: 4 tasks");
        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(folder.resolve("listed")).hasContent("two\nthree\none");
        assertThat(folder.resolve("out/more/01")).hasContent("one");
        assertThat(folder.resolve("out/joined")).doesNotExist();
        assertThat(folder.resolve("parts")).doesNotExist();
    }

    @Test
    void goesOnWithWhatThereIsWhereAFailureIsIgnored() throws IOException {
        write("w.yaml", """
                tasks:
                  sample:
                    matrix: {id: 1..3}
                    run: test ${{ id }} != 2; echo ${{ id }} > parts/${{ id }}
                    outputs: {path: "parts/${{ id }}", optional: true}
                    mayFail: true
                  all:
                    run: cat parts/* > all
                    inputs: parts
                    outputs: all
                """);

        var printed = run("w.yaml");

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(folder.resolve("all")).hasContent("1\n3");
        assertThat(printed.toString()).contains("3 succeeded, 1 ignored");

        write("w.makeflow", """
                first:
                \techo 1 > first
                second:
                \texit 3
                third: second
                \tcp second third
                """);

        var all = run("w.makeflow", "--may-fail");

        assertThat(all.exitCode()).as(all.toString()).isZero();
        assertThat(folder.resolve("first")).hasContent("1");
        assertThat(all.toString()).contains("1 succeeded, 2 ignored");
    }

    @Test
    void aFaultInMustersOwnFormIsShownWhereItIs() throws IOException {
        write("w.yaml", "tasks:\n  t:\n    run: echo ${{ colour }}\n    need: u\n");

        var printed = run("w.yaml", "--lint");

        assertThat(printed.exitCode()).isEqualTo(2);
        assertThat(printed.stderr())
                .contains("w.yaml has 2 faults", "w.yaml:3:15: 'colour' is not defined", "    run: echo ${{ colour }}");
    }

    @Test
    @Tag("proof")
    void makesAgainWhatWasLostWithAWorkerAndIsStillNeededAndNothingElse() throws IOException {
        var effects = write("effects", "");
        var gate = folder.resolve("open");
        write("w.makeflow", """
                early:
                \techo early >> $(EFFECTS) && echo 1 > early
                done: early
                \techo done >> $(EFFECTS) && cp early done
                base:
                \techo base >> $(EFFECTS) && echo 2 > base
                part: base
                \techo part >> $(EFFECTS) && cp base part
                gate:
                \tuntil [ -e $(GATE) ]; do sleep 0.1; done; touch gate
                end: part gate
                \tcp part end
                """);

        var printed =
                run("w.makeflow", "--set", "EFFECTS=" + effects, "--set", "GATE=" + gate, "--outputs-only", "--detach");
        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        var job = printed.stdout().strip();
        awaitAttempt(job, "done", 1);
        var lost = awaitAttempt(job, "part", 1).path("worker").asText();
        var again = new ArrayList<>(List.of("part"));
        if (awaitAttempt(job, "base", 1).path("worker").asText().equals(lost)) {
            again.add(0, "base");
        }
        assertThat(Files.readAllLines(effects)).hasSize(4);
        cluster.kill(lost);
        try {
            awaitAttempt(job, "part", 2);
            Files.createFile(gate);
            awaitAttempt(job, "end", 1);
        } finally {
            cluster.startWorker(lost);
            cluster.awaitState(lost, "online");
        }
        assertThat(Files.readAllLines(effects).stream().skip(4)).containsExactlyElementsOf(again);
    }

    @Test
    @Tag("proof")
    void runsNothingAgainThatAnEarlierRunCompleted() throws IOException {
        var effects = write("effects", "");
        write("left.txt", "1\n");
        write("right.txt", "2\n");
        write("w.makeflow", """
                left: left.txt
                \techo left >> $(EFFECTS) && cp left.txt left
                right: right.txt
                \techo right >> $(EFFECTS) && cp right.txt right
                both: left right
                \techo both >> $(EFFECTS) && cat left right > both
                late: both
                \techo late >> $(EFFECTS) && test -e $(GATE) && cp both late
                """);
        var gate = folder.resolve("open");
        String[] options = {"--set", "EFFECTS=" + effects, "--set", "GATE=" + gate};

        var failed = run("w.makeflow", options);
        assertThat(failed.exitCode()).as(failed.toString()).isNotZero();
        assertThat(Files.readAllLines(effects)).containsExactlyInAnyOrder("left", "right", "both", "late");

        Files.createFile(gate);
        assertThat(again(effects, options)).containsExactly("late");
        assertThat(folder.resolve("late")).hasContent("1\n2");
        assertThat(again(effects, options)).isEmpty();

        write("right.txt", "3\n");
        assertThat(again(effects, options)).containsExactly("right", "both", "late");
        assertThat(folder.resolve("late")).hasContent("1\n3");

        String[] uncached = {options[0], options[1], options[2], options[3], "--no-cache"};
        assertThat(again(effects, uncached)).containsExactlyInAnyOrder("left", "right", "both", "late");
    }

    /**
     * The manager dies in the middle of a script of each language at once: each goes on, and no task runs again that was
     * complete.
     */
    @Test
    @Tag("proof")
    void goesOnInEachLanguageAfterTheManagerWasKilled() throws IOException {
        var deploy = dir.resolve("manager/deploy");
        Files.createDirectories(deploy);
        HotBundle.deployLanguage(deploy, "1.0.0");
        Eventually.until(
                "the language is there",
                PATIENCE,
                () -> rest.get("/api/v1/workflows/schemas/bisect").text(),
                text -> text.contains("has no schema"));
        var gate = folder.resolve("open");
        write("w.makeflow", """
                one:
                \techo one >> $(DIR)/makeflow && echo 1 > one
                two: one
                \techo two >> $(DIR)/makeflow && until [ -e $(DIR)/open ]; do sleep 0.1; done && cp one two
                three: two
                \techo three >> $(DIR)/makeflow && cp two three
                """);
        write("w.yaml", """
                settings: {dir: ""}
                tasks:
                  one: {run: "echo one >> ${{ dir }}/yaml && echo 1 > one", outputs: one}
                  two:
                    run: echo two >> ${{ dir }}/yaml && until [ -e ${{ dir }}/open ]; do sleep 0.1; done && cp one two
                    inputs: one
                    outputs: two
                  three: {run: "echo three >> ${{ dir }}/yaml && cp two three", inputs: two, outputs: three}
                """);
        write("w.lsl", """
                def dir = ''
                study(name: 'Three') {
                    action(name: 'one', type: 'Command') { command = "echo one >> $dir/lsl && echo 1 > x"; outputs = ['x'] }
                    action(name: 'two', type: 'Command') {
                        dependsOn 'one'
                        command = "echo two >> $dir/lsl && until [ -e $dir/open ]; do sleep 0.1; done && echo 2 > x"
                        outputs = ['x']
                    }
                    action(name: 'three', type: 'Command') {
                        dependsOn 'two'
                        command = "echo three >> $dir/lsl && echo 3 > x"
                        outputs = ['x']
                    }
                }
                """);
        // 41 is found by 50, 25, 37, 43, 40, 41
        write("w.bisect", """
                0 100
                echo $1 >> DIR/bisect; if [ $1 = 37 ]; then until [ -e DIR/open ]; do sleep 0.1; done; fi
                if [ $1 -ge 41 ]; then echo yes; else echo no; fi
                """.replace("DIR", folder.toString()));
        var jobs = new ArrayList<String>();
        for (var script : new String[] {"w.makeflow --set DIR", "w.yaml --set dir", "w.lsl --set dir", "w.bisect"}) {
            var words = script.split(" ");
            var printed = words.length == 1
                    ? run(words[0], "--detach")
                    : run(words[0], words[1], words[2] + "=" + folder, "--detach");
            assertThat(printed.exitCode()).as(printed.toString()).isZero();
            jobs.add(printed.stdout().strip());
        }
        var before =
                List.of(List.of("one", "two"), List.of("one", "two"), List.of("one", "two"), List.of("50", "25", "37"));
        for (var i = 0; i < before.size(); i++) {
            var effects =
                    folder.resolve(List.of("makeflow", "yaml", "lsl", "bisect").get(i));
            var reached = before.get(i);
            Eventually.until(
                    "the middle of " + effects, PATIENCE, () -> lines(effects), lines -> lines.equals(reached));
        }

        cluster.kill("manager");
        // what ends now has outputs for a manager that is away
        Files.createFile(gate);
        cluster.startManager();

        for (var job : jobs) {
            assertThat(rest.ended(job, PATIENCE).path("state").asText()).isEqualTo("succeeded");
        }
        for (var language : List.of("makeflow", "yaml", "lsl")) {
            assertThat(lines(folder.resolve(language))).as(language).containsExactly("one", "two", "three");
        }
        assertThat(lines(folder.resolve("bisect"))).containsExactly("50", "25", "37", "43", "40", "41");
        var answer = rest.get("/api/v1/tasks/" + jobs.get(3) + ".6/logs").text();
        assertThat(answer).isEqualTo("41\n");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Tag("proof")
    void aRunWhoseClientDiedGoesOnAndIsPickedUpByRunningItAgain() throws IOException {
        var effects = write("effects", "");
        var gate = folder.resolve("open");
        write("w.makeflow", """
                one:
                \techo one >> $(EFFECTS) && echo 1 > one
                two: one
                \techo two >> $(EFFECTS) && until [ -e $(GATE) ]; do sleep 0.1; done && cp one two
                """);
        String[] options = {"--set", "EFFECTS=" + effects, "--set", "GATE=" + gate};
        cluster.killedClient(
                () -> Eventually.until("two runs", PATIENCE, () -> lines(effects), List.of("one", "two")::equals),
                "run",
                folder.resolve("w.makeflow").toString(),
                options[0],
                options[1],
                options[2],
                options[3]);
        assertThat(folder.resolve("two")).doesNotExist();
        var job = rest.get("/api/v1/jobs?limit=1").json().at("/items/0/id").asText();
        Files.createFile(gate);
        assertThat(rest.ended(job, PATIENCE).path("state").asText()).isEqualTo("succeeded");

        assertThat(again(effects, options)).isEmpty();
        assertThat(folder.resolve("two")).hasContent("1");
    }

    /** What a further run adds to a file. */
    private List<String> again(Path effects, String... options) throws IOException {
        var before = Files.readAllLines(effects).size();
        var printed = run("w.makeflow", options);
        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        var after = Files.readAllLines(effects);
        return after.subList(before, after.size());
    }

    /** The attempt of that number of a task, once it has succeeded. */
    private static JsonNode awaitAttempt(String job, String name, int number) {
        var task = Eventually.until(
                name + " has succeeded by attempt " + number,
                PATIENCE,
                () -> task(job, name),
                last -> last.path("state").asText().equals("succeeded")
                        && last.path("attempts").path(0).path("number").asInt() == number);
        return task.path("attempts").path(0);
    }

    private static JsonNode task(String job, String name) {
        for (var task : rest.get("/api/v1/tasks?job=" + job).json().path("items")) {
            if (task.path("name").asText().equals(name)) {
                return task;
            }
        }
        throw new AssertionError("job " + job + " has no task " + name);
    }

    @Test
    @Tag("proof")
    void aStudyRunsOnEachOfItsSystemsAndBringsItsTableBack() throws IOException {
        write("data/one.txt", "one\n");
        write("data/more/two.txt", "two two\n");
        write("count.lsl", """
                def unit = 'c'
                study(name: 'Words') {
                    action(name: 'select', type: 'Select') { abstraction('Texts') { directory 'data' } }
                    action(name: 'count', type: 'Command') {
                        dependsOn 'select'
                        include 'Text*'
                        command { text -> "wc -$unit < ${text.path} | tr -d ' ' > words" }
                        records = ['words']
                    }
                    action(name: 'table', type: 'Export') { file = 'out/words.csv'; dependsOn 'count'; include '*' }
                    action(name: 'all', type: 'Collect') { file = 'all.txt'; dependsOn 'count'; include '*' }
                    action(name: 'broken', type: 'Command') { command = 'exit 3' }
                    action(name: 'never', type: 'Command') { command = 'true'; outputs = ['x']; dependsOn 'broken' }
                    action(name: 'none', type: 'Collect') { dependsOn 'never'; include '*' }
                }
                """);

        assertThat(run("count.lsl", "--dry-run").stdout()).isEqualTo("""
                7 tasks
                  all: 1
                  broken: 1
                  count: 2
                  never: 1
                  none: 1
                  table: 1
                inputs:  data
                outputs: out/words.csv all.txt none
                """);

        var printed = run("count.lsl", "--set", "unit=w");

        assertThat(printed.exitCode()).as(printed.toString()).isEqualTo(3);
        assertThat(printed.stderr()).contains("'broken' on w");
        assertThat(folder.resolve("all.txt")).hasContent("2\n1\n");
        assertThat(Files.readString(folder.resolve("out/words.csv"))).matches("""
                EXECUTIONID,ACTIONID,ABSTRACTIONID,SYSTEMID,TYPE,VALUE
                [0-9]+,count,Texts,more/two.txt,words,2
                [0-9]+,count,Texts,one.txt,words,1
                """);
        assertThat(folder.resolve("none")).doesNotExist();

        var job = lastJob();
        var results = folder.resolve("results.csv");
        var asked = cluster.client(
                "job",
                "results",
                job,
                "select SYSTEMID, TYPE, VALUE, VALUE * 10 as tens from results where ACTIONID = 'count' order by SYSTEMID",
                "-o",
                results.toString());
        assertThat(asked.exitCode()).as(asked.toString()).isZero();
        assertThat(results).hasContent("""
                SYSTEMID,TYPE,VALUE,tens
                more/two.txt,words,2,20
                one.txt,words,1,10
                """.replace("\n", "\r\n"));
        assertThat(cluster.client("job", "results", job, "delete from results").stderr())
                .contains("this is no query; results can only be read");
    }

    /** With what Maven has brought for this build itself, so that it needs no network. */
    @Test
    @Tag("proof")
    void aStudyTestsAProjectByTheWorkersMavenAndRecordsEachTest() throws IOException {
        write("project/src/test/java/SumTest.java", """
                import static org.junit.jupiter.api.Assertions.assertEquals;

                import org.junit.jupiter.api.Test;

                class SumTest {
                    @Test
                    void adds() {
                        assertEquals(2, 1 + 1);
                    }

                    @Test
                    void errs() {
                        assertEquals(3, 1 + 1, "a sum, wrong");
                    }
                }
                """);
        var plugins = new StringBuilder();
        for (var plugin : List.of("resources", "compiler", "surefire")) {
            var name = "maven-" + plugin + "-plugin";
            plugins.append("<plugin><artifactId>" + name + "</artifactId><version>"
                    + ofThisBuild(name + "</artifactId>\\s*<version>([^<]+)") + "</version></plugin>");
        }
        write("project/pom.xml", """
                <project>
                  <modelVersion>4.0.0</modelVersion>
                  <groupId>sum</groupId><artifactId>sum</artifactId><version>1</version>
                  <properties>
                    <maven.compiler.release>17</maven.compiler.release>
                    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
                  </properties>
                  <dependencies>
                    <dependency>
                      <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId>
                      <version>JUNIT</version><scope>test</scope>
                    </dependency>
                  </dependencies>
                  <build><plugins>PLUGINS</plugins></build>
                </project>
                """.replace("JUNIT", ofThisBuild("<junit.version>([^<]+)"))
                .replace("PLUGINS", plugins));
        // offline, and whichever mirror the artifacts came from
        write("test.lsl", """
                study(name: 'Sum') {
                    action(name: 'test', type: 'Maven') {
                        inputs = ['project']
                        project = 'project'
                        repository = 'REPOSITORY'
                        goals = ['-o', '-Dmaven.legacyLocalRepo=true', 'test']
                    }
                }
                """.replace("REPOSITORY", System.getProperty("org.ops4j.pax.url.mvn.localRepository")));

        var printed = run("test.lsl");

        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        var asked = cluster.client(
                "job",
                "results",
                lastJob(),
                "select group_concat(VALUE, ' ') as cell from results where TYPE in ('TEST', 'OUTCOME', 'MESSAGE')"
                        + " group by Y order by cell",
                "-o",
                folder.resolve("tests.csv").toString());
        assertThat(asked.exitCode()).as(asked.toString()).isZero();
        assertThat(Files.readString(folder.resolve("tests.csv"))).matches("""
                cell\r
                adds passed ?\r
                "errs failed a sum, wrong ==> .*expected: <3> but was: <2>"\r
                """);
    }

    /** What the root of this build says of a version. */
    private static String ofThisBuild(String pattern) throws IOException {
        var found = Pattern.compile(pattern).matcher(Files.readString(Path.of(System.getProperty("muster.pom"))));
        assertThat(found.find()).as(pattern).isTrue();
        return found.group(1);
    }

    private static String lastJob() {
        return rest.get("/api/v1/jobs?limit=1")
                .json()
                .path("items")
                .path(0)
                .path("id")
                .asText();
    }

    @Test
    void aStudyThatTriesToReachTheManagerIsToldWhere() throws IOException {
        write("evil.lsl", "study(name: 'x') {\n  System.exit(0)\n}\n");

        var printed = run("evil.lsl");

        assertThat(printed.exitCode()).as(printed.toString()).isNotZero();
        assertThat(printed.stderr()).contains("evil.lsl:2:3: 'System' is not defined; scripts reach no classes");
    }

    /** A program in place of the demo's, which makes of the same files the same, quickly: digests of what it is given. */
    private static final String STAND_IN = """
            #!/bin/sh
            # -XX:TieredStopAtLevel=1 -jar PROGRAM COMMAND [NUMBER] FOLDER
            case $4 in
                terrain) cksum < "$3" > terrain.grid ;;
                day) { echo "$5"; cat terrain.grid; } | cksum > "$(printf 'day-%03d.grid' "$5")" ;;
                month) cat day-*.grid | cksum > "$(printf 'month-%02d.grid' "$5")" ;;
                year) cat terrain.grid month-*.grid | cksum > year.grid; cat month-*.grid > year.png ;;
            esac
            """;

    @Test
    @Tag("proof")
    void theDemoComesToTheSameInEachLanguage() throws IOException {
        var java = write("java", STAND_IN);
        assertThat(java.toFile().setExecutable(true)).isTrue();

        var jar = write("muster-demo.jar", "the program");
        var results = new ArrayList<List<String>>();
        for (var form : new String[][] {
            {"sunlight.jx", "JAVA", "JAR", "."},
            {"sunlight.yaml", "java", "jar", "."},
            {"sunlight.lsl", "java", "jar", "sunlight"}
        }) {
            var place = Files.createDirectories(folder.resolve(form[0] + ".d"));
            var script = Files.copy(Path.of(System.getProperty("muster.examples"), form[0]), place.resolve(form[0]));

            var printed = cluster.client(
                    Duration.ofMinutes(5),
                    "run",
                    script.toString(),
                    "--set",
                    form[1] + "=" + java,
                    "--set",
                    form[2] + "=" + jar,
                    "--no-cache");

            assertThat(printed.exitCode()).as(printed.toString()).isZero();
            var made = place.resolve(form[3]);
            results.add(List.of(
                    Files.readString(made.resolve("year.grid"), StandardCharsets.ISO_8859_1),
                    Files.readString(made.resolve("year.png"), StandardCharsets.ISO_8859_1)));
        }
        assertThat(results).hasSize(3);
        // what stands for the grid of the year and its picture, byte for byte
        assertThat(Set.copyOf(results)).hasSize(1);
        assertThat(results.get(0).get(1).lines()).hasSize(12).doesNotHaveDuplicates();
    }

    @Test
    @Tag("proof")
    void everyFaultIsToldWithItsPlaceAndHasNoEffect() {
        var before = rest.get("/api/v1/jobs").json().path("items").size();
        var scripts = MalformedWorkflows.all();
        var rules = new SoftAssertions();
        for (var script : scripts) {
            var body = Rest.object();
            body.put("file", script.file()).put("text", script.text());
            body.putObject("files").put("w.makeflow", script.text());
            var undefined = body.putArray("undefined");
            for (var name : new String[] {"CORES", "MEMORY", "DISK", "GPUS", "WALL_TIME", "NONE_SUCH"}) {
                undefined.add(name);
            }
            for (var length = 0; length < 10; length++) {
                undefined.add("V" + "x".repeat(length));
            }
            var answer = rest.post("/api/v1/workflows", body.toString());
            var shown = script.text().substring(0, Math.min(100, script.text().length()));
            rules.assertThat(answer.status()).as(shown).isEqualTo(400);
            rules.assertThat(answer.json().path("detail").asText())
                    .as(shown)
                    .matches("w\\.(makeflow|jx|yaml|lsl):[0-9]+:[0-9]+: .+");
        }
        rules.assertAll();
        assertThat(scripts).hasSizeGreaterThan(200);
        assertThat(rest.get("/api/v1/jobs").json().path("items")).hasSize(before);
    }
}
