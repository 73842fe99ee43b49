package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.LogStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogsTest {
    @TempDir
    Path root;

    @TempDir
    Path spare;

    private Logs logs;

    @BeforeEach
    void open() throws IOException {
        logs = new Logs(root, new Spares(spare), 100);
    }

    @Test
    void keepsLogsByJobIndexAndAttempt() {
        assertThat(logs.make(Tasks.attempt(17, 3, 2), LogStream.STDERR)).isEqualTo(root.resolve("17/3@2.stderr"));
    }

    @Test
    void deletesFirstWhatWasLongestNotRead() throws IOException {
        keep(Tasks.attempt(1, 0, 1), 40);
        keep(Tasks.attempt(2, 0, 1), 40);
        assertThat(logs.find(Tasks.attempt(1, 0, 1), LogStream.STDOUT)).isPresent();

        keep(Tasks.attempt(3, 0, 1), 40);

        assertThat(logs.find(Tasks.attempt(1, 0, 1), LogStream.STDOUT)).isPresent();
        assertThat(logs.find(Tasks.attempt(2, 0, 1), LogStream.STDOUT)).isEmpty();
        assertThat(root.resolve("2")).doesNotExist();
        assertThat(logs.find(Tasks.attempt(3, 0, 1), LogStream.STDOUT)).isPresent();
    }

    @Test
    void knowsTheLogsThatAnEarlierProcessKept() throws IOException {
        keep(Tasks.attempt(1, 0, 1), 40);
        keep(Tasks.attempt(2, 0, 1), 40);
        Files.setLastModifiedTime(
                root.resolve("1/0@1.stdout"), FileTime.from(Instant.now().minusSeconds(60)));

        logs = new Logs(root, new Spares(spare), 60);

        assertThat(logs.find(Tasks.attempt(1, 0, 1), LogStream.STDOUT)).isEmpty();
        assertThat(logs.find(Tasks.attempt(2, 0, 1), LogStream.STDOUT).map(Logs.Log::file))
                .hasValue(root.resolve("2/0@1.stdout"));
    }

    @Test
    void forgetsAJob() throws IOException {
        keep(Tasks.attempt(1, 0, 1), 10);
        keep(Tasks.attempt(1, 1, 1), 10);
        keep(Tasks.attempt(11, 0, 1), 10);

        logs.forget(new JobId(1));
        logs.forget(new JobId(2));

        assertThat(root.resolve("1")).doesNotExist();
        assertThat(root.resolve("11/0@1.stdout")).exists();
    }

    @Test
    void leavesTheLogsOfWhatRunsWhenAJobIsForgotten() throws IOException {
        logs.open(new JobId(1));
        var running = logs.make(Tasks.attempt(1, 0, 1), LogStream.STDOUT);
        Files.writeString(running, "still here");

        logs.forget(new JobId(1));

        assertThat(running).exists();
    }

    @Test
    void removesAFolderWhenTheLastOfItsAttemptsHasEnded() {
        logs.open(new JobId(1));
        logs.open(new JobId(1));

        logs.close(new JobId(1));
        assertThat(root.resolve("1")).isDirectory();

        logs.close(new JobId(1));
        assertThat(root.resolve("1")).doesNotExist();
    }

    @Test
    void readsAPartAndKnowsTheEnd() throws IOException {
        var file = Files.writeString(root.resolve("file"), "0123456789");

        var middle = Logs.read(new Logs.Log(file, Identity.WORKER), 2, 3, true);
        var rest = Logs.read(new Logs.Log(file, Identity.WORKER), 5, 100, true);
        var beyond = Logs.read(new Logs.Log(file, Identity.WORKER), 50, 100, true);
        var growing = Logs.read(new Logs.Log(file, Identity.WORKER), 5, 100, false);

        assertThat(middle.bytes()).asString().isEqualTo("234");
        assertThat(middle.ended()).isFalse();
        assertThat(rest.bytes()).asString().isEqualTo("56789");
        assertThat(rest.ended()).isTrue();
        assertThat(beyond.bytes()).isEmpty();
        assertThat(beyond.ended()).isTrue();
        assertThat(growing.ended()).isFalse();
    }

    private void keep(AttemptId attempt, int bytes) throws IOException {
        logs.open(attempt.task().job());
        var file = logs.make(attempt, LogStream.STDOUT);
        Files.write(file, new byte[bytes]);
        logs.keep(file, bytes);
        logs.close(attempt.task().job());
    }
}
