package muster.executor.process;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import muster.api.executor.Attempt;
import muster.api.executor.Program;
import muster.api.executor.SystemUser;

/**
 * Starts programs with {@code posix_spawn}: each in a session of its own, with no signal blocked or ignored and no
 * descriptor but the first three. Thread-safe.
 *
 * <p>Where the C library cannot change the directory of the new process (glibc before 2.29), the calling thread leaves
 * the file system context of the JVM for good and changes its own; where it cannot close a range of descriptors (before
 * 2.34), those that are open are closed one by one, and one that another thread opens meanwhile may be inherited.
 */
final class Launcher {
    private static final int CLONE_FS = 0x200;

    /** More than any C library's {@code posix_spawnattr_t} and {@code posix_spawn_file_actions_t} need. */
    private static final int OPAQUE_BYTES = 1024;

    private static final int SIGNAL_SET_BYTES = 128;

    private static final int ATTRIBUTES = 0;
    private static final int ACTIONS = ATTRIBUTES + OPAQUE_BYTES;
    private static final int ALL_SIGNALS = ACTIONS + OPAQUE_BYTES;
    private static final int NO_SIGNALS = ALL_SIGNALS + SIGNAL_SET_BYTES;
    private static final int PID = NO_SIGNALS + SIGNAL_SET_BYTES;
    private static final int FIXED_BYTES = PID + 8;

    /** Descriptors above the highest open one that are closed too, should another thread open some meanwhile. */
    private static final int CLOSE_AHEAD = 16;

    /** Where this JVM runs. */
    private static final Path HOME = Path.of(System.getProperty("user.dir", "/"));

    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);
    private final boolean changesDirectory;
    private final boolean closesRange;

    Launcher() {
        this(has("posix_spawn_file_actions_addchdir_np"), has("posix_spawn_file_actions_addclosefrom_np"));
    }

    Launcher(boolean changesDirectory, boolean closesRange) {
        this.changesDirectory = changesDirectory;
        this.closesRange = closesRange;
    }

    private static boolean has(String function) {
        try {
            return NativeLibrary.getProcess().getFunction(function) != null;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    /** Starts a program and returns its process id; or, if it cannot be, the error number, negated. */
    int launch(Program program) {
        return launch(program, Streams.BY_PATH);
    }

    private int launch(Program program, Streams streams) {
        return buffers.get().launch(program, streams);
    }

    /**
     * As {@link #launch(Program)}, as the user of an attempt if it has one: with that user's rights go into its directory
     * and open the files that it names; only those of the worker's own are opened with the worker's.
     */
    int launch(Program program, Attempt attempt) {
        var user = attempt.user();
        if (user.isEmpty()) {
            return launch(program);
        }
        var become = AnotherUser.become(user.get(), program);
        var task = attempt.task();
        var out = task.stdout() == null ? openFor(user.get(), program.stdout(), program.outputMode()) : Streams.NONE;
        try {
            var err = task.stderr() == null ? openFor(user.get(), program.stderr(), program.errorMode()) : Streams.NONE;
            try {
                // not found out with the user's rights
                var mine = buffers.get();
                return Streams.failed(out) || Streams.failed(err)
                        ? (Streams.failed(out) ? out : err)
                        : attempt.asUser(() -> mine.launch(become, new Streams(out, err)));
            } finally {
                LibC.close(err);
            }
        } finally {
            LibC.close(out);
        }
    }

    /** A file of the worker's that the user may open again, as by {@code /dev/stdout}; or the error number, negated. */
    private static int openFor(SystemUser user, Path file, int mode) {
        var flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC;
        var descriptor = LibC.open(LibC.path(file), flags, mode);
        if (descriptor < 0) {
            return -Native.getLastError();
        }
        LibC.fchown(descriptor, user.uid(), user.gid());
        return descriptor;
    }

    /** Open descriptors that become standard output and error; {@link #NONE} for the file that the program names. */
    private record Streams(int out, int err) {
        static final int NONE = Integer.MIN_VALUE;
        static final Streams BY_PATH = new Streams(NONE, NONE);

        static boolean failed(int descriptor) {
            return descriptor < 0 && descriptor != NONE;
        }
    }

    /** The memory of one thread for what the C library reads. */
    private final class Buffers {
        private final Memory fixed = new Memory(FIXED_BYTES);
        private final long attributes = address(fixed) + ATTRIBUTES;
        private final long actions = address(fixed) + ACTIONS;
        private Memory text = new Memory(1 << 16);
        private byte[] staging = new byte[1 << 16];
        private boolean ownDirectory;

        Buffers() {
            fixed.clear();
            fixed.setMemory(ALL_SIGNALS, SIGNAL_SET_BYTES, (byte) 0xff);
            check(LibC.posix_spawnattr_init(attributes));
            var flags = LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGMASK | LibC.POSIX_SPAWN_SETSIGDEF;
            check(LibC.posix_spawnattr_setflags(attributes, (short) flags));
            check(LibC.posix_spawnattr_setsigmask(attributes, address(fixed) + NO_SIGNALS));
            check(LibC.posix_spawnattr_setsigdefault(attributes, address(fixed) + ALL_SIGNALS));
        }

        int launch(Program program, Streams streams) {
            var strings = new ArrayList<byte[]>();
            strings.add(LibC.path(program.directory()));
            strings.add(LibC.path(program.stdin()));
            strings.add(LibC.path(program.stdout()));
            strings.add(LibC.path(program.stderr()));
            strings.add(LibC.path(program.file()));
            strings.add(LibC.path(HOME));
            var first = strings.size();
            program.arguments().forEach(argument -> strings.add((argument + "\0").getBytes(StandardCharsets.UTF_8)));
            program.environment()
                    .forEach(
                            (name, value) -> strings.add((name + "=" + value + "\0").getBytes(StandardCharsets.UTF_8)));
            var second = first + program.arguments().size();

            var addresses = write(strings, first, second);
            check(LibC.posix_spawn_file_actions_init(actions));
            try {
                return spawn(program, streams, addresses, first, second);
            } finally {
                if (ownDirectory) {
                    LibC.chdir(addresses[5]);
                }
                LibC.posix_spawn_file_actions_destroy(actions);
            }
        }

        private int spawn(Program program, Streams streams, long[] addresses, int first, int second) {
            check(LibC.posix_spawn_file_actions_addopen(actions, 0, addresses[1], LibC.O_RDONLY, 0));
            write(1, streams.out(), addresses[2], program.outputMode());
            write(2, streams.err(), addresses[3], program.errorMode());
            if (changesDirectory) {
                check(LibC.ChangeDirectory.posix_spawn_file_actions_addchdir_np(actions, addresses[0]));
            } else {
                var error = enter(addresses[0]);
                if (error != 0) {
                    return -error;
                }
            }
            if (closesRange) {
                check(LibC.CloseFrom.posix_spawn_file_actions_addclosefrom_np(actions, 3));
            } else {
                closeEach();
            }
            // after the strings come the two arrays of pointers, each ended by a null
            var arrays = addresses[addresses.length - 1];
            var error = LibC.posix_spawn(
                    address(fixed) + PID,
                    addresses[4],
                    actions,
                    attributes,
                    arrays,
                    arrays + 8L * (second - first + 1));
            return error == 0 ? fixed.getInt(PID) : -error;
        }

        private void write(int stream, int descriptor, long path, int mode) {
            var append = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND;
            check(
                    descriptor == Streams.NONE
                            ? LibC.posix_spawn_file_actions_addopen(actions, stream, path, append, mode)
                            : LibC.posix_spawn_file_actions_adddup2(actions, descriptor, stream));
        }

        /** Lays out strings and the arrays that point to them; the address of the arrays comes last. */
        private long[] write(List<byte[]> strings, int first, int second) {
            var arrays = 0;
            for (var string : strings) {
                arrays += string.length;
            }
            arrays = (arrays + 7) & ~7;
            var size = arrays + 8 * (strings.size() - first + 2);
            if (size > staging.length) {
                staging = new byte[size];
                text.close();
                text = new Memory(size);
            }
            var base = address(text);
            var addresses = new long[strings.size() + 1];
            var out = ByteBuffer.wrap(staging).order(ByteOrder.nativeOrder());
            for (var i = 0; i < strings.size(); i++) {
                addresses[i] = base + out.position();
                out.put(strings.get(i));
            }
            out.position(arrays);
            addresses[strings.size()] = base + arrays;
            for (var i = first; i < strings.size(); i++) {
                if (i == second) {
                    out.putLong(0);
                }
                out.putLong(addresses[i]);
            }
            if (second == strings.size()) {
                out.putLong(0);
            }
            out.putLong(0);
            text.write(0, staging, 0, size);
            return addresses;
        }

        /** Gives this thread a directory of its own, which the program inherits. */
        private int enter(long directory) {
            if (!ownDirectory && LibC.unshare(CLONE_FS) != 0) {
                return Native.getLastError();
            }
            ownDirectory = true;
            return LibC.chdir(directory) == 0 ? 0 : Native.getLastError();
        }

        private void closeEach() {
            var highest = 2;
            try (var open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
                for (var descriptor : open) {
                    highest = Math.max(
                            highest, Integer.parseInt(descriptor.getFileName().toString()));
                }
            } catch (IOException e) {
                throw new IllegalStateException("cannot list the descriptors of this process in /proc/self/fd", e);
            }
            for (var descriptor = 3; descriptor <= highest + CLOSE_AHEAD; descriptor++) {
                check(LibC.posix_spawn_file_actions_addclose(actions, descriptor));
            }
        }
    }

    private static long address(Memory memory) {
        return Pointer.nativeValue(memory);
    }

    private static void check(int error) {
        if (error != 0) {
            throw new IllegalStateException("the C library cannot prepare a process: " + LibC.strerror(error));
        }
    }
}
