package muster.executor.process;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group for each attempt, in a folder of this JVM below the group that it runs in: what is in it cannot leave
 * it without the rights to write there, whatever it forks. Thread-safe.
 */
abstract sealed class ControlGroups implements AutoCloseable permits ControlGroupsOfVersion1, ControlGroupsOfVersion2 {
    static final String MEMORY = "memory";
    static final String CPU = "cpu";
    static final String PIDS = "pids";

    /** Of quotas of processor time, in microseconds. */
    static final long PERIOD_MICROS = 100_000;

    /** The least quota that the kernel takes. */
    static final long SHORTEST_QUOTA_MICROS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
    private static final String PREFIX = "muster-";
    private static final int MODE = 0755;

    private volatile boolean working = true;

    /**
     * Those that this JVM may use: of version 2 where that limits memory and processes, else of version 1, else of
     * version 2 without limits.
     *
     * @throws IOException if there are none, and why
     */
    static ControlGroups find() throws IOException {
        ControlGroups second = null;
        String whyNot;
        try {
            second = new ControlGroupsOfVersion2(ControlGroupsOfVersion2.own());
            if (second.controllers().containsAll(List.of(MEMORY, PIDS))) {
                return second;
            }
            whyNot = "";
        } catch (IOException e) {
            whyNot = e.getMessage() + "; ";
        }
        try {
            var first = new ControlGroupsOfVersion1();
            if (second != null) {
                second.close();
            }
            return first;
        } catch (IOException e) {
            if (second != null) {
                return second;
            }
            throw new IOException(whyNot + e.getMessage(), e);
        }
    }

    /** The folder of this JVM; of several, one. */
    abstract Path folder();

    /** What they limit, of {@link #MEMORY}, {@link #CPU} and {@link #PIDS}. */
    abstract Set<String> controllers();

    /** Whether processes are in their group from their start. Else they have to join it. */
    abstract boolean holdFromStart();

    /** Makes the group of an attempt. What cannot be limited here is not. */
    abstract ControlGroup create(String attempt, Limits limits) throws IOException;

    /** Name of the attempt in whose group a process is, as {@code /proc/PID/cgroup} has it; empty if in none. */
    abstract String attemptOf(String controlGroups);

    @Override
    public abstract void close();

    /** Whether no process has been refused so far. */
    boolean working() {
        return working;
    }

    /** Takes note that a process could not be moved; from then on {@code /proc} alone is relied on. */
    void fail(IOException cause) {
        if (working) {
            working = false;
            LOG.warn(
                    "Cannot move processes to control groups in {}; their trees are followed by /proc",
                    folder(),
                    cause);
        }
    }

    /** Makes the folder of this JVM in a group, and removes those of JVMs that are no more. */
    static Path makeFolder(Path parent) throws IOException {
        try (var folders = Files.newDirectoryStream(parent, PREFIX + "[0-9]*")) {
            for (var folder : folders) {
                var pid = folder.getFileName().toString().substring(PREFIX.length());
                if (!Files.exists(Path.of("/proc", pid))) {
                    remove(folder);
                }
            }
        }
        var folder = parent.resolve(PREFIX + ProcessHandle.current().pid());
        if (!Files.isDirectory(folder)) {
            make(folder);
        }
        return folder;
    }

    static void make(Path folder) throws IOException {
        if (LibC.mkdir(LibC.path(folder), MODE) != 0) {
            throw new IOException("cannot make " + folder + ": " + LibC.strerror(Native.getLastError()));
        }
    }

    /** Removes a group and those below; false if processes live in one of them. */
    static boolean remove(Path folder) {
        if (LibC.rmdir(LibC.path(folder)) == 0 || !Files.exists(folder)) {
            return true;
        }
        try (var inner = Files.newDirectoryStream(folder, Files::isDirectory)) {
            inner.forEach(ControlGroups::remove);
        } catch (IOException e) {
            return !Files.exists(folder);
        }
        return LibC.rmdir(LibC.path(folder)) == 0;
    }

    /** The processes in a group and those below, without this JVM. */
    static List<Integer> members(Path folder) {
        var members = new ArrayList<Integer>();
        collect(folder, members);
        return members;
    }

    private static void collect(Path folder, List<Integer> members) {
        try {
            var self = (int) ProcessHandle.current().pid();
            read(folder.resolve("cgroup.procs"))
                    .lines()
                    .map(Integer::valueOf)
                    .filter(pid -> pid > 0 && pid != self)
                    .forEach(members::add);
            if ((int) Files.getAttribute(folder, "unix:nlink") > 2) {
                try (var inner = Files.newDirectoryStream(folder, Files::isDirectory)) {
                    inner.forEach(group -> collect(group, members));
                }
            }
        } catch (IOException e) {
            return; // removed meanwhile
        }
    }

    /** The name of the attempt's folder in that of this JVM, as a line of {@code /proc/PID/cgroup} ends; or empty. */
    static String nameIn(Path folder, String controlGroups) {
        var marker = "/" + folder.getFileName() + "/";
        var start = controlGroups.indexOf(marker);
        if (start < 0) {
            return "";
        }
        var name = controlGroups.substring(start + marker.length());
        for (var i = 0; i < name.length(); i++) {
            if ("/ \n".indexOf(name.charAt(i)) >= 0) {
                return name.substring(0, i);
            }
        }
        return name;
    }

    /** The number behind a name, in a file of lines with a name and a number each; 0 if it is not there. */
    static long count(Path file, String name) {
        try {
            return read(file)
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    static long quotaMicros(double cores) {
        return Math.max(SHORTEST_QUOTA_MICROS, Math.round(cores * PERIOD_MICROS));
    }

    static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
    }

    static void write(Path file, Object value) throws IOException {
        Files.write(file, value.toString().getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }
}
