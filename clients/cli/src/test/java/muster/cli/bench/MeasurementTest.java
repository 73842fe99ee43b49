package muster.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import muster.cli.client.Json;
import org.junit.jupiter.api.Test;

class MeasurementTest {
    @Test
    void isOneObjectWithItsFiguresInOrder() {
        var measurement = Measurement.of("noop", 1000, 0.5).with(Measurement.HEAP, 123_456_789_012L);

        assertThat(Json.compact(measurement.json()))
                .isEqualTo("{\"name\":\"noop\",\"tasks\":1000,\"seconds\":0.5,\"tasks_per_second\":2000.0,"
                        + "\"heap_bytes\":123456789012}");
    }

    @Test
    void aPercentileIsTheLeastThatItsShareDidNotExceed() {
        var latencies = new Latencies();
        for (var millis = 100; millis >= 1; millis--) {
            latencies.add(millis * 1_000_000L);
        }

        assertThat(latencies.millis(0.5)).isEqualTo(50);
        assertThat(latencies.millis(0.99)).isEqualTo(99);
        assertThat(latencies.millis(1)).isEqualTo(100);
    }
}
