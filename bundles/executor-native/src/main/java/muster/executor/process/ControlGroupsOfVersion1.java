package muster.executor.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Control groups of version 1, a tree of them for each controller. A thread may enter one alone there: the one that makes
 * a process enters, makes it and goes back, so that the process is in its group before it runs, and is limited from its
 * first byte. A group without a limit of memory holds nothing of its attempt once that is over, and serves the next.
 */
final class ControlGroupsOfVersion1 extends ControlGroups {
    /** How many groups are kept for attempts to come. */
    private static final int KEPT = 64;

    private static final List<String> WANTED = List.of(PIDS, CPU, MEMORY);
    private static final String TASKS = "tasks";

    /** What a thread writes into the file {@code tasks} of a group to enter it alone. */
    private static final byte[] MYSELF = {'0'};

    /** By controller, the folder of this JVM, and how its threads get back to where they were. */
    private final Map<String, Path> folders = new LinkedHashMap<>();

    private final Map<String, FileChannel> exits = new LinkedHashMap<>();

    private final Map<String, String> attempts = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Kept> free = new ConcurrentLinkedQueue<>();
    private final AtomicInteger last = new AtomicInteger();

    /**
     * Makes a folder of this JVM for each controller that it may use.
     *
     * @throws IOException if there is none for the number of processes
     */
    ControlGroupsOfVersion1() throws IOException {
        for (var controller : WANTED) {
            var parent = own(controller);
            if (parent != null && Files.isWritable(parent.resolve(TASKS))) {
                folders.put(controller, makeFolder(parent));
                exits.put(controller, open(parent.resolve(TASKS), StandardOpenOption.WRITE));
            } else if (controller.equals(PIDS)) {
                throw new IOException(
                        parent == null
                                ? "no cgroup v1 with pids is mounted"
                                : parent + " is no cgroup v1 that this user may change");
            }
        }
    }

    /** The group that this JVM is in; null where the controller is not mounted. */
    static @Nullable Path own(String controller) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
            var fields = line.split(" ");
            if (fields[2].equals("cgroup")
                    && Arrays.asList(fields[3].split(",")).contains(controller)) {
                var mount = Path.of(fields[1]);
                for (var group : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
                    var parts = group.split(":", 3);
                    if (Arrays.asList(parts[1].split(",")).contains(controller)) {
                        var own = mount.resolve(parts[2].substring(1)).normalize();
                        return Files.isDirectory(own) ? own : mount;
                    }
                }
            }
        }
        return null;
    }

    @Override
    Path folder() {
        return folder(PIDS);
    }

    private Path folder(String controller) {
        var folder = folders.get(controller);
        if (folder == null) {
            throw new IllegalStateException("no cgroup v1 with " + controller);
        }
        return folder;
    }

    @Override
    Set<String> controllers() {
        return folders.keySet();
    }

    @Override
    boolean holdFromStart() {
        return true;
    }

    @Override
    ControlGroup create(String attempt, Limits limits) throws IOException {
        var kept = free.poll();
        if (kept == null) {
            kept = new Kept(Integer.toString(last.incrementAndGet()));
        }
        kept.limit(limits.processes(), limits.cores());
        attempts.put(kept.name, attempt);
        return new Group(kept, folders.containsKey(MEMORY) ? limits.memoryBytes() : 0);
    }

    @Override
    String attemptOf(String controlGroups) {
        return attempts.getOrDefault(nameIn(folder(), controlGroups), "");
    }

    @Override
    public void close() {
        free.forEach(Kept::close);
        exits.values().forEach(ControlGroupsOfVersion1::close);
        folders.values().forEach(ControlGroups::remove);
    }

    private static FileChannel open(Path file, OpenOption option) throws IOException {
        return FileChannel.open(file, option);
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Moves the calling thread through one of the files {@code tasks}. */
    private static void pass(FileChannel tasks) throws IOException {
        tasks.write(ByteBuffer.wrap(MYSELF), 0);
    }

    /** The groups of one name, one for each controller but that of memory. One attempt at a time. */
    private final class Kept {
        private final String name;
        private final List<FileChannel> entrances = new ArrayList<>();
        private final FileChannel current;
        private final ByteBuffer number = ByteBuffer.allocate(16);
        private int processes;
        private double cores;

        Kept(String name) throws IOException {
            this.name = name;
            for (var controller : folders.keySet()) {
                if (!controller.equals(MEMORY)) {
                    make(of(controller));
                    entrances.add(open(of(controller).resolve(TASKS), StandardOpenOption.WRITE));
                }
            }
            current = open(of(PIDS).resolve("pids.current"), StandardOpenOption.READ);
        }

        void close() {
            entrances.forEach(ControlGroupsOfVersion1::close);
            ControlGroupsOfVersion1.close(current);
        }

        /** Whether nothing is in it or below, as far as one cheap look tells. */
        boolean isEmpty() {
            try {
                return current.read(number.clear(), 0) > 0 && number.get(0) == '0';
            } catch (IOException e) {
                return false;
            }
        }

        Path of(String controller) {
            return folder(controller).resolve(name);
        }

        void limit(int newProcesses, double newCores) throws IOException {
            if (processes != newProcesses) {
                write(of(PIDS).resolve("pids.max"), newProcesses == 0 ? "max" : newProcesses);
                processes = newProcesses;
            }
            if (folders.containsKey(CPU) && cores != newCores) {
                write(of(CPU).resolve("cpu.cfs_quota_us"), newCores == 0 ? -1 : quotaMicros(newCores));
                cores = newCores;
            }
        }

        void forbidForks() throws IOException {
            processes = -1;
            write(of(PIDS).resolve("pids.max"), 0);
        }
    }

    private final class Group implements ControlGroup {
        private final Kept kept;
        private final @Nullable Path memory;
        private final long memoryBytes;
        private boolean removed;
        private boolean ranOut;

        Group(Kept kept, long memoryBytes) throws IOException {
            this.kept = kept;
            this.memoryBytes = memoryBytes;
            memory = memoryBytes == 0 ? null : kept.of(MEMORY);
            if (memory != null) {
                make(memory);
                write(memory.resolve("memory.limit_in_bytes"), memoryBytes);
                var withSwap = memory.resolve("memory.memsw.limit_in_bytes");
                if (Files.exists(withSwap)) {
                    write(withSwap, memoryBytes);
                }
            }
        }

        @Override
        public int launch(IntSupplier launch) throws IOException {
            try {
                for (var entrance : kept.entrances) {
                    pass(entrance);
                }
                if (memory != null) {
                    write(memory.resolve(TASKS), 0); // the thread that writes
                }
                return launch.getAsInt();
            } finally {
                leave();
            }
        }

        private void leave() {
            for (var exit : exits.entrySet()) {
                try {
                    if (memory != null || !exit.getKey().equals(MEMORY)) {
                        pass(exit.getValue());
                    }
                } catch (IOException e) {
                    fail(e);
                }
            }
        }

        @Override
        public void join(int pid) throws IOException {
            for (var controller : folders.keySet()) {
                if (memory != null || !controller.equals(MEMORY)) {
                    write(kept.of(controller).resolve("cgroup.procs"), pid);
                }
            }
        }

        @Override
        public synchronized List<Integer> members() {
            return removed ? List.of() : ControlGroups.members(kept.of(PIDS));
        }

        @Override
        public synchronized void kill() {
            if (removed) {
                return;
            }
            try {
                kept.forbidForks();
            } catch (IOException e) {
                fail(e);
            }
            members().forEach(pid -> LibC.kill(pid, LibC.SIGKILL));
        }

        @Override
        public synchronized boolean ranOutOfMemory() {
            if (memory != null && !removed && !ranOut) {
                ranOut = count(memory.resolve("memory.oom_control"), "oom_kill") > 0 && reachedLimit(memory);
            }
            return ranOut;
        }

        /** Or nearly so; else it was the machine whose memory ran out. */
        private boolean reachedLimit(Path ours) {
            try {
                var most = Long.parseLong(
                        read(ours.resolve("memory.max_usage_in_bytes")).strip());
                return most >= memoryBytes - memoryBytes / 8;
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public synchronized boolean remove() {
            if (removed) {
                return true;
            }
            if (!kept.isEmpty() && !members().isEmpty()) {
                return false;
            }
            ranOutOfMemory();
            if (memory != null && !ControlGroups.remove(memory)) {
                return false;
            }
            removed = true;
            attempts.remove(kept.name);
            if (free.size() < KEPT) {
                free.add(kept);
            } else {
                kept.close();
                folders.keySet().forEach(controller -> ControlGroups.remove(kept.of(controller)));
            }
            return true;
        }
    }
}
