package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import muster.api.MusterException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
    @TempDir
    Path work;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void stop() {
        processes.forEach(process -> process.descendants().forEach(ProcessHandle::destroyForcibly));
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void killsWhatItsTasksLeftRunning() throws Exception {
        var left = start("w1", work, "sleep", "1000");

        assertThat(Leftovers.kill("w1", work)).isEqualTo(1);

        assertThat(left.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void killsChildrenThatDroppedTheirEnvironment() throws Exception {
        var left = start("w1", work, "sh", "-c", "env -i sleep 1000 & wait");
        eventually("its child runs", () -> left.descendants().count() == 1);
        var child = left.descendants().findFirst().orElseThrow();

        assertThat(Leftovers.kill("w1", work)).isEqualTo(2);

        assertThat(left.waitFor(10, TimeUnit.SECONDS)).isTrue();
        eventually("its child is gone", () -> !child.isAlive());
    }

    @Test
    void leavesTheTasksOfOtherWorkersAlone() throws Exception {
        var otherWorker = start("w2", work, "sleep", "1000");
        var otherFolder = start("w1", work.resolve("other"), "sleep", "1000");

        assertThat(Leftovers.kill("w1", work)).isZero();

        assertThat(otherWorker.isAlive()).isTrue();
        assertThat(otherFolder.isAlive()).isTrue();
    }

    @Test
    void removesTheWorkspacesThatACrashLeft() throws IOException {
        try (var folder = WorkFolder.open(work)) {
            Files.writeString(makeAttempt(folder, 0, null).resolve("file"), "left");
            makeAttempt(folder, 1, null);
            var session = folder.makeSession(1);
            Files.writeString(session.resolve("file"), "left");
            Files.writeString(makeAttempt(folder, 2, session).resolve("file"), "left");

            assertThat(folder.clear()).isEqualTo(3);
            assertThat(session).doesNotExist();
            assertThat(folder.clear()).isZero();
        }
    }

    private static Path makeAttempt(WorkFolder folder, int index, Path session) {
        return WorkFolder.makeFolder(folder.attempt(Tasks.attempt(17, index, 1), session), Identity.WORKER);
    }

    @Test
    void refusesAFolderThatAnotherWorkerUses() {
        try (var folder = WorkFolder.open(work)) {
            assertThatThrownBy(() -> WorkFolder.open(work))
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining(work.toString());
            assertThat(folder.root()).isDirectory();
        }
        WorkFolder.open(work).close();
    }

    private Process start(String worker, Path folder, String... command) throws IOException {
        var builder = new ProcessBuilder(command);
        builder.environment().put("MUSTER_WORKER", worker);
        builder.environment().put(Leftovers.MARK, folder.toString());
        var process = builder.start();
        processes.add(process);
        // until it has become the command, its environment is still the test's
        eventually("it runs", () -> process.info()
                .command()
                .filter(c -> !c.contains("jspawnhelper") && !c.contains("java"))
                .isPresent());
        return process;
    }
}
