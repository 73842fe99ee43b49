package muster.executor.process;

import static muster.api.executor.Eventually.eventually;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The native executor with control groups of version 2, which limit where their controllers are in that version. */
@Tag("cgroup2")
class NativeExecutorInGroupsOfVersion2Test extends NativeExecutorInGroupsContract {
    @Override
    Path own() throws IOException {
        return ControlGroupsOfVersion2.own();
    }

    @Override
    String cgroup() {
        try {
            return own().toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    String controller() {
        return "";
    }

    @Test
    void removesTheGroupOfAnAttemptWithIt() throws IOException {
        var folder = groups();
        run(script("sleep 0.2").build());

        eventually("the groups of attempts are gone", () -> {
            try (var entries = Files.list(folder)) {
                return entries.noneMatch(Files::isDirectory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
