package muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {
    private static Secret secret(String name, String value) {
        return new Secret(name, Secret.Place.ENVIRONMENT, value.getBytes(StandardCharsets.UTF_8));
    }

    private static JobSpec job(List<Secret> secrets) {
        var job = JobSpec.command(List.of("true"));
        return new JobSpec(job.name(), job.tags(), 0, List.of(), null, job.work(), secrets);
    }

    @Test
    void tellsItsValueInNoText() {
        assertThat(job(List.of(secret("A", "hunter2"))).toString())
                .contains("Secret[A, environment]")
                .doesNotContain("hunter2");
    }

    @Test
    void anAcceptedJobHasTheNamesAlone() {
        var accepted = job(List.of(secret("A", "hunter2"))).withoutSecretValues();

        assertThat(accepted.secrets()).containsExactly(new Secret("A", Secret.Place.ENVIRONMENT, null));
        assertThatThrownBy(() -> accepted.secrets().get(0).requireValue()).hasMessageContaining("has no value");
    }

    @Test
    void itsValueIsNotChangedFromOutside() {
        var bytes = new byte[] {'a'};
        var secret = new Secret("A", Secret.Place.FILE, bytes);
        bytes[0] = 'b';
        secret.requireValue()[0] = 'c';

        assertThat(secret.value()).containsExactly('a');
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1A", "A-B", "A=B", "A\n", "../up", "MUSTER_JOB", "muster_x"})
    void refusesNamesThatAreNoVariables(String name) {
        assertThatThrownBy(() -> Secret.requireName(name))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("secret name");
    }

    @Test
    void whatNoVariableCanHoldIsForFiles() {
        for (var bytes : List.of(new byte[] {'a', 0}, new byte[] {(byte) 0xff})) {
            assertThatThrownBy(() -> new Secret("A", Secret.Place.ENVIRONMENT, bytes))
                    .hasMessageContaining("give it as a file");
            assertThat(new Secret("A", Secret.Place.FILE, bytes).value()).isEqualTo(bytes);
        }
    }

    @Test
    void aJobHasFewAndSmallOnes() {
        var large = "x".repeat(Secret.MAX_BYTES / 2 + 1);
        assertThatThrownBy(() -> secret("A", large + large)).hasMessageContaining("use at most 65536");
        assertThatThrownBy(() -> job(List.of(secret("A", large), secret("B", large))))
                .hasMessageContaining("65538 bytes together");
        assertThatThrownBy(() -> job(List.of(secret("A", "1"), secret("A", "2"))))
                .hasMessageContaining("named 'A'");
        assertThatThrownBy(() -> job(IntStream.rangeClosed(0, Secret.MAX_COUNT)
                        .mapToObj(i -> secret("A" + i, ""))
                        .toList()))
                .hasMessageContaining("has 65 secrets");
    }
}
