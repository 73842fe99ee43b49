package muster.worker;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import muster.api.executor.SystemUser;

/**
 * The rights to files of a thread, which Linux keeps apart from those of its process ({@code setfsuid(2)}). A thread that
 * has a user's rights has none of root's to files, and yet that user can neither signal nor trace it.
 */
final class FileRights {
    private static final Path SELF = Path.of("/proc/self");
    private static final long SETGROUPS = System.getProperty("os.arch").equals("aarch64") ? 159 : 116;

    private FileRights() {}

    /** Whether this process may do so. */
    static boolean ofRoot() {
        return Own.UID == 0;
    }

    private static final class Own {
        static final int UID = id("Uid:");
        static final int GID = id("Gid:");
        static final List<Integer> GROUPS = ids("Groups:");

        private static int id(String name) {
            return ids(name).get(0);
        }

        private static List<Integer> ids(String name) {
            try (var lines = Files.lines(SELF.resolve("status"))) {
                return lines.filter(line -> line.startsWith(name))
                        .map(line -> line.substring(name.length()).strip())
                        .flatMap(line -> Stream.of(line.split("\\s+")))
                        .filter(id -> !id.isEmpty())
                        .map(Integer::parseInt)
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException("the worker's own user cannot be told", e);
            }
        }
    }

    /** Calls that concern the calling thread alone; the C library's own {@code setgroups} concerns all. */
    private static final class LibC {
        static {
            Native.register(LibC.class, NativeLibrary.getProcess());
        }

        private LibC() {}

        static native int setfsuid(int uid);

        static native int setfsgid(int gid);

        static native long syscall(long number, long first, long second);
    }

    /** Gives this thread a user's rights to files. */
    static void take(SystemUser user) {
        set(user.uid(), user.gid(), user.groups());
    }

    /** Gives this thread the process's own rights again. */
    static void restore() {
        set(Own.UID, Own.GID, Own.GROUPS);
    }

    private static void set(int uid, int gid, List<Integer> groups) {
        try (var memory = new Memory(4L * Math.max(1, groups.size()))) {
            for (var i = 0; i < groups.size(); i++) {
                memory.setInt(4L * i, groups.get(i));
            }
            var refused = LibC.syscall(SETGROUPS, groups.size(), Pointer.nativeValue(memory)) != 0;
            LibC.setfsgid(gid);
            LibC.setfsuid(uid);
            // they return what was before, and never fail otherwise
            if (refused || LibC.setfsgid(-1) != gid || LibC.setfsuid(-1) != uid) {
                throw new IllegalStateException(
                        "the system does not let this thread use files as user " + uid + "; run the worker as root");
            }
        }
    }
}
