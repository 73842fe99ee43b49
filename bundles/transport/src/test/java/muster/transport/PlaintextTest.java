package muster.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlaintextTest {
    @Test
    void isNotChosenUnlessTheEnvironmentSaysSo() {
        assertThat(Plaintext.CHOSEN).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "localhost"})
    void staysOnThisMachine(String host) {
        assertThatCode(() -> Plaintext.requireLoopback(host)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.1", "no such\nhost"})
    void goesNowhereElse(String host) {
        assertThatThrownBy(() -> Plaintext.requireLoopback(host))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("is no loopback address")
                .hasMessageContaining("unset it")
                .hasMessageNotContaining("\n");
    }
}
