package muster.executor.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.executor.Folders;
import muster.api.executor.Pull;
import muster.api.executor.TestAttempt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The docker executor with a Docker Engine. */
class DockerExecutorOnDockerTest extends DockerExecutorContract {
    private static TestDaemon daemon;

    @BeforeAll
    static void up() throws Exception {
        daemon = TestDaemon.docker(Files.createTempDirectory(Path.of("/var/tmp"), "muster-docker"));
    }

    @AfterAll
    static void down() throws Exception {
        daemon.close();
    }

    @Override
    TestDaemon daemon() {
        return daemon;
    }

    @Test
    void pullsAnImageWithTheCredentialsOfItsRegistry() throws Exception {
        try (var registry = new TestRegistry(daemon.folder.resolve("image.tar"))) {
            var image = registry.address() + "/test/busybox:1";
            var refused = pulled(image, "");
            var credentials = Files.writeString(
                    folder.resolve("credentials.json"),
                    "{\"auths\": {\"" + registry.address() + "\": {\"auth\": \"" + TestRegistry.AUTH + "\"}}}");
            var pulled = pulled(image, credentials.toString());
            var missing = pulled(registry.address() + "/test/nothing:1", credentials.toString());

            assertThat(outcomes.awaitEnd(refused).cause()).isEqualTo(Cause.EXECUTOR);
            assertThat(outcomes.awaitEnd(refused).message()).contains(image).contains("cannot be pulled");
            assertThat(outcomes.awaitEnd(pulled).cause())
                    .as(outcomes.awaitEnd(pulled).message())
                    .isEqualTo(Cause.SUCCESS);
            assertThat(pulled.output()).isEqualTo("of the registry\n");
            assertThat(outcomes.awaitEnd(missing).cause()).isEqualTo(Cause.INVALID);
        }
    }

    private TestAttempt pulled(String image, String credentials) {
        var settings = new Settings(
                Duration.ofSeconds(1),
                Pull.MISSING,
                "worker",
                List.of("none"),
                Folders.parse("", "binds"),
                List.of(),
                64,
                credentials);
        var executor = new DockerExecutor(settings, daemon.socket, folder.resolve("executor"));
        try {
            var attempt = attempt(command()
                    .parameters(new Parameters(Map.of("image", image, "entrypoint", true)))
                    .build());
            executor.start(List.of(attempt), outcomes);
            outcomes.awaitEnd(attempt);
            return attempt;
        } finally {
            executor.close();
        }
    }
}
