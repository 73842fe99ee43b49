package muster.executor.process;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What {@code /proc} tells of processes. Each answer is of the moment: processes come and go meanwhile, and those that
 * are gone are left out.
 */
final class Processes implements AutoCloseable {
    private static final Path PROC = Path.of("/proc");

    /** Process id of this JVM. */
    final int self = Math.toIntExact(ProcessHandle.current().pid());

    private final int session;
    private final boolean listsChildren;
    private final RandomAccessFile orphans;
    private byte[] buffer = new byte[4096];

    /** @throws IOException if {@code /proc} is not there */
    Processes() throws IOException {
        var stat = stat(self).orElseThrow(() -> new IOException("/proc is not mounted"));
        session = stat.session();
        // the kernel hands orphans to the first thread of the JVM that lives: as a rule the one that started it
        var ofFirstThread = PROC.resolve(self + "/task/" + self + "/children");
        listsChildren = Files.isReadable(ofFirstThread) && !stat.dead();
        orphans = new RandomAccessFile(listsChildren ? ofFirstThread.toFile() : new File("/dev/null"), "r");
    }

    @Override
    public synchronized void close() {
        try {
            orphans.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * One line of {@code /proc/PID/stat}.
     *
     * @param state {@code Z} when it is dead and not yet waited for
     * @param startTicks tells it from a later process with the same id
     */
    record Stat(int pid, char state, int parent, int session, long startTicks) {
        boolean dead() {
            return state == 'Z' || state == 'X';
        }
    }

    Optional<Stat> stat(int pid) {
        var line = read(PROC.resolve(pid + "/stat"));
        // the name stands in parentheses and may itself hold any character
        var end = line.lastIndexOf(')');
        if (end < 0) {
            return Optional.empty();
        }
        var fields = line.substring(end + 2).split(" ");
        return Optional.of(new Stat(
                pid,
                fields[0].charAt(0),
                Integer.parseInt(fields[1]),
                Integer.parseInt(fields[3]),
                Long.parseLong(fields[19])));
    }

    /** Whether it is in the session of this JVM, where everything is that the JDK starts. */
    boolean isOfOwnSession(Stat stat) {
        return stat.session() == session;
    }

    /** Children of this JVM that it did not start itself, beside some that it did. Cheap. */
    synchronized List<Integer> orphans() {
        if (!listsChildren) {
            return scan(self);
        }
        try {
            orphans.seek(0);
            var length = 0;
            for (var read = orphans.read(buffer);
                    read > 0;
                    read = orphans.read(buffer, length, buffer.length - length)) {
                length += read;
                if (length == buffer.length) {
                    buffer = Arrays.copyOf(buffer, 2 * length);
                }
            }
            return numbers(new String(buffer, 0, length, StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list the children of this process in /proc", e);
        }
    }

    List<Integer> children(int pid) {
        if (!listsChildren) {
            return scan(pid);
        }
        var children = new ArrayList<Integer>();
        for (var thread : numbersIn(PROC.resolve(pid + "/task"))) {
            children.addAll(numbers(read(PROC.resolve(pid + "/task/" + thread + "/children"))));
        }
        return children;
    }

    /** Value of a variable in the environment that a process was given; empty if it has none or cannot be read. */
    Optional<String> variable(int pid, String name) {
        for (var entry : read(PROC.resolve(pid + "/environ")).split("\0")) {
            if (entry.startsWith(name) && entry.startsWith("=", name.length())) {
                return Optional.of(entry.substring(name.length() + 1));
            }
        }
        return Optional.empty();
    }

    /** The directory that a process is in, and the files that are its first three descriptors, if they can be told. */
    List<Path> places(int pid) {
        return Stream.of("cwd", "fd/0", "fd/1", "fd/2")
                .flatMap(link -> target(PROC.resolve(pid + "/" + link)).stream())
                .toList();
    }

    /** Empty if the link is gone or not ours to read. */
    private static Optional<Path> target(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The largest resident set that a process had so far; 0 if it is gone. */
    long peakMemoryBytes(int pid) {
        return bytes(read(PROC.resolve(pid + "/status")), "VmHWM:");
    }

    /** The memory of a process that it shares with none, and its part of what it shares; 0 if that cannot be told. */
    long proportionalMemoryBytes(int pid) {
        return bytes(read(PROC.resolve(pid + "/smaps_rollup")), "\nPss:");
    }

    /** The resident set of a process; 0 if it is gone. */
    long residentMemoryBytes(int pid) {
        return bytes(read(PROC.resolve(pid + "/status")), "VmRSS:");
    }

    /** Whether it is the first in a namespace of processes below that of this JVM. */
    boolean isFirstOfNamespace(int pid) {
        var text = read(PROC.resolve(pid + "/status"));
        var start = text.indexOf("\nNSpid:");
        // one number for each namespace that it is seen in
        return start >= 0
                && text.substring(start + 1, text.indexOf('\n', start + 1)).endsWith("\t1")
                && pid != 1;
    }

    private static long bytes(String text, String name) {
        var start = text.indexOf(name);
        if (start < 0) {
            return 0;
        }
        var end = text.indexOf(" kB", start);
        return Long.parseLong(text.substring(start + name.length(), end).strip()) << 10;
    }

    /** Content of {@code /proc/PID/cgroup}; a dead process keeps it until it is waited for. */
    String controlGroups(int pid) {
        return read(PROC.resolve(pid + "/cgroup"));
    }

    /** For kernels without lists of children. */
    private List<Integer> scan(int parent) {
        var children = new ArrayList<Integer>();
        for (var pid : numbersIn(PROC)) {
            if (stat(pid).filter(stat -> stat.parent() == parent).isPresent()) {
                children.add(pid);
            }
        }
        return children;
    }

    private static List<Integer> numbersIn(Path folder) {
        var names = folder.toFile().list();
        var numbers = new ArrayList<Integer>();
        for (var name : names == null ? new String[0] : names) {
            if (Character.isDigit(name.charAt(0))) {
                numbers.add(Integer.parseInt(name));
            }
        }
        return numbers;
    }

    private static List<Integer> numbers(String text) {
        var numbers = new ArrayList<Integer>();
        var start = 0;
        for (var end = text.indexOf(' '); end > 0; end = text.indexOf(' ', start)) {
            numbers.add(Integer.parseInt(text, start, end, 10));
            start = end + 1;
        }
        return numbers;
    }

    /** Empty if the process is gone or not ours to read. */
    private static String read(Path path) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
