package muster.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessesTest {
    @TempDir
    private Path proc;

    private Processes processes;

    @BeforeEach
    void open() {
        processes = new Processes(proc);
    }

    @Test
    void findsNodesByTheirFolder() throws IOException {
        process(10, "java\0-Xmx1g\0-Dkaraf.base=/c/manager\0-cp\0x\0", "");
        process(11, "java\0-Dkaraf.base=/c/w1\0", "");
        process(12, "java\0-Dkaraf.base=/other/w1\0", "");
        process(13, "grep\0-- -Dkaraf.base=/c/w2\0", "");
        Files.createDirectories(proc.resolve("14"));
        Files.createDirectories(proc.resolve("sys"));

        assertThat(processes.nodes(Path.of("/c"))).isEqualTo(Map.of("manager", 10L, "w1", 11L));
    }

    @Test
    void aClusterInAFolderWithinIsAnother() throws IOException {
        process(10, "java\0-Dkaraf.base=/c/demo/w1\0", "");
        process(11, "sleep\0", "A=b\0MUSTER_SCRATCH=/c/demo/w1/data/work/1\0");
        process(12, "sleep\0", "MUSTER_SCRATCH=/c/w1/data/work/1\0");

        assertThat(processes.nodes(Path.of("/c"))).isEmpty();
        assertThat(processes.tasks(Path.of("/c"))).containsExactly(12L);
        assertThat(processes.tasks(Path.of("/c/demo"))).containsExactly(11L);
    }

    private void process(int pid, String commandLine, String environment) throws IOException {
        var folder = Files.createDirectories(proc.resolve(Integer.toString(pid)));
        Files.writeString(folder.resolve("cmdline"), commandLine);
        Files.writeString(folder.resolve("environ"), environment);
    }
}
