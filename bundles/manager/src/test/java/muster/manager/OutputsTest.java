package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.TaskId;
import muster.data.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputsTest {
    private static final JobId JOB = new JobId(7);

    @TempDir
    private Path folder;

    private static Outputs.Made made(int index) {
        return new Outputs.Made(new AttemptId(new TaskId(JOB, index), 1), "w1", new Manifest(List.of()));
    }

    @Test
    void bringsNamesFromTheBucketAlsoAfterThatFailedHalfWay() throws IOException {
        var bucket = new FolderBucket(folder.resolve("bucket"));
        try (var before = new Outputs(folder.resolve("before"), bucket)) {
            before.record(made(0));
            before.record(made(1));
        }
        var root = folder.resolve("after");
        try (var outputs = new Outputs(root, bucket)) {
            var inTheWay =
                    Files.createFile(Files.createDirectories(root.resolve("7")).resolve("1"));
            assertThatThrownBy(() -> outputs.of(JOB)).hasMessageContaining("the list of outputs");

            Files.delete(inTheWay);

            assertThat(outputs.of(JOB)).containsExactly(made(0), made(1));
        }
    }
}
