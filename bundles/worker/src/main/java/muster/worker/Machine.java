package muster.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import muster.api.Capacity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out what this machine has, or what the container has that the worker runs in. */
final class Machine {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
    private static final int GPU_QUERY_SECONDS = 20;
    private static final List<String> GPU_QUERY = List.of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader");

    private final Path root;
    private final List<String> gpuQuery;

    Machine() {
        this(Path.of("/"), GPU_QUERY);
    }

    /**
     * @param root of the file system where {@code /proc} and {@code /sys} are
     * @param gpuQuery command that prints the name of each GPU on a line of its own
     */
    Machine(Path root, List<String> gpuQuery) {
        this.root = root;
        this.gpuQuery = List.copyOf(gpuQuery);
    }

    /** What the settings say, and what is here where they say nothing. The work folder must be there. */
    Capacity capacity(Settings settings) {
        var cores = settings.cores();
        var memory = settings.memoryBytes();
        var disk = settings.diskBytes();
        return new Capacity(
                cores == null ? Runtime.getRuntime().availableProcessors() : cores,
                memory == null ? memoryBytes() : memory,
                disk == null ? diskBytes(settings.work()) : disk,
                gpus(),
                settings.custom(),
                settings.labels());
    }

    /** The machine's memory, or the limit of this process's cgroup or one above it where that is less. */
    long memoryBytes() {
        var total = lines(root.resolve("proc/meminfo"))
                .filter(line -> line.startsWith("MemTotal:"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .mapToLong(kibibytes -> Long.parseLong(kibibytes) * 1024)
                .findFirst()
                .orElse(Runtime.getRuntime().maxMemory());
        return lines(root.resolve("proc/self/cgroup"))
                .map(this::memoryLimit)
                .flatMapToLong(OptionalLong::stream)
                .reduce(total, Math::min);
    }

    /** @param line {@code hierarchy:controllers:path}; hierarchy 0 without controllers is version 2 */
    private OptionalLong memoryLimit(String line) {
        var parts = line.split(":", 3);
        if (parts.length < 3) {
            return OptionalLong.empty();
        }
        if (parts[1].isEmpty()) {
            return limit(root.resolve("sys/fs/cgroup"), parts[2], "memory.max");
        }
        return List.of(parts[1].split(",")).contains("memory")
                ? limit(root.resolve("sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes")
                : OptionalLong.empty();
    }

    /** The smallest limit from a group up to the mount; inside a container the path may not be there. */
    private static OptionalLong limit(Path mount, String group, String file) {
        var smallest = OptionalLong.empty();
        var path = mount.resolve(group.substring(1)).normalize();
        while (path != null && path.startsWith(mount)) {
            var limit = lines(path.resolve(file))
                    .filter(text -> text.matches("[0-9]{1,18}"))
                    .mapToLong(Long::parseLong)
                    .findFirst();
            if (limit.isPresent()) {
                smallest = OptionalLong.of(Math.min(limit.getAsLong(), smallest.orElse(Long.MAX_VALUE)));
            }
            path = path.getParent();
        }
        return smallest;
    }

    private static long diskBytes(Path work) {
        try {
            return Files.getFileStore(work).getUsableSpace();
        } catch (IOException e) {
            LOG.warn("Cannot tell how much disk is free in '{}': {}; set key 'disk'", work, e.toString());
            return 0;
        }
    }

    /** The names of the GPUs by number; none without the vendor's tool. */
    List<String> gpus() {
        Process process;
        try {
            process = new ProcessBuilder(gpuQuery)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            LOG.debug("No GPUs: {}", e.toString());
            return List.of();
        }
        try {
            if (!process.waitFor(GPU_QUERY_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("'{}' does not answer; this worker offers no GPUs", gpuQuery.get(0));
                return List.of();
            }
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.exitValue() == 0
                    ? output.lines()
                            .map(String::strip)
                            .filter(name -> !name.isEmpty())
                            .toList()
                    : List.of();
        } catch (IOException e) {
            LOG.warn("Cannot read what '{}' says; this worker offers no GPUs: {}", gpuQuery.get(0), e.toString());
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        } finally {
            process.destroyForcibly();
        }
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException e) {
            return Stream.empty();
        }
    }
}
