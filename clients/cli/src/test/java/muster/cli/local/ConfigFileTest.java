package muster.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void write() throws IOException {
        path = Files.writeString(folder.resolve("a.cfg"), """
                # port = 1
                port = 7070

                list = \\
                  a, \\
                  b
                last=x
                """);
    }

    @Test
    void changesWhatIsNamedAndKeepsTheRest() throws IOException {
        new ConfigFile(path).set(new TreeMap<>(Map.of("port", "8080", "new", "a\\b")));

        assertThat(path).hasContent("""
                # port = 1
                port = 8080

                list = \\
                  a, \\
                  b
                last=x
                new = a\\\\b
                """);
        assertThat(new ConfigFile(path).get("new")).isEqualTo("a\\b");
    }

    @Test
    void replacesAllLinesOfAValue() throws IOException {
        assertThat(new ConfigFile(path).get("list")).isEqualTo("a, b");

        new ConfigFile(path).set(Map.of("list", "c"));

        assertThat(path).content().contains("list = c\nlast=x").doesNotContain("a,");
    }

    @Test
    void makesAFileThatIsNotThere() throws IOException {
        var file = new ConfigFile(folder.resolve("new.cfg"));
        file.set(Map.of("k", "v"));

        assertThat(file.get("k")).isEqualTo("v");
        assertThat(file.get("other")).isEmpty();
    }
}
