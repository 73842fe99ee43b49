package muster.rest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import muster.api.AttemptView;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.TaskView;
import muster.api.Usage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Instant START = Instant.parse("2026-11-24T20:00:00Z");
    private static final JobId JOB = new JobId(17);

    private final List<Run.Task> tasks = new ArrayList<>();
    private final List<int[]> needs = new ArrayList<>();

    private void task(String name, TaskState state, int... needed) {
        var second = tasks.size();
        var failed = state == TaskState.FAILED || state == TaskState.IGNORED;
        var attempt = state == TaskState.CANCELED
                ? null
                : new AttemptView(
                        failed ? 3 : 1,
                        "w" + second % 11,
                        failed ? Cause.EXIT_CODE : null,
                        failed ? 3 : 0,
                        null,
                        failed ? "exited with code 3" : "",
                        failed ? "no such <colour>\n" : "",
                        START.plusSeconds(second),
                        START.plusSeconds(second),
                        START.plusSeconds(second + 2),
                        new Usage(Duration.ofSeconds(2), Duration.ofSeconds(1), 600L << 20));
        task(name, state, attempt, needed);
    }

    private void task(String name, TaskState state, @Nullable AttemptView attempt, int... needed) {
        var spec = TaskSpec.builder()
                .name(name)
                .executor("docker")
                .command(List.of("/bin/sh", "-ec", "make \"" + name + "\", now"))
                .parameters(new Parameters(Map.of("image", "debian:12")))
                .resources(new Resources(2, 512L << 20, 0, 0, Map.of(), List.of()))
                .build();
        var id = new TaskId(JOB, tasks.size());
        var attempts = attempt == null ? List.<AttemptView>of() : List.of(attempt);
        tasks.add(new Run.Task(new TaskView(id, name, "docker", null, state, attempts, "", false), spec, attempt));
        needs.add(needed);
    }

    private void takenFromAnEarlierRun(String name) {
        task(name, TaskState.SUCCEEDED);
        var last = tasks.remove(tasks.size() - 1);
        var view = new TaskView(
                last.view().id(),
                name,
                "docker",
                null,
                TaskState.SUCCEEDED,
                last.view().attempts(),
                "taken from the cache: task 3.1 made it on worker 'w<1>'",
                true);
        tasks.add(new Run.Task(view, last.spec(), last.attempt()));
    }

    @Test
    void tellsWhereWhatWasNotRunCameFrom() {
        task("first", TaskState.SUCCEEDED);
        takenFromAnEarlierRun("second");

        assertThat(ReportPage.of(run("r")))
                .contains("<b>1</b><span>taken from earlier runs</span>")
                .contains(
                        "<td class=\"name\">second</td><td>taken from the cache: task 3.1 made it on worker &#39;w&lt;1&gt;&#39;");
        assertThat(Trace.csv(run("r"))).contains(",first,COMPLETED,").contains(",second,CACHED,");
    }

    @Test
    void countsIgnoredFailuresApart() {
        task("first", TaskState.SUCCEEDED);
        task("sample-1", TaskState.FAILED);
        task("sample-2", TaskState.IGNORED);
        var why = "was not run: takes 'out' of 'sample-2', which did not succeed";
        var id = new TaskId(JOB, tasks.size());
        var view = new TaskView(id, "never", "docker", null, TaskState.IGNORED, List.of(), why, false);
        tasks.add(new Run.Task(view, tasks.get(0).spec(), null));
        needs.add(new int[] {2});

        assertThat(ReportPage.of(run("r")))
                .contains("<b>1</b><span>failed</span>", "<b>2</b><span>ignored</span>")
                .containsSubsequence(
                        "<h2>Failures</h2>", "<b>sample-1</b>", "<h2>Ignored failures</h2>", "<b>sample-2</b>")
                .contains("task 17.3</span></p>\n<p>was not run: takes &#39;out&#39; of &#39;sample-2&#39;")
                .contains("0 of 2, 1 failed, 1 ignored", "<div class=\"failure ignored\">");
        assertThat(Trace.csv(run("r"))).contains(",sample-2,FAILED,");
    }

    private Run run(String name) {
        var counts = new EnumMap<TaskState, Integer>(TaskState.class);
        var categories = new LinkedHashMap<String, List<Integer>>();
        for (var i = 0; i < tasks.size(); i++) {
            counts.merge(tasks.get(i).state(), 1, Integer::sum);
            categories
                    .computeIfAbsent(tasks.get(i).spec().categoryName(), category -> new ArrayList<>())
                    .add(i);
        }
        var state = counts.containsKey(TaskState.FAILED) ? JobState.FAILED : JobState.SUCCEEDED;
        var job = new JobView(
                JOB,
                name,
                "ursula",
                List.of(),
                0,
                "graph",
                state,
                tasks.size(),
                counts,
                START,
                START,
                START.plusSeconds(tasks.size() + 1L),
                "");
        return new Run(job, tasks, needs.toArray(int[][]::new), categories);
    }

    private void threeOfWhichOneFails() {
        task("first", TaskState.SUCCEEDED);
        task("day-1", TaskState.SUCCEEDED, 0);
        task("day-2", TaskState.FAILED, 0);
        task("last", TaskState.CANCELED, 1, 2);
    }

    @Test
    void thePageTellsWhatFailedWhereWhyAndHowToRunItAlone() {
        threeOfWhichOneFails();

        var page = ReportPage.of(run("a <b> & c"));

        assertThat(page)
                .contains(
                        "<title>a &lt;b&gt; &amp; c · Muster</title>",
                        "<b>day-2</b> <span class=\"dim\">task 17.2 on w2, attempt 3, after 2.0 s",
                        "exited with code 3",
                        "make &quot;day-2&quot;, now",
                        "no such &lt;colour&gt;",
                        "muster task shell 17.2")
                .contains("1 of 2, 1 failed", "25% of 2 cores", "600 MiB of 512 MiB")
                .doesNotContain("<script", "http://", "https://", "<b> &");
    }

    @Test
    void thePageIsWellFormedAndNeedsNothingElse() throws Exception {
        threeOfWhichOneFails();

        var page = ReportPage.of(run("x")).replaceFirst("<!doctype html>\n", "").replaceAll("(<meta [^>]*)>", "$1/>");

        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8)));
        for (var element : List.of("link", "script", "img", "iframe")) {
            assertThat(document.getElementsByTagName(element).getLength()).isZero();
        }
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(3 + 4);
    }

    @Test
    void aLargeRunIsDrawnByCategoryAndAsAHeightWithinBounds() {
        task("first", TaskState.SUCCEEDED);
        IntStream.range(0, 20_000).forEach(i -> task("part-" + i, TaskState.SUCCEEDED, 0));
        task("last", TaskState.SUCCEEDED, 5, 6);

        var page = ReportPage.of(run("large"));

        assertThat(page).hasSizeLessThan(300_000).contains(">part-#<", "how many tasks ran at once");
    }

    @Test
    void whatIsTooWideToBeSeenIsDrawnByCategory() {
        task("first", TaskState.SUCCEEDED);
        IntStream.range(0, 12).forEach(i -> task("part-" + i, TaskState.SUCCEEDED, 0));
        assertThat(ReportPage.of(run("x"))).contains("<title>part-11</title>").doesNotContain("by category");

        task("part-12", TaskState.SUCCEEDED, 0);
        assertThat(ReportPage.of(run("x"))).contains("<title>part-#</title>", "by category", "13 of 13");
    }

    @Test
    void workersAreInTheOrderOfTheirNumbers() {
        IntStream.range(0, 11).forEach(i -> task("t" + i, TaskState.SUCCEEDED));

        assertThat(ReportPage.of(run("x"))).matches("(?s).*<b>w2<.*<b>w10<.*");
    }

    @Test
    void aJobThatHasNotBegunHasAPage() {
        task("first", TaskState.CANCELED);

        assertThat(ReportPage.of(run("x"))).contains("No task has run");
    }

    @Test
    void theTraceHasNextflowsNamesAndRawValues() {
        threeOfWhichOneFails();

        var lines = Trace.csv(run("x")).split("\r\n");

        assertThat(lines[0])
                .isEqualTo(
                        "task_id,native_id,process,name,status,exit,container,cpus,time,disk,memory,attempt,submit,start,"
                                + "complete,duration,realtime,%cpu,peak_rss,hostname,script");
        assertThat(lines[3])
                .isEqualTo(
                        "3,17.2,day-#,day-2,FAILED,3,debian:12,2,-,-,536870912,3,1795550402000,1795550402000,1795550404000,"
                                + "2000,2000,50.0,629145600,w2,\"make \"\"day-2\"\", now\"");
        assertThat(lines[4]).startsWith("4,17.3,last,last,ABORTED,-,debian:12,2,-,-,536870912,-,-");
        assertThat(lines).hasSize(5);
    }

    @Test
    void theGraphHasTheStateOfEachTaskAndOfManyThatOfTheirCategory() {
        threeOfWhichOneFails();

        assertThat(RunGraph.of(run("x")).write(RunGraph.Form.of("mermaid")))
                .contains("n2[\"day-2\"]", "n0 --> n1", "n2 --> n3", "class n2 failed");
        assertThat(RunGraph.of(run("x")).write(RunGraph.Form.of("dot")))
                .contains("n2 [label=\"day-2\", fillcolor=\"#f5c6c2\"]", "n0 -> n1");
        IntStream.range(0, 100).forEach(i -> task("day-" + i, TaskState.SUCCEEDED, 0));
        assertThat(RunGraph.of(run("x")).write(RunGraph.Form.of("dot"))).contains("label=\"day-#\\n101 of 102\"");
        assertThat(RunGraph.of(run("x")).write(RunGraph.Form.of("mermaid"))).contains("[\"day-#35;<br/>101 of 102\"]");
        assertThatThrownBy(() -> RunGraph.Form.of("svg")).hasMessageContaining("neither mermaid nor dot");
    }
}
