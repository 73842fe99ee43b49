package muster.api.language;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * One run of a script of a {@link DynamicLanguage}: a state machine over results. It is called by one thread at a time,
 * and decides by the script and the results alone: no clock, no chance, no I/O. After the manager was started again a new
 * one is told the same results in the same order, and the run fails as {@code NONDETERMINISTIC} if it asks for something
 * else than before. An exception, or a call that does not return in time, fails the run.
 */
@ConsumerType
public interface Driver {
    /** Asks for the first tasks; at least for one. */
    void onStart(Requests requests);

    /** A task has ended. The run has succeeded once all have, none failed, and nothing more is asked for. */
    void onResult(Result result, Requests requests);
}
