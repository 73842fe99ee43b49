package muster.rest.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import muster.api.IndexSet;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.Work;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobSpecWriterTest {
    static List<JobSpec> jobs() {
        var full = TaskSpec.builder()
                .name("t")
                .executor("docker")
                .command(List.of("sh", "-c", ""))
                .parameters(new Parameters(Map.of("a", List.of(1L, 2.5, true, "x"), "m", Map.of("k", Map.of()))))
                .environment(Map.of("A", "", "B", "ü\n"))
                .workingDirectory("/abs")
                .stdin("in")
                .stdout("out-%i")
                .stderr("err")
                .resources(new Resources(0.125, 1536L << 20, 1000, 2, Map.of("license", 1L), List.of("ssd", "!slow")))
                .timeLimit(Duration.ofMillis(1500))
                .retries(3)
                .mayFail(true)
                .build();
        var named = TaskSpec.builder()
                .name("b")
                .command(List.of("x"))
                .resources(new Resources(0, 1, 0, 0, Map.of(), List.of()))
                .timeLimit(Duration.ofDays(400))
                .needs(List.of("t"))
                .build();
        return List.of(
                JobSpec.command(List.of("true")),
                new JobSpec(
                        "n",
                        List.of("a", "b=c"),
                        -7,
                        List.of(
                                new JobSpec.Dependency(new JobId(1), true),
                                new JobSpec.Dependency(new JobId(2), false)),
                        0,
                        new Work.Single(full)),
                JobSpec.of("", new Work.Array(full, IndexSet.parse("1,3,7-9,20-40:5"), null, 4)),
                JobSpec.of("", new Work.Array(full, IndexSet.range(0, 2), List.of("a", "", "{\"b\":1}"), 0)),
                JobSpec.of(
                        "g",
                        new Work.Graph(List.of(
                                full, named.toBuilder().category("all days").build()))),
                JobSpec.of(
                        "s",
                        new Work.Graph(List.of(
                                full.toBuilder()
                                        .session(new SessionSpec("s", 3L << 30, List.of("a", "b"), List.of()))
                                        .build(),
                                named.toBuilder()
                                        .session(new SessionSpec("", 0, List.of(), List.of()))
                                        .build()))));
    }

    @ParameterizedTest
    @MethodSource("jobs")
    void whatIsWrittenReadsAsTheSame(JobSpec job) {
        assertThat(JobSpecReader.read(JobSpecWriter.write(job))).isEqualTo(job);
    }
}
