package muster.executor.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The native executor where it follows processes by {@code /proc}. */
class NativeExecutorTest extends NativeExecutorContract {
    @Override
    NativeExecutor open(Duration grace) {
        return new NativeExecutor(grace, "none");
    }

    @Test
    void saysWhatCanEscape() {
        assertThat(executor().probe().reason()).contains("/proc").contains("clears its environment");
    }

    @Test
    void saysWhyItCannotUseAFolderThatIsNoControlGroup() {
        var availability = new NativeExecutor(Duration.ofSeconds(1), folder.toString()).probe();

        assertThat(availability.available()).isFalse();
        assertThat(availability.reason()).contains(folder.toString());
    }
}
