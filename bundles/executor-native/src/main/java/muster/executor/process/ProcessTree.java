package muster.executor.process;

import java.time.Duration;
import java.util.Set;
import muster.executor.process.ControlGroups.ControlGroup;
import org.jspecify.annotations.Nullable;

/** The processes of one attempt. Guarded by the monitor of its {@link Execution}, but for {@link #root}. */
final class ProcessTree {
    /** Such as {@code 17.3@2}. */
    final String attempt;

    /** Process id of the first, which also names its session. */
    final int root;

    final Execution execution;

    /** Null where there are none. */
    final @Nullable ControlGroup group;

    /** Whether its first process has been waited for. */
    boolean rootTaken;

    /** Seen at the last look. */
    Set<Integer> pids = Set.of();

    /** Sessions seen at the last look, beside that of the first process. */
    Set<Integer> sessions = Set.of();

    /** Of processes that nobody in the tree waited for. */
    Duration orphansCpu = Duration.ZERO;

    long peakMemoryBytes;

    ProcessTree(String attempt, int root, Execution execution, @Nullable ControlGroup group) {
        this.attempt = attempt;
        this.root = root;
        this.execution = execution;
        this.group = group;
    }
}
