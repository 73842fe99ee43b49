package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "_", "Task_1.b-c"})
    void nameBeginsWithALetterOrUnderscore(String name) {
        assertThat(Names.requireName("thing", name)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "-a", ".a", "a b", "a/b", "ä", "a\n", "a\0"})
    void refusesWhatIsNoName(String name) {
        assertInvalid(() -> Names.requireName("thing", name), "thing '" + Names.escape(name) + "'", "use a letter");
    }

    @Test
    void namesAreBounded() {
        assertThat(Names.requireName("thing", "a".repeat(128))).hasSize(128);
        assertInvalid(() -> Names.requireName("thing", "a".repeat(129)), "is not allowed");
        assertThat(Names.requireLabel("a".repeat(128))).hasSize(128);
        assertInvalid(() -> Names.requireLabel("a".repeat(129)), "is not allowed");
        assertThat(Names.requireWorker("a".repeat(64))).hasSize(64);
        assertInvalid(() -> Names.requireWorker("a".repeat(65)), "is not allowed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ssd", "zone=eu", "1", "arch=x86_64/v3", "a:b"})
    void labelMayHoldAKeyAndAValue(String label) {
        assertThat(Names.requireLabel(label)).isEqualTo(label);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "!a", "=a", "a b", "a,b", "a\tb"})
    void refusesWhatIsNoLabel(String label) {
        assertInvalid(() -> Names.requireLabel(label), "label '", "such as ssd or zone=eu");
    }

    /** It becomes a folder, the name of a queue and part of a certificate. */
    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "-w", "a/b", "a*", "a#b", "w 1", "w\n1", "../x", "ä"})
    void refusesWhatIsNoWorkerId(String id) {
        assertInvalid(() -> Names.requireWorker(id), "worker id '", "up to 64 letters");
    }

    @Test
    void wordsAreLowerCaseInAnyLocale() {
        assertThat(Names.word(Cause.TIME_LIMIT)).isEqualTo("time_limit");
        assertThat(Names.word(ErrorCode.INVALID)).isEqualTo("invalid");
    }

    @Test
    void controlCharactersAreEscaped() {
        assertThat(Names.escape("plain ä 日本")).isEqualTo("plain ä 日本");
        assertThat(Names.escape("a\r\nb\u001b[31m\u007f\u0085\0"))
                .isEqualTo("a\\u000d\\u000ab\\u001b[31m\\u007f\\u0085\\u0000");
    }
}
