package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import muster.api.Cause;
import muster.api.executor.ProgramRunner.Options;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The native executor with control groups of version 1, which hold an attempt to its limits from its start. */
@Tag("cgroup1")
class NativeExecutorInGroupsOfVersion1Test extends NativeExecutorInGroupsContract {
    private static final long MEMORY = 64 << 20;

    @Override
    Path own() throws IOException {
        return own(ControlGroups.PIDS);
    }

    private static Path own(String controller) throws IOException {
        return Objects.requireNonNull(ControlGroupsOfVersion1.own(controller), controller);
    }

    @Override
    String cgroup() {
        return "auto";
    }

    @Override
    String controller() {
        return ControlGroups.PIDS;
    }

    @Test
    void saysWhatItLimits() {
        assertThat(executor().probe().reason()).contains("by the kernel: memory, cores, the number of processes");
    }

    @Test
    void letsNoTaskHoldMoreMemoryThanItReserved() {
        var outcome = run(script("head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null")
                .resources(reserving(1, MEMORY))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.MEMORY_LIMIT);
        assertThat(outcome.message()).isEqualTo("used more memory than its limit of 64MiB");
        assertThat(outcome.usage().peakMemoryBytes()).isLessThan(2 * MEMORY);
    }

    @Test
    void namesTheMemoryLimitAlsoWhereATaskDoesNotMindTheLossOfAProcess() {
        var outcome = run(script("head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null; exit 0")
                .resources(reserving(1, MEMORY))
                .build());

        assertThat(outcome.cause()).as(outcome.message()).isEqualTo(Cause.MEMORY_LIMIT);
    }

    @Test
    void letsTheNextTaskHaveAllOfItsMemory() {
        var hold = "head -c 40000000 /dev/zero | tail -c 40000000 > /dev/null";

        for (var i = 0; i < 5; i++) {
            assertThat(run(script(hold).resources(reserving(1, MEMORY)).build()).cause())
                    .isEqualTo(Cause.SUCCESS);
        }
    }

    /** It ends only where the kernel has made it wait. */
    @Test
    void holdsATaskToItsCores() throws IOException {
        var attempt = start(script(findGroup(own(ControlGroups.CPU), "cpu") + "cat $own/cpu.cfs_quota_us;"
                        + " until grep -q 'nr_throttled [1-9]' $own/cpu.stat; do :; done")
                .resources(reserving(0.25, 0))
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(attempt.output()).isEqualTo("25000\n");
    }

    @Test
    void limitsTheNumberOfProcesses() {
        var attempt = start(script("for i in $(seq " + 2 * PROCESSES + "); do sleep 10 & done")
                .build());

        outcomes.awaitEnd(attempt);

        assertThat(attempt.errors()).containsIgnoringCase("cannot fork");
    }

    @Test
    void endsWhatForksWithoutEnd() {
        var attempt = start(script("fork() { fork | fork & }; echo ready; fork; while :; do :; done")
                .build());
        eventually(
                "it is ready",
                () -> Files.exists(attempt.stdout()) && attempt.output().contains("ready"));

        executor().cancel(attempt);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
        assertThat(run(command("true").build()).cause()).isEqualTo(Cause.SUCCESS);
    }

    @Test
    void limitsNothingWhereWhatTasksReserveIsForTheirPlacementAlone() throws IOException {
        var unlimited = open(new Options(NativeExecutor.KIND, OPTIONS.grace(), false, PROCESSES));
        try {
            var attempt = attempt(script(findGroup(own(), "pids") + "cat $own/pids.max; grep memory: /proc/self/cgroup")
                    .resources(reserving(1, MEMORY))
                    .build());
            unlimited.start(List.of(attempt), outcomes);

            assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
            assertThat(attempt.output()).startsWith("max\n").doesNotContain("muster-");
        } finally {
            unlimited.close();
        }
    }
}
