package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    @Test
    void hasDefaultsForEverything() {
        var settings = settings(Map.of());

        assertThat(settings.enabled()).isTrue();
        assertThat(settings.id()).isNotEmpty();
        assertThat(settings.idGiven()).isFalse();
        assertThat(settings.address()).isNotEmpty();
        assertThat(settings.managers()).containsExactly(URI.create("https://127.0.0.1:7070"));
        assertThat(settings.broker()).isNull();
        assertThat(settings.tokenFile()).isNull();
        assertThat(settings.security()).isEqualTo(Path.of("/base/security"));
        assertThat(settings.work()).isEqualTo(Path.of("/data/work"));
        assertThat(settings.cores()).isNull();
        assertThat(settings.logsLimitBytes()).isEqualTo(10L << 30);
    }

    @Test
    void takesWhatIsGiven() {
        var settings = settings(Map.of(
                "enabled", "false",
                "id", " w1 ",
                "address", "10.0.0.1",
                "manager", "https://m:1, https://n:2",
                "broker", "tcp://b:2",
                "token.file", "/etc/token",
                "work", "/work"));

        assertThat(settings.enabled()).isFalse();
        assertThat(settings.id()).isEqualTo("w1");
        assertThat(settings.idGiven()).isTrue();
        assertThat(settings.address()).isEqualTo("10.0.0.1");
        assertThat(settings.managers()).containsExactly(URI.create("https://m:1"), URI.create("https://n:2"));
        assertThat(settings.broker()).hasToString("tcp://b:2");
        assertThat(settings.tokenFile()).isEqualTo(Path.of("/etc/token"));
        assertThat(settings.work()).isEqualTo(Path.of("/work"));
    }

    @ParameterizedTest
    @CsvSource({
        "id, w 1, worker id 'w 1'",
        "manager, http://m:1, https://host:7070",
        "manager, 'https:// m', https://host:7070",
        "manager, 'https://m:1,n:2', 'n:2'",
        "manager, ',', https://host:7070",
        "broker, b:2, tcp://broker:7071",
        "slots, many, 'many'",
        "slots, 0, '0'",
        "slots, NaN, 'NaN'",
        "memory, 8X, '8X'",
        "disk, -1, '-1'",
        "custom, license=two, license=two",
        "custom, license=-1, negative",
        "custom, 1a=1, '1a'",
        "labels, a b, 'a b'",
        "logs.limit, big, 'big'",
    })
    void namesTheKeyThatIsWrong(String key, String value, String part) {
        assertThatThrownBy(() -> settings(Map.of(key, value)))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("key '" + key + "' of muster.worker")
                .hasMessageContaining(part);
    }

    @Test
    void keepsTheTokenToItself() {
        assertThat(settings(Map.of("token", "muster-secret")).toString()).doesNotContain("secret");
    }

    private static Settings settings(Map<String, String> values) {
        var all = new LinkedHashMap<>(values);
        return Settings.of(Configuration.of(all), key -> Map.of("karaf.base", "/base", "karaf.data", "/data")
                .get(key));
    }
}
