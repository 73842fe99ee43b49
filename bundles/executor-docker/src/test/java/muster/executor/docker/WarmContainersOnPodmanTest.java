package muster.executor.docker;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The docker executor with Podman and containers that are kept warm. */
class WarmContainersOnPodmanTest extends WarmContainersContract {
    private static TestDaemon daemon;

    @BeforeAll
    static void up() throws Exception {
        daemon = TestDaemon.podman(Files.createTempDirectory(Path.of("/var/tmp"), "muster-podman"));
    }

    @AfterAll
    static void down() throws Exception {
        daemon.close();
    }

    @Override
    TestDaemon daemon() {
        return daemon;
    }
}
