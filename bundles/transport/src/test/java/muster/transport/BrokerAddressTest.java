package muster.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BrokerAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"tcp://a:1", "tcp://[::1]:7071", "(tcp://a:1,tcp://b:2)"})
    void writesWhatItReads(String text) {
        assertThat(BrokerAddress.parse(text)).hasToString(text);
    }

    @Test
    void keepsTheOrderOfServers() {
        assertThat(BrokerAddress.parse(" ( tcp://b:2 , tcp://a:1 ) ").servers())
                .containsExactly(URI.create("tcp://b:2"), URI.create("tcp://a:1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "()", "a:1", "tcp://a", "http://a:1", "(tcp://a:1,)", "tcp://a:1,tcp:// b", "(tcp://a:1"})
    void refusesWhatIsNoAddress(String text) {
        assertThatThrownBy(() -> BrokerAddress.parse(text))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("tcp://broker:7071");
    }
}
