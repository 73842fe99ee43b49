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
        var full = new TaskSpec(
                "t",
                "docker",
                List.of("sh", "-c", ""),
                new Parameters(Map.of("a", List.of(1L, 2.5, true, "x"), "m", Map.of("k", Map.of()))),
                Map.of("A", "", "B", "ü\n"),
                "/abs",
                "in",
                "out-%i",
                "err",
                new Resources(0.125, 1536L << 20, 1000, 2, Map.of("license", 1L), List.of("ssd", "!slow")),
                Duration.ofMillis(1500),
                3,
                List.of());
        var named = new TaskSpec(
                "b",
                "native",
                List.of("x"),
                Parameters.NONE,
                Map.of(),
                null,
                null,
                null,
                null,
                new Resources(0, 1, 0, 0, Map.of(), List.of()),
                Duration.ofDays(400),
                0,
                List.of("t"));
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
                JobSpec.of("g", new Work.Graph(List.of(full, named.withCategory("all days")))),
                JobSpec.of(
                        "s",
                        new Work.Graph(List.of(
                                full.withSession(new SessionSpec("s", 3L << 30, List.of("a", "b"), List.of())),
                                named.withSession(new SessionSpec("", 0, List.of(), List.of()))))));
    }

    @ParameterizedTest
    @MethodSource("jobs")
    void whatIsWrittenReadsAsTheSame(JobSpec job) {
        assertThat(JobSpecReader.read(JobSpecWriter.write(job))).isEqualTo(job);
    }
}
