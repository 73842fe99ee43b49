package muster.api.executor;

import java.time.Duration;
import java.util.function.Function;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Runs programs as processes of this machine, for executors whose tasks come down to a command. The tree of each is
 * followed to its end and held to what its attempt reserved. A service of every worker that has the executor
 * {@code native}; one for all executors, since there can be but one parent of orphans. Thread-safe.
 */
@ProviderType
public interface ProgramRunner {
    /**
     * How the programs of one executor are run.
     *
     * @param kind of the executor, as in messages
     * @param grace between SIGTERM and SIGKILL
     * @param limits whether what attempts reserved is a limit
     * @param processes how many an attempt may have, each thread counted, where {@code limits}; 0 for any number
     */
    record Options(String kind, Duration grace, boolean limits, int processes) {}

    /**
     * Makes an executor of programs, to be closed when it is no longer needed.
     *
     * @param programs what to run for an attempt; it must not wait, and throws a {@link muster.api.MusterException} if
     *     the attempt cannot be run
     */
    CommandExecutor open(Options options, Function<Attempt, Program> programs);
}
