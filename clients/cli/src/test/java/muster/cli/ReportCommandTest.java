package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import muster.cli.client.ExitCode;
import muster.cli.client.FakeManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
    @TempDir
    private Path folder;

    private final FakeManager manager = new FakeManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private Run run(String... arguments) {
        return Run.of(manager.environment(), arguments);
    }

    @Test
    void writesThePageTheTraceAndTheGraph() {
        manager.on("GET /jobs/17/report", 200, "<!doctype html>");
        manager.on("GET /jobs/17/trace", 200, "task_id\r\n");
        manager.on("GET /jobs/17/graph", 200, "flowchart LR");

        var run = run(
                "job",
                "report",
                "17",
                "-o",
                folder.resolve("r.html").toString(),
                "--trace",
                folder.resolve("t.csv").toString(),
                "--graph",
                folder.resolve("g.mmd").toString());

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(folder.resolve("r.html")).hasContent("<!doctype html>");
        assertThat(folder.resolve("t.csv")).hasContent("task_id");
        assertThat(folder.resolve("g.mmd")).hasContent("flowchart LR");
        assertThat(manager.requests()).anyMatch(request -> request.endsWith("graph?form=mermaid"));
    }

    @Test
    void writesOnlyWhatIsAskedForAndTheFormThatTheFileHas() {
        manager.on("GET /jobs/17/graph", 200, "digraph");

        assertThat(run("job", "report", "17", "--graph", folder.resolve("g.dot").toString())
                        .exitCode())
                .isZero();
        assertThat(manager.requests()).singleElement().asString().endsWith("graph?form=dot");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() throws IOException {
        manager.on("GET /jobs/17/report", 200, "x");
        var there = Files.createDirectory(folder.resolve("there"));

        var run = run("job", "report", "17", "-o", there.toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.USER);
        assertThat(run.err()).contains("cannot write " + there);
    }
}
