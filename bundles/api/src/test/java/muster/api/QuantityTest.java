package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1000, 1000",
        "17b, 17",
        "1K, 1024",
        "1KiB, 1024",
        "1kb, 1000",
        "8192M, 8589934592",
        "1MiB, 1048576",
        "1MB, 1000000",
        "8G, 8589934592",
        "8GiB, 8589934592",
        "8gib, 8589934592",
        "8GB, 8000000000",
        "2T, 2199023255552",
        "2TiB, 2199023255552",
        "2TB, 2000000000000",
        "1.5K, 1536",
        "0.5GiB, 536870912",
        "' 8 GiB ', 8589934592",
        "9223372036854775807, 9223372036854775807"
    })
    void bytesComeInBinaryAndDecimalUnits(String text, long bytes) {
        assertThat(Quantity.parseBytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "G", "-1", "8X", "8 G B", "1e3", "8,5G", "0x10", "NaN", ".5G", "1.G", "٣G"})
    void refusesWhatIsNoAmountOfBytes(String text) {
        assertInvalid(() -> Quantity.parseBytes(text), "'" + text + "'", "such as 8G or 8GiB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775808", "8388608T", "99999999999999999999999999999G"})
    void refusesMoreBytesThanThereAre(String text) {
        assertInvalid(() -> Quantity.parseBytes(text), "'" + text + "'", "write a smaller amount");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "1000, 1000",
        "1024, 1KiB",
        "1536, 1536",
        "1610612736, 1536MiB",
        "8589934592, 8GiB",
        "1125899906842624, 1024TiB"
    })
    void bytesAreWrittenExactlyInTheLargestUnit(long bytes, String text) {
        assertThat(Quantity.formatBytes(bytes)).isEqualTo(text);
    }

    @Test
    void bytesAreReadAsTheyWereWritten() {
        for (var seed = 0L; seed < 1000; seed++) {
            var bytes = (new Random(seed).nextLong() & Long.MAX_VALUE) >> (seed % 63) << (seed % 40);
            bytes &= Long.MAX_VALUE;
            assertThat(Quantity.parseBytes(Quantity.formatBytes(bytes)))
                    .as("seed %s", seed)
                    .isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0s, PT0S",
        "90s, PT90S",
        "2.5s, PT2.5S",
        "0.000000001s, PT0.000000001S",
        "250ms, PT0.25S",
        "5m, PT5M",
        "1h30m, PT1H30M",
        "2d, PT48H",
        "1d2h3m4s5ms, PT26H3M4.005S",
        "01:30:00, PT1H30M",
        "100:00:01, PT100H1S",
        "1-00:00:00, PT24H",
        "2-03:04:05, PT51H4M5S",
        "PT5M, PT5M",
        "P1DT1S, PT24H1S",
        "' 90s ', PT90S"
    })
    void durationsComeInUnitsAsAClockAndAsIso(String text, Duration duration) {
        assertThat(Quantity.parseDuration(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "90",
                "s",
                "1s1m",
                "1.5h",
                "-5s",
                "1:30",
                "00:60:00",
                "00:00:60",
                "1 h",
                "5 minutes",
                "P",
                "Pfoo",
                "1.0000000001s",
                "99999999999999999999s",
                "9223372036854775807d",
                "9223372036854775807-00:00:00"
            })
    void refusesWhatIsNoDuration(String text) {
        assertInvalid(() -> Quantity.parseDuration(text), "'" + text + "'", "such as 90s, 1h30m or 01:30:00");
    }

    @Test
    void refusesANegativeDuration() {
        assertInvalid(() -> Quantity.parseDuration("PT-5M"), "'PT-5M' is negative", "such as 90s");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT90S, 1m30s",
        "PT48H, 2d",
        "PT0.25S, 250ms",
        "PT2.5S, 2.5s",
        "PT1H0.25S, 1h0.25s",
        "PT0.000000001S, 0.000000001s",
        "PT-5S, -5s"
    })
    void durationsAreWrittenExactly(Duration duration, String text) {
        assertThat(Quantity.formatDuration(duration)).isEqualTo(text);
    }

    @Test
    void durationsAreReadAsTheyWereWritten() {
        for (var seed = 0L; seed < 1000; seed++) {
            var random = new Random(seed);
            var nanos = random.nextBoolean() ? random.nextInt(1_000_000_000) : random.nextInt(1000) * 1_000_000;
            var duration = Duration.ofSeconds(random.nextInt(10_000_000) >> random.nextInt(24), nanos);
            assertThat(Quantity.parseDuration(Quantity.formatDuration(duration)))
                    .as("seed %s", seed)
                    .isEqualTo(duration);
        }
    }
}
