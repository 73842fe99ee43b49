package muster.api.executor;

import java.nio.file.Path;
import java.util.Map;
import muster.api.SessionId;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What an executor keeps open on this worker for one job: interpreters, blocks of matrices, a warm container. The same
 * object from {@link Executor#open} to {@link Executor#close}. Thread-safe.
 */
@ProviderType
public interface Session {
    SessionId id();

    /**
     * A folder of its own, made on the first call and removed after the session. The folders of its attempts, with their
     * workspaces, scratch folders and secrets, lie in it for as long as these run: who makes a container see it once, makes
     * it see theirs. Mode 0700; where tasks have users of their own, these may go through it to what they know the name of.
     */
    Path workspace();

    /** What a process that outlives single tasks sees in its environment; by it the worker finds what a crash left. */
    Map<String, String> environment();

    /** How much memory is reserved for what is kept. */
    long memoryBytes();

    /**
     * Takes note that an object is kept, in place of an earlier one of that name. Called before the end of the attempt
     * that makes it is told; an object that was never noted, or dropped, counts as lost to tasks that take it.
     *
     * @param bytes how much memory it takes
     * @throws muster.api.MusterException TOO_LARGE if all objects together would take more than is reserved; nothing is
     *     noted then, and {@link Outcome#overBudget} is how the attempt ends
     */
    void keep(String object, long bytes);

    /** Takes note that an object is kept no longer. What makes it runs again if a task takes it. */
    void drop(String object);

    /**
     * Takes note that nothing is kept any longer: what kept it has failed. Attempts that it took down while they used
     * what was kept end as {@link muster.api.Cause#SESSION}.
     */
    void clear();
}
