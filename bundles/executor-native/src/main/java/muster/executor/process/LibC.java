package muster.executor.process;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The calls of the C library that Java does not offer, on 64-bit Linux: pointers are passed as numbers. Loading this
 * class throws a {@link LinkageError} where JNA or one of the calls is missing.
 */
@SuppressWarnings("MethodName") // they bear the names of what they call
final class LibC {
    static final int SIGKILL = 9;
    static final int SIGTERM = 15;
    static final int SIGCONT = 18;

    static final int EINTR = 4;
    static final int E2BIG = 7;
    static final int ENOEXEC = 8;
    static final int ECHILD = 10;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EBUSY = 16;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ETXTBSY = 26;
    static final int ENOSPC = 28;

    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_CREAT = 0x40;
    static final int O_APPEND = 0x400;
    static final int O_CLOEXEC = 0x80000;

    static final int R_OK = 4;
    static final int W_OK = 2;
    static final int X_OK = 1;
    static final int AT_FDCWD = -100;
    static final int AT_EACCESS = 0x200;

    static final int P_ALL = 0;
    static final int WNOHANG = 1;
    static final int WEXITED = 4;
    static final int WNOWAIT = 0x01000000;

    static final int RLIMIT_NPROC = 6;

    static final int PR_SET_CHILD_SUBREAPER = 36;
    static final int PR_GET_CHILD_SUBREAPER = 37;

    static final short POSIX_SPAWN_SETSIGDEF = 0x04;
    static final short POSIX_SPAWN_SETSIGMASK = 0x08;
    static final short POSIX_SPAWN_SETSID = 0x80;

    static {
        Native.register(LibC.class, NativeLibrary.getProcess());
    }

    private static final Charset PATHS =
            Charset.forName(System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()));

    private LibC() {}

    /** A path as the C library takes it, ended by a NUL. */
    static byte[] path(Path path) {
        return (path + "\0").getBytes(PATHS);
    }

    /** What an error number means, as the C library words it. */
    static native String strerror(int error);

    static native int kill(int pid, int signal);

    static native int prctl(int option, long argument2, long argument3, long argument4, long argument5);

    static native int prlimit(int pid, int resource, long newLimit, long oldLimit);

    /** Sets how many processes may run of a process's user before it may start another; no matter if it is gone. */
    static void limitProcesses(int pid, long limit) {
        try (var memory = new Memory(16)) {
            memory.setLong(0, limit);
            memory.setLong(8, limit);
            prlimit(pid, RLIMIT_NPROC, Pointer.nativeValue(memory), 0);
        }
    }

    static native int waitid(int idType, int id, long siginfo, int options);

    static native int wait4(int pid, long status, int options, long rusage);

    static native int unshare(int flags);

    static native int chdir(long path);

    static native int faccessat(int directory, byte[] path, int mode, int flags);

    static native int open(byte[] path, int flags, int mode);

    static native int close(int descriptor);

    static native int fchown(int descriptor, int user, int group);

    static native int mkdir(byte[] path, int mode);

    static native int rmdir(byte[] path);

    static native int posix_spawn(long pid, long path, long actions, long attributes, long arguments, long environment);

    static native int posix_spawnattr_init(long attributes);

    static native int posix_spawnattr_setflags(long attributes, short flags);

    static native int posix_spawnattr_setsigmask(long attributes, long signals);

    static native int posix_spawnattr_setsigdefault(long attributes, long signals);

    static native int posix_spawn_file_actions_init(long actions);

    static native int posix_spawn_file_actions_destroy(long actions);

    static native int posix_spawn_file_actions_addopen(long actions, int descriptor, long path, int flags, int mode);

    static native int posix_spawn_file_actions_addclose(long actions, int descriptor);

    static native int posix_spawn_file_actions_adddup2(long actions, int descriptor, int becomes);

    /** From glibc 2.29 and musl 1.1.24. */
    static final class ChangeDirectory {
        static {
            Native.register(ChangeDirectory.class, NativeLibrary.getProcess());
        }

        private ChangeDirectory() {}

        static native int posix_spawn_file_actions_addchdir_np(long actions, long path);
    }

    /** From glibc 2.34. */
    static final class CloseFrom {
        static {
            Native.register(CloseFrom.class, NativeLibrary.getProcess());
        }

        private CloseFrom() {}

        static native int posix_spawn_file_actions_addclosefrom_np(long actions, int descriptor);
    }
}
