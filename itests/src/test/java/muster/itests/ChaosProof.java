package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fault harness, as a user runs it. */
@Tag("proof")
class ChaosProof {
    private static final int ROUNDS = 10;

    @Test
    void nothingIsLostAndNothingEndsTwiceWhateverFails(@TempDir Path dir) throws Exception {
        var output = dir.resolve("output");
        var process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Dmuster.root=" + Path.of("..").toRealPath(),
                        "-jar",
                        System.getProperty("muster.cli"),
                        "chaos",
                        "--seed",
                        "17",
                        "--rounds",
                        Integer.toString(ROUNDS),
                        "--dir",
                        dir.resolve("cluster").toString()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        var exitCode = process.waitFor();
        var lines = Files.readAllLines(output);
        lines.forEach(System.out::println);
        assertThat(exitCode).as(String.join("\n", lines)).isZero();
        var summary = lines.stream()
                .filter(line -> line.startsWith("{"))
                .reduce((first, second) -> second)
                .map(Rest::parse)
                .orElseThrow();
        assertThat(summary.path("rounds").asInt()).isEqualTo(ROUNDS);
        assertThat(summary.path("tasks").asInt()).isGreaterThan(10_000);
        assertThat(summary.path("lost").asInt()).isZero();
        assertThat(summary.path("doubled").asInt()).isZero();
    }
}
