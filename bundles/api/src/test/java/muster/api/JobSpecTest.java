package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JobSpecTest {
    private static JobSpec job(String name, List<String> tags, int priority, @Nullable Integer maxFails) {
        return new JobSpec(name, tags, priority, List.of(), maxFails, new Work.Single(TaskSpec.command("true")));
    }

    @Test
    void commandHasDefaultsForAllElse() {
        var job = JobSpec.command(List.of("echo", "hi"));
        assertThat(job.name()).isEmpty();
        assertThat(job.priority()).isZero();
        assertThat(job.maxFails()).isNull();
        assertThat(job.work()).isEqualTo(new Work.Single(TaskSpec.command("echo", "hi")));
    }

    @Test
    void nameIsFreeTextOnOneLine() {
        assertThat(job("année 2026: \"x\"", List.of(), 0, null).name()).isEqualTo("année 2026: \"x\"");
        assertThat(job("a".repeat(200), List.of(), 0, null).name()).hasSize(200);
        assertInvalid(() -> job("a".repeat(201), List.of(), 0, null), "201 characters", "at most 200");
        assertInvalid(() -> job("a\u001bb", List.of(), 0, null), "job name 'a\\u001bb' has control characters");
    }

    @Test
    void boundsAreNamed() {
        assertThat(job("", List.of("a=b"), 1000, 0).tags()).containsExactly("a=b");
        assertInvalid(() -> job("", List.of("a b"), 0, null), "label 'a b'");
        assertInvalid(() -> job("", List.of(), 1001, null), "priority 1001 is outside -1000 to 1000");
        assertInvalid(() -> job("", List.of(), -1001, null), "priority -1001 is outside -1000 to 1000");
        assertInvalid(() -> job("", List.of(), 0, -1), "maxFails -1 is negative");
    }

    @Test
    void keepsItsOwnCopy() {
        var tags = new ArrayList<>(List.of("a"));
        var job = job("", tags, 0, null);
        tags.clear();
        assertThat(job.tags()).containsExactly("a");
    }
}
