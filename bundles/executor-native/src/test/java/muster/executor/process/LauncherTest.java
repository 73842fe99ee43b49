package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import muster.api.executor.Program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LauncherTest {
    private static final String REPORT = "pwd; ls /proc/self/fd | tr '\\n' ' '; cat; echo \"$A\"; exit 3";

    @TempDir
    Path folder;

    @ParameterizedTest(name = "the C library changes directory: {0}, closes a range: {1}")
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void startsProgramsAlikeWhateverTheCLibraryOffers(boolean changesDirectory, boolean closesRange) throws Exception {
        var launcher = new Launcher(changesDirectory, closesRange);
        var input = Files.writeString(folder.resolve("in"), "in\n");
        try (var socket = new ServerSocket(0)) {
            assertThat(socket.isBound()).isTrue();

            var end = await(launcher.launch(program(folder, input)));

            assertThat(end.exitCode()).isEqualTo(3);
            assertThat(folder.resolve("out")).hasContent(folder.toRealPath() + "\n0 1 2 3 in\nvalue\n");
            assertThat(folder.resolve("err")).isEmptyFile();
            assertThat(Path.of("/proc/thread-self/cwd").toRealPath())
                    .isEqualTo(Path.of("").toRealPath());
        }
    }

    @ParameterizedTest(name = "the C library changes directory: {0}")
    @CsvSource({"true", "false"})
    void tellsTheErrorOfADirectoryThatIsNotThere(boolean changesDirectory) {
        var launcher = new Launcher(changesDirectory, true);

        assertThat(launcher.launch(program(folder.resolve("missing"), Path.of("/dev/null"))))
                .isEqualTo(-2);
    }

    @Test
    void findsWhatThisMachineOffers() throws Exception {
        assertThat(await(new Launcher().launch(program(folder, Path.of("/dev/null"))))
                        .exitCode())
                .isEqualTo(3);
    }

    private Program program(Path directory, Path input) {
        return new Program(
                Path.of("/bin/sh"),
                List.of("sh", "-c", REPORT),
                Map.of("A", "value", "PATH", "/usr/bin:/bin"),
                directory,
                input,
                folder.resolve("out"),
                0600,
                folder.resolve("err"),
                0600,
                false);
    }

    private static WaitBuffer.End await(int pid) throws IOException {
        assertThat(pid).isPositive();
        var waiting = new WaitBuffer();
        var end = new AtomicReference<WaitBuffer.End>();
        eventually("process " + pid + " ends", () -> {
            waiting.take(pid).ifPresent(end::set);
            return end.get() != null;
        });
        return end.get();
    }
}
