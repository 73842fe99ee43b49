package muster.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimesTest {
    @ParameterizedTest
    @CsvSource({"400,0.4s", "12000,12s", "185000,3m05s", "7380000,2h03m", "352800000,4d02h"})
    void writesDurationsShortly(long millis, String text) {
        assertThat(Times.duration(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "512,512 B", "1024,1.0 KiB", "8375186227,7.8 GiB"})
    void writesBytesInBinaryUnits(long bytes, String text) {
        assertThat(Times.bytes(bytes)).isEqualTo(text);
    }
}
