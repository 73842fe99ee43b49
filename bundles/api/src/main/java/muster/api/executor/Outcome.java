package muster.api.executor;

import muster.api.Cause;
import muster.api.MusterException;
import muster.api.Usage;

/**
 * How an attempt ended.
 *
 * @param exitCode of its main process; -1 if it had none or a signal ended it
 * @param signal that ended its main process; 0 if none
 * @param message one line that says why; empty on success
 */
public record Outcome(Cause cause, int exitCode, int signal, String message, Usage usage) {
    public static Outcome success(Usage usage) {
        return new Outcome(Cause.SUCCESS, 0, 0, "", usage);
    }

    /** Its main process exited by itself: success with code 0. */
    public static Outcome exited(int code, Usage usage) {
        return code == 0 ? success(usage) : new Outcome(Cause.EXIT_CODE, code, 0, "exited with code " + code, usage);
    }

    /** A signal that Muster did not send ended its main process. */
    public static Outcome killed(int signal, Usage usage) {
        var message = "killed by signal " + signal + " (" + Signals.name(signal) + ")";
        return new Outcome(Cause.SIGNAL, -1, signal, message, usage);
    }

    /** An end without a process's exit: refused, failed to start, runtime lost. */
    public static Outcome failure(Cause cause, String message) {
        return new Outcome(cause, -1, 0, message, Usage.NONE);
    }

    /** What it would keep in its session is more than is reserved there. */
    public static Outcome overBudget(MusterException refusal, Usage usage) {
        return new Outcome(Cause.MEMORY_LIMIT, -1, 0, String.valueOf(refusal.getMessage()), usage);
    }
}
