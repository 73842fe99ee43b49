package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleFileTest {
    private static final String COORDINATES = "mvn:com.example/executor-fetch/1.0.0";

    @TempDir
    private Path home;

    private Path require(String text) {
        return BundleFile.require(text, Map.of("HOME", home.toString()));
    }

    @Test
    void aFileIsItself() {
        assertThat(require("target/mine.jar")).isEqualTo(Path.of("target/mine.jar"));
    }

    @Test
    void whatMavenKnowsIsInItsRepository() throws IOException {
        var folder = Files.createDirectories(home.resolve(".m2/repository/com/example/executor-fetch/1.0.0"));
        var jar = Files.writeString(folder.resolve("executor-fetch-1.0.0.jar"), "");

        assertThat(require(COORDINATES)).isEqualTo(jar);
    }

    @Test
    void whatIsNeitherIsAFeature() {
        assertThat(BundleFile.isFeature("docker")).isTrue();
        assertThat(BundleFile.isFeature("target/mine.jar")).isFalse();
        assertThat(BundleFile.isFeature(COORDINATES)).isFalse();
    }

    @Test
    void saysHowToFetchWhatIsNotThere() {
        assertThatThrownBy(() -> require(COORDINATES))
                .hasMessageContaining("mvn dependency:get -Dartifact=com.example:executor-fetch:1.0.0");
    }

    @Test
    void refusesWhatNamesNoBundle() {
        assertThatThrownBy(() -> require("mvn:com.example")).hasMessageContaining("mvn:GROUP/ARTIFACT/VERSION");
    }
}
