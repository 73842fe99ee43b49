package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path root;

    @Test
    void takesTheMachinesMemoryWhereNothingLimitsIt() throws IOException {
        file("proc/meminfo", "MemTotal:        2048 kB\nMemFree:         1 kB\n");
        file("proc/self/cgroup", "0::/\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(2 * MIB);
    }

    @Test
    void takesTheLimitOfItsCgroup() throws IOException {
        file("proc/meminfo", "MemTotal:  1048576 kB\n");
        file("proc/self/cgroup", "0::/system.slice/worker\n");
        file("sys/fs/cgroup/system.slice/worker/memory.max", "536870912\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(512 * MIB);
    }

    @Test
    void takesTheSmallestLimitAboveItsCgroup() throws IOException {
        file("proc/meminfo", "MemTotal:  1048576 kB\n");
        file("proc/self/cgroup", "0::/jobs/a/b\n");
        file("sys/fs/cgroup/jobs/a/b/memory.max", "max\n");
        file("sys/fs/cgroup/jobs/memory.max", "104857600\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(100 * MIB);
    }

    @Test
    void takesTheLimitOfTheContainerWhoseOwnPathIsNotMounted() throws IOException {
        file("proc/meminfo", "MemTotal:  1048576 kB\n");
        file("proc/self/cgroup", "0::/docker/0123456789\n");
        file("sys/fs/cgroup/memory.max", "209715200\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(200 * MIB);
    }

    @Test
    void takesTheLimitOfAnOldCgroup() throws IOException {
        file("proc/meminfo", "MemTotal:  1048576 kB\n");
        file("proc/self/cgroup", "12:cpu,cpuacct:/a\n5:memory:/a\n1:name=systemd:/\n");
        file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "314572800\n");
        file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(300 * MIB);
    }

    @Test
    void doesNotOfferMoreThanTheMachineHas() throws IOException {
        file("proc/meminfo", "MemTotal:  1024 kB\n");
        file("proc/self/cgroup", "0::/\n");
        file("sys/fs/cgroup/memory.max", "999999999999\n");

        assertThat(machine("false").memoryBytes()).isEqualTo(MIB);
    }

    @Test
    void offersSomeMemoryWhereNothingTells() {
        assertThat(machine("false").memoryBytes()).isPositive();
    }

    @Test
    void namesTheGpusInOrder() throws IOException {
        assertThat(machine("sh", "-c", "echo NVIDIA H200; echo; echo 'NVIDIA A100 '")
                        .gpus())
                .containsExactly("NVIDIA H200", "NVIDIA A100");
    }

    @Test
    void hasNoGpusWithoutTheToolOrWhenItFails() {
        assertThat(machine("no-such-program-anywhere").gpus()).isEmpty();
        assertThat(machine("sh", "-c", "echo 'No devices were found'; exit 6").gpus())
                .isEmpty();
    }

    @Test
    void prefersWhatIsConfigured() throws IOException {
        var settings = Settings.of(
                Configuration.of(Map.of(
                        "work",
                        root.toString(),
                        "security",
                        root.toString(),
                        "slots",
                        "0.5",
                        "memory",
                        "3GiB",
                        "disk",
                        "5G",
                        "custom",
                        "license=2, db",
                        "labels",
                        "ssd, zone=eu")),
                key -> null);

        var capacity = machine("false").capacity(settings);

        assertThat(capacity.cores()).isEqualTo(0.5);
        assertThat(capacity.memoryBytes()).isEqualTo(3L << 30);
        assertThat(capacity.diskBytes()).isEqualTo(5L << 30);
        assertThat(capacity.custom()).isEqualTo(Map.of("license", 2L, "db", 1L));
        assertThat(capacity.labels()).containsExactly("ssd", "zone=eu");
    }

    @Test
    void detectsWhatIsNotConfigured() {
        var settings = Settings.of(
                Configuration.of(Map.of("work", root.toString(), "security", root.toString())), key -> null);

        var capacity = machine("false").capacity(settings);

        assertThat(capacity.cores()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(capacity.diskBytes()).isPositive();
    }

    private Machine machine(String... gpuQuery) {
        return new Machine(root, List.of(gpuQuery));
    }

    private void file(String path, String content) throws IOException {
        var file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
