package muster.executor.process;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.Optional;

/**
 * Waits for children, with the memory that this takes. One thread at a time. Offsets are those of 64-bit Linux:
 * {@code si_pid} of {@code siginfo_t} at 16; in {@code struct rusage} user time at 0, system time at 16, each seconds
 * and microseconds, {@code ru_maxrss} in KiB at 32.
 */
final class WaitBuffer {
    private static final int SIGINFO = 0;
    private static final int SIGINFO_PID = 16;
    private static final int RUSAGE = 256;
    private static final int STATUS = 512;

    private static final int SIGNALED = 128;
    private static final int LAST_SIGNAL = 64;

    private final Memory memory = new Memory(520);
    private final long address = Pointer.nativeValue(memory);

    /**
     * The end of a process.
     *
     * @param status as {@code wait} gives it; -1 if another part of this JVM took it
     * @param cpu user and system time of it and of those children that it waited for
     */
    record End(int status, Duration cpu, long maxResidentBytes) {
        static final End TAKEN = new End(-1, Duration.ZERO, 0);

        /** Of the command that a runtime started, from that of the runtime. */
        End ofCommand() {
            var signal = exitCode() - SIGNALED;
            return signal > 0 && signal <= LAST_SIGNAL ? new End(signal, cpu, maxResidentBytes) : this;
        }

        /** The signal that ended it; 0 if it exited. */
        int signal() {
            return status < 0 ? 0 : status & 0x7f;
        }

        /** -1 if a signal ended it or it is not known. */
        int exitCode() {
            return status >= 0 && signal() == 0 ? (status >> 8) & 0xff : -1;
        }
    }

    /** Waits until a child is dead and returns its id, leaving it as it is; the negated error number otherwise. */
    int peek(boolean block) {
        memory.setInt(SIGINFO + SIGINFO_PID, 0);
        var options = LibC.WEXITED | LibC.WNOWAIT | (block ? 0 : LibC.WNOHANG);
        if (LibC.waitid(LibC.P_ALL, 0, address + SIGINFO, options) != 0) {
            return -Native.getLastError();
        }
        return memory.getInt(SIGINFO + SIGINFO_PID);
    }

    /** Takes a child if it is dead; empty if it lives. */
    Optional<End> take(int pid) {
        var taken = LibC.wait4(pid, address + STATUS, LibC.WNOHANG, address + RUSAGE);
        if (taken == 0) {
            return Optional.empty();
        }
        if (taken < 0) {
            return Optional.of(End.TAKEN);
        }
        var cpu = Duration.ofSeconds(memory.getLong(RUSAGE) + memory.getLong(RUSAGE + 16))
                .plusNanos(1000 * (memory.getLong(RUSAGE + 8) + memory.getLong(RUSAGE + 24)));
        return Optional.of(new End(memory.getInt(STATUS), cpu, memory.getLong(RUSAGE + 32) << 10));
    }
}
