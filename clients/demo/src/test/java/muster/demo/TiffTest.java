package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TiffTest {
    private static final int WIDTH = 37;
    private static final int HEIGHT = 29;

    @TempDir
    Path directory;

    static Stream<Arguments> layouts() {
        return Stream.of(
                arguments("float64 strips", file(3).strips(4)),
                arguments("float64 big-endian, one strip", file(3).bigEndian()),
                arguments("float32 tiles", file(3).samples(32, 3).tiles(16, 16)),
                arguments(
                        "float32 big-endian tiles, deflate",
                        file(3).samples(32, 3).bigEndian().tiles(16, 16).deflate(1)),
                arguments(
                        "float32 strips, deflate, predictor 3",
                        file(3).samples(32, 3).strips(5).deflate(3)),
                arguments(
                        "float64 big-endian tiles, predictor 3",
                        file(3).bigEndian().tiles(32, 16).deflate(3)),
                arguments(
                        "int16 strips, deflate, predictor 2",
                        file(2).samples(16, 2).strips(3).deflate(2)),
                arguments(
                        "int16 big-endian, predictor 2",
                        file(2).samples(16, 2).bigEndian().deflate(2)),
                arguments("uint16", file(1).samples(16, 1)),
                arguments("int32, predictor 2", file(2).samples(32, 2).deflate(2)),
                arguments("uint8", new TiffFile(WIDTH, HEIGHT, bytes()).samples(8, 1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("layouts")
    void readsEveryLayout(String name, TiffFile tiff) throws IOException {
        var file = directory.resolve("a.tif");
        tiff.write(file);
        var read = Tiff.read(file);
        assertThat(read.width()).isEqualTo(WIDTH);
        assertThat(read.height()).isEqualTo(HEIGHT);
        var expected = name.startsWith("uint8") ? bytes() : numbers(kind(name));
        assertThat(read.pixels()).isEqualTo(expected);
    }

    /** Written by the JDK's own plugin; a noisy picture makes LZW grow its codes to 12 bits and start anew. */
    @ParameterizedTest
    @ValueSource(strings = {"LZW", "ZLib", "Deflate"})
    void readsWhatTheJdkCompressed(String compression) throws IOException {
        var image = new BufferedImage(311, 211, BufferedImage.TYPE_USHORT_GRAY);
        var random = new Random(5);
        var expected = new double[311 * 211];
        for (var i = 0; i < expected.length; i++) {
            var value = i % 311 < 100 ? 1000 + i / 311 : random.nextInt(65536);
            image.getRaster().setSample(i % 311, i / 311, 0, value);
            expected[i] = value;
        }
        var file = directory.resolve("jdk.tif");
        var writer = ImageIO.getImageWritersByFormatName("tiff").next();
        try (var out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            var parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionType(compression);
            writer.write(null, new IIOImage(image, null, null), parameters);
        } finally {
            writer.dispose();
        }
        assertThat(Tiff.read(file).pixels()).isEqualTo(expected);
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        var file = directory.resolve("a.tif");
        file(3).strips(4).write(file);
        var whole = Files.readAllBytes(file);
        for (var length = 0; length < whole.length; length += 7) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Tiff.read(file).pixels())
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(DemoException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    @Test
    void neverFailsOtherwiseOnDamagedFiles() throws IOException {
        var file = directory.resolve("a.tif");
        file(2).samples(16, 2).strips(3).deflate(2).write(file);
        var whole = Files.readAllBytes(file);
        var random = new Random(17);
        for (var round = 0; round < 500; round++) {
            var mutated = whole.clone();
            for (var i = 0; i < 4; i++) {
                // the fields stand at the end
                mutated[mutated.length - 1 - random.nextInt(300)] = (byte) random.nextInt();
            }
            Files.write(file, mutated);
            try {
                Tiff.read(file).pixels();
            } catch (DemoException e) {
                assertThat(e).hasMessageContaining(file.toString());
            }
        }
    }

    @Test
    void saysWhatItDoesNotRead() throws IOException {
        var file = directory.resolve("a.tif");
        file(3).field(277, new int[] {1}).samples(16, 3).write(file);
        assertThatThrownBy(() -> Tiff.read(file).pixels())
                .hasMessageContaining("16 bits")
                .hasMessageContaining("gdal_translate");
        Files.writeString(file, "no picture at all");
        assertThatThrownBy(() -> Tiff.read(file)).hasMessageContaining("is not a TIFF file");
    }

    private static int kind(String name) {
        return name.startsWith("float") ? 3 : name.startsWith("uint") ? 1 : 2;
    }

    private static TiffFile file(int format) {
        return new TiffFile(WIDTH, HEIGHT, numbers(format));
    }

    /** Exact in 32-bit floating point and in 16 bits. */
    private static double[] numbers(int format) {
        var numbers = new double[WIDTH * HEIGHT];
        for (var i = 0; i < numbers.length; i++) {
            numbers[i] = format == 3 ? i * 0.25 - 50 : format == 1 ? 40_000 + i : i * 3 - 500;
        }
        return numbers;
    }

    private static double[] bytes() {
        var numbers = new double[WIDTH * HEIGHT];
        for (var i = 0; i < numbers.length; i++) {
            numbers[i] = i % 256;
        }
        return numbers;
    }
}
