package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    @Test
    void makesTheTerrainAndADay() {
        assertThat(run("terrain", directory.toString())).isZero();
        assertThat(run("day", "172", directory.toString())).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("day-172: min ")
                .contains("kWh/m²");
        assertThat(directory.resolve("day-172.grid")).exists();
    }

    @Test
    void takesARealTerrain() throws IOException {
        var file = directory.resolve("dem.tif");
        new TiffFile(2, 2, new double[] {1, 2, 3, 4})
                .place(10, 500_000, 5_000_000, 1, 32632)
                .write(file);
        assertThat(run("terrain", directory.toString(), "--dem", file.toString()))
                .isZero();
        assertThat(Grid.read(directory.resolve("terrain.grid")).values()).containsExactly(1, 2, 3, 4);
        assertThat(run("terrain", directory.toString(), "--latitude", "10")).isZero();
        assertThat(Grid.read(directory.resolve("terrain.grid")).latitudeDegrees())
                .isEqualTo(10);
    }

    @Test
    void printsTheGraph() throws IOException {
        var archive = directory.resolve("demo.jsa");
        var jar = directory.resolve("demo.jar").toString();
        assertThat(run("graph", "--dir", "/sun", "--java", "/jdk/bin/java", "--jar", jar))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"day-365\"").doesNotContain("SharedArchiveFile");
        Files.writeString(archive, "");
        assertThat(run("graph", "--dir", "/sun", "--java", "/jdk/bin/java", "--jar", jar))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("-XX:SharedArchiveFile=" + archive);
    }

    @Test
    void saysWhatIsWrongAndExitsWithTwo() {
        refuses("no command 'dance'", "dance");
        refuses("no command", new String[0]);
        refuses("'day' takes 2 arguments, not 1", "day", "1");
        refuses("'x' is not a whole number", "day", "x", "/tmp");
        refuses("day 366 is outside 1 to 365", "day", "366", directory.toString());
        refuses("month 0 is outside 1 to 12", "month", "0", directory.toString());
        refuses("directory 'here' is not absolute", "graph", "--dir", "here", "--java", "java", "--jar", "x.jar");
        refuses("terrain.grid' is not there", "day", "1", directory.toString());
        refuses("option --java is missing", "graph", "--dir", "/sun");
        refuses("has no option '--fast'", "graph", "--fast", "1");
        refuses("lacks a value of --dem", "terrain", "/sun", "--dem");
        refuses("cannot be read", "graph", "--dir", "/sun", "--java", "java", "--dem", "/none.tif");
        refuses("latitude 'north' is not a number", "terrain", "/sun", "--latitude", "north");
        refuses("is not a path", "stats", "a\0b");
    }

    @Test
    void exitsWithOneWhenAFileCannotBeWritten() throws IOException {
        var file = directory.resolve("file");
        Files.writeString(file, "");
        assertThat(run("terrain", file.toString())).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(file.toString());
    }

    private void refuses(String message, String... arguments) {
        err.reset();
        assertThat(run(arguments)).as(message).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("muster-demo: ")
                .contains(message);
    }

    private int run(String... arguments) {
        return Main.run(
                arguments,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}
