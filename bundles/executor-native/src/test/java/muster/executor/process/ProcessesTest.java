package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessesTest {
    @TempDir
    Path folder;

    private final Processes processes = open();
    private Process process;

    @AfterEach
    void end() throws Exception {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
        processes.close();
    }

    @Test
    void readsProcessesWhateverTheirName() throws Exception {
        var program = Files.copy(
                Path.of("/bin/sleep").toRealPath(), folder.resolve("a) Z 1 (b"), StandardCopyOption.COPY_ATTRIBUTES);
        process = new ProcessBuilder(program.toString(), "1000").start();
        var pid = Math.toIntExact(process.pid());

        eventually("it sleeps", () -> processes.stat(pid).orElseThrow().state() == 'S');

        var stat = processes.stat(pid).orElseThrow();
        assertThat(stat.parent()).isEqualTo(processes.self);
        assertThat(stat.dead()).isFalse();
        assertThat(processes.isOfOwnSession(stat)).isTrue();
        assertThat(processes.children(processes.self)).contains(pid);
        assertThat(processes.peakMemoryBytes(pid)).isPositive();
    }

    @Test
    void readsTheEnvironmentOfAProcess() throws Exception {
        var builder = new ProcessBuilder("sleep", "1000");
        builder.environment().putAll(Map.of("MUSTER_TASK", "17.3", "MUSTER_TASK_MORE", "no", "EMPTY", ""));
        process = builder.start();
        var pid = Math.toIntExact(process.pid());

        eventually(
                "it has its environment",
                () -> processes.variable(pid, "MUSTER_TASK").isPresent());

        assertThat(processes.variable(pid, "MUSTER_TASK")).contains("17.3");
        assertThat(processes.variable(pid, "EMPTY")).contains("");
        assertThat(processes.variable(pid, "MUSTER")).isEmpty();
    }

    @Test
    void knowsNothingOfAProcessThatIsGone() throws Exception {
        process = new ProcessBuilder("true").start();
        process.waitFor();
        var pid = Math.toIntExact(process.pid());

        assertThat(processes.stat(pid)).isEmpty();
        assertThat(processes.children(pid)).isEmpty();
        assertThat(processes.variable(pid, "PATH")).isEmpty();
        assertThat(processes.places(pid)).isEmpty();
        assertThat(processes.peakMemoryBytes(pid)).isZero();
    }

    private static Processes open() {
        try {
            return new Processes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
