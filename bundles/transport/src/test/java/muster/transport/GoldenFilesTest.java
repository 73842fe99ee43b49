package muster.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.JobSpec;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Holds the wire format still: each golden file is one message in its envelope, as hexadecimal text. A change that these
 * tests refuse breaks workers of the version before. A change that is meant is written with
 * {@code mvn -pl bundles/transport -am test -Dtest=GoldenFilesTest -Dsurefire.failIfNoSpecifiedTests=false
 * -Dmuster.golden=write}.
 */
final class GoldenFilesTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final boolean WRITE = "write".equals(System.getProperty("muster.golden"));
    private static final int BYTES_PER_LINE = 32;

    @TestFactory
    Stream<DynamicTest> goldenFileOfEachMessageToWorkers() {
        return Samples.toWorker().entrySet().stream()
                .map(sample -> DynamicTest.dynamicTest(sample.getKey(), () -> {
                    var bytes = Codec.encodeToWorker(7, List.of(sample.getValue()));
                    var golden = golden("to-worker-" + sample.getKey(), bytes);
                    assertThat(bytes).isEqualTo(golden);
                    assertThat(Codec.decodeToWorker(golden))
                            .usingRecursiveComparison()
                            .isEqualTo(new Codec.FromManager(1, 7, List.of(sample.getValue())));
                }));
    }

    @TestFactory
    Stream<DynamicTest> goldenFileOfEachMessageToTheManager() {
        return Samples.toManager().entrySet().stream()
                .map(sample -> DynamicTest.dynamicTest(sample.getKey(), () -> {
                    var bytes = Codec.encodeToManager(List.of(sample.getValue()));
                    var golden = golden("to-manager-" + sample.getKey(), bytes);
                    assertThat(bytes).isEqualTo(golden);
                    assertThat(Codec.decodeToManager(golden))
                            .usingRecursiveComparison()
                            .isEqualTo(new Codec.FromWorker(1, List.of(sample.getValue())));
                }));
    }

    @Test
    void goldenFileOfAJob() throws IOException {
        var bytes = Codec.encode(Samples.fullJob());
        var golden = golden("job", bytes);
        assertThat(bytes).isEqualTo(golden);
        assertThat(Codec.decodeJob(golden)).isEqualTo(Samples.fullJob());
    }

    @Test
    void noJobHasTheValuesOfItsSecrets() {
        var job = Samples.fullJob();
        var whole = new JobSpec(
                job.name(), job.tags(), job.priority(), job.after(), job.maxFails(), job.work(), Samples.fullSecrets());

        assertThat(Codec.encode(whole)).isEqualTo(Codec.encode(job));
        assertThat(Codec.decodeSecrets(Codec.encodeSecrets(Samples.fullSecrets())))
                .isEqualTo(Samples.fullSecrets());
    }

    @Test
    void everyMessageHasAGoldenFile() {
        assertThat(namesOf(ToWorker.class))
                .isEqualTo(new TreeSet<>(Samples.toWorker().keySet()));
        assertThat(namesOf(ToManager.class))
                .isEqualTo(new TreeSet<>(Samples.toManager().keySet()));
    }

    private static TreeSet<String> namesOf(Class<?> messages) {
        return new HashSet<>(List.of(messages.getPermittedSubclasses()))
                .stream()
                        .map(Class::getSimpleName)
                        .map(name -> Character.toLowerCase(name.charAt(0)) + name.substring(1))
                        .collect(Collectors.toCollection(TreeSet::new));
    }

    private static byte[] golden(String name, byte[] bytes) throws IOException {
        var file = FOLDER.resolve(name + ".hex");
        if (WRITE) {
            var text = new StringBuilder();
            for (var i = 0; i < bytes.length; i++) {
                text.append(String.format("%02x", bytes[i]));
                text.append(i % BYTES_PER_LINE == BYTES_PER_LINE - 1 || i == bytes.length - 1 ? "\n" : "");
            }
            Files.createDirectories(FOLDER);
            Files.writeString(file, text, StandardCharsets.US_ASCII);
        }
        return HexFormat.of().parseHex(Files.readString(file).replaceAll("\\s", ""));
    }
}
