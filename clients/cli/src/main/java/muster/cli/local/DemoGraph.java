package muster.cli.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import muster.cli.client.Failure;
import org.jspecify.annotations.Nullable;

/** The demo's job, as its own program writes it. */
public final class DemoGraph {
    private final Installation installation;
    private final Path files;

    /** @param files folder in which the tasks leave what they make; emptied */
    public DemoGraph(Installation installation, Path files) {
        this.installation = installation;
        this.files = files;
    }

    /**
     * @param dem a terrain in GeoTIFF; null for one that is made
     * @param latitude in degrees; null for that of the terrain
     */
    public String json(@Nullable Path dem, @Nullable String latitude) {
        var java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        var command = new ArrayList<>(List.of(
                java,
                "-XX:TieredStopAtLevel=1",
                "-jar",
                installation.demo().toString(),
                "graph",
                "--dir",
                files.toString(),
                "--java",
                java));
        if (dem != null) {
            command.addAll(List.of("--dem", dem.toAbsolutePath().toString()));
        }
        if (latitude != null) {
            command.addAll(List.of("--latitude", latitude));
        }
        try {
            Node.delete(files);
            Files.createDirectories(files);
            var errors = Files.createTempFile("muster-demo", ".err");
            try {
                var process = new ProcessBuilder(command)
                        .redirectError(errors.toFile())
                        .start();
                var graph = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    var words = Files.readString(errors).strip();
                    throw Failure.user(words.startsWith("muster-demo: ") ? words.substring(13) : words);
                }
                return graph;
            } finally {
                Files.deleteIfExists(errors);
            }
        } catch (IOException e) {
            throw Failure.external("cannot prepare the demo in " + files + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }
}
