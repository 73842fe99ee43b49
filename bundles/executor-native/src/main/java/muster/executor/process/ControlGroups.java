package muster.executor.process;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group (version 2) for each attempt, in a folder of this JVM below the group that it runs in: what is in it
 * cannot leave it without the rights to write there, whatever it forks.
 */
final class ControlGroups implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
    private static final String PREFIX = "muster-";
    private static final int MODE = 0755;

    private final Path folder;
    private volatile boolean working = true;

    /**
     * Makes the folder of this JVM.
     *
     * @param parent the group in whose folder it is made
     * @throws IOException if it cannot be made, or processes cannot be moved there
     */
    ControlGroups(Path parent) throws IOException {
        if (!Files.isWritable(parent.resolve("cgroup.procs"))) {
            throw new IOException(parent + " is no cgroup v2 that this user may change");
        }
        removeFoldersOfTheDead(parent);
        folder = parent.resolve(PREFIX + ProcessHandle.current().pid());
        if (!Files.isDirectory(folder)) {
            make(folder);
        }
    }

    /** The group that this JVM is in. */
    static Path own() throws IOException {
        var mount = Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> line.split(" "))
                .filter(fields -> fields[2].equals("cgroup2"))
                .map(fields -> Path.of(fields[1]))
                .findFirst()
                .orElseThrow(() -> new IOException("no cgroup v2 is mounted"));
        var path = Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                .filter(line -> line.startsWith("0::/"))
                .map(line -> line.substring("0::/".length()))
                .findFirst()
                .orElse("");
        var own = mount.resolve(path).normalize();
        return Files.isDirectory(own) ? own : mount;
    }

    Path folder() {
        return folder;
    }

    /** Whether no process has been refused so far. */
    boolean working() {
        return working;
    }

    ControlGroup create(String attempt) throws IOException {
        var group = folder.resolve(attempt);
        make(group);
        return new ControlGroup(group);
    }

    /** Takes note that a process could not be moved; from then on {@code /proc} alone is relied on. */
    void fail(IOException cause) {
        if (working) {
            working = false;
            LOG.warn("Cannot move processes to control groups in {}; their trees are followed by /proc", folder, cause);
        }
    }

    @Override
    public void close() {
        LibC.rmdir(LibC.path(folder));
    }

    /** Name of the attempt in whose group a process is, as {@code /proc/PID/cgroup} has it; empty if in none. */
    String attemptOf(String controlGroups) {
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

    private static void removeFoldersOfTheDead(Path parent) throws IOException {
        try (var folders = Files.newDirectoryStream(parent, PREFIX + "[0-9]*")) {
            for (var folder : folders) {
                var pid = folder.getFileName().toString().substring(PREFIX.length());
                if (!Files.exists(Path.of("/proc", pid))) {
                    remove(folder);
                }
            }
        }
    }

    private static void make(Path folder) throws IOException {
        if (LibC.mkdir(LibC.path(folder), MODE) != 0) {
            throw new IOException("cannot make " + folder + ": " + LibC.strerror(Native.getLastError()));
        }
    }

    /** Removes a group and those below; false if processes live in one of them. */
    private static boolean remove(Path folder) {
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

    /** The group of one attempt. */
    static final class ControlGroup {
        private final Path folder;

        private ControlGroup(Path folder) {
            this.folder = folder;
        }

        /** Moves a process here. What it forked before stays where it is. */
        void join(int pid) throws IOException {
            Files.writeString(folder.resolve("cgroup.procs"), Integer.toString(pid), StandardOpenOption.WRITE);
        }

        /** The processes in it and in groups below. */
        List<Integer> members() {
            var members = new ArrayList<Integer>();
            collect(folder, members);
            return members;
        }

        private static void collect(Path folder, List<Integer> members) {
            try (var inner = Files.newDirectoryStream(folder, Files::isDirectory)) {
                Files.readAllLines(folder.resolve("cgroup.procs")).stream()
                        .map(Integer::valueOf)
                        .filter(pid -> pid > 0)
                        .forEach(members::add);
                inner.forEach(group -> collect(group, members));
            } catch (IOException e) {
                return; // removed meanwhile
            }
        }

        /** Kills all that is in it at once. From Linux 5.14; false before. */
        boolean kill() {
            try {
                Files.writeString(folder.resolve("cgroup.kill"), "1", StandardOpenOption.WRITE);
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        /** Removes it, if nothing lives in it. */
        boolean remove() {
            return ControlGroups.remove(folder);
        }
    }
}
