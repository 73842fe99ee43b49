package muster.executor.process;

import static org.assertj.core.api.Assertions.assertThat;

import muster.api.Cause;
import org.junit.jupiter.api.Test;

/** The native executor where it follows processes by {@code /proc}. */
class NativeExecutorTest extends NativeExecutorContract {
    @Override
    String cgroup() {
        return "none";
    }

    @Test
    void saysWhatCanEscape() {
        assertThat(executor().probe().reason()).contains("/proc").contains("clears its environment");
    }

    @Test
    void saysWhatItDoesNotLimit() {
        assertThat(executor().probe().reason())
                .contains("memory is looked at five times a second")
                .contains("cores are not limited")
                .contains("the number of processes is limited by prlimit");
    }

    /** The limit is set while it runs already. */
    @Test
    void limitsTheNumberOfProcessesOfItsUser() {
        var limit = 4096 * Runtime.getRuntime().availableProcessors();
        var outcome =
                run(script("until grep -q '^Max processes  *" + limit + " ' /proc/self/limits; do sleep 0.01; done")
                        .build());

        assertThat(outcome.cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void saysWhyItCannotUseAFolderThatIsNoControlGroup() {
        var availability = new NativeExecutor(new ProcessRunner(folder.toString()), OPTIONS, null).probe();

        assertThat(availability.available()).isFalse();
        assertThat(availability.reason()).contains(folder.toString());
    }
}
