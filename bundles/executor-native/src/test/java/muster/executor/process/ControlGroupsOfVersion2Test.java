package muster.executor.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ControlGroupsOfVersion2Test {
    @Test
    void writesWhatAnAttemptMayUse() {
        assertThat(ControlGroupsOfVersion2.settings(new Limits(1.5, 64 << 20, 100)))
                .containsExactly(
                        entry("memory.max", "67108864"),
                        entry("memory.swap.max", "0"),
                        entry("memory.oom.group", "1"),
                        entry("cpu.max", "150000 100000"),
                        entry("pids.max", "100"));
        assertThat(ControlGroupsOfVersion2.settings(Limits.NONE)).isEmpty();
    }

    @Test
    void asksForNoLessProcessorTimeThanTheKernelTakes() {
        assertThat(ControlGroupsOfVersion2.settings(new Limits(0.001, 0, 0)))
                .containsExactly(entry("cpu.max", "1000 100000"));
    }

    /** With whatever controllers the machine has in version 2. */
    @Test
    @Tag("root")
    @Tag("cgroup2")
    void putsItsOwnProcessAsideWhereThatIsInTheWayOfLimits() throws Exception {
        var outer = ControlGroupsOfVersion2.own();
        var before = now();
        var all = words(outer.resolve("cgroup.controllers"));
        try (var there = new ControlGroupsOfVersion2(outer, all)) {
            assertThat(there.controllers()).isEqualTo(all);
            var group = outer.resolve("muster-test");
            Files.createDirectory(group);
            Files.writeString(
                    group.resolve("cgroup.procs"),
                    Long.toString(ProcessHandle.current().pid()));
            try (var groups = new ControlGroupsOfVersion2(group, all)) {
                assertThat(groups.controllers()).isEqualTo(all);
                assertThat(words(groups.folder().resolve("cgroup.controllers"))).isEqualTo(all);
                assertThat(now()).endsWith("/muster-test/muster-worker");
                assertThat(ControlGroupsOfVersion2.own()).isEqualTo(group);
            } finally {
                Files.writeString(
                        Path.of(outer + before.substring(before.lastIndexOf('/')), "cgroup.procs"),
                        Long.toString(ProcessHandle.current().pid()));
                ControlGroups.remove(group);
            }
        }
    }

    /** The group that this JVM is in, as the kernel names it. */
    private static String now() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                .filter(line -> line.startsWith("0::"))
                .map(line -> line.substring(3))
                .findFirst()
                .orElseThrow();
    }

    private static Set<String> words(Path file) throws Exception {
        return Arrays.stream(Files.readString(file).strip().split(" ")).collect(Collectors.toSet());
    }
}
