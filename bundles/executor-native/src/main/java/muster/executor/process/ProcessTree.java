package muster.executor.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import muster.api.executor.Program;
import org.jspecify.annotations.Nullable;

/** The processes of one attempt. Guarded by the monitor of its {@link Execution}, but for {@link #root}. */
final class ProcessTree {
    /** Such as {@code 17.3@2}. */
    final String attempt;

    /** Process id of the first, which also names its session. */
    final int root;

    final Execution execution;

    /** As {@link Program#wrapped}. */
    final boolean wrapped;

    /** Directories and files that no other attempt has. */
    final List<Path> places;

    /** Null while it has none. */
    @Nullable
    ControlGroup group;

    /** Whether its first process has been waited for. */
    boolean rootTaken;

    /** Those that were seen alive, and those of their sessions that are not named by the first. */
    final Set<Integer> pids = new HashSet<>();

    final Set<Integer> sessions = new HashSet<>();

    /** Of processes that nobody in the tree waited for. */
    Duration orphansCpu = Duration.ZERO;

    long peakMemoryBytes;

    ProcessTree(String attempt, int root, Execution execution, boolean wrapped, List<Path> places) {
        this.attempt = attempt;
        this.root = root;
        this.execution = execution;
        this.wrapped = wrapped;
        this.places = places;
    }
}
