package muster.api.executor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process holds of what can leak. */
record Footprint(long threads, long descriptors, long children) {
    /** Threads that the JVM and the test engine start and end as they please. */
    private static final long SLACK = 4;

    static Footprint ofThisProcess() {
        return new Footprint(
                Thread.getAllStackTraces().size(),
                entries(Path.of("/proc/self/fd")),
                ProcessHandle.current().children().count());
    }

    boolean isWithin(Footprint before) {
        return threads <= before.threads + SLACK
                && descriptors <= before.descriptors + SLACK
                && children <= before.children;
    }

    private static long entries(Path folder) {
        try (var entries = Files.list(folder)) {
            return entries.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
