package muster.shell;

import muster.api.AuditService;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.MusterException;
import muster.api.Role;
import org.apache.karaf.shell.api.action.lifecycle.Reference;

/** A command that changes something, which is written down. */
abstract class ChangingCommand extends ServiceCommand {
    private static final String HERE = "console";
    private static final int DONE = 200;

    @Reference
    AuditService audit;

    /** Does it, and has it written down whether it succeeded or not. */
    <T, E extends Exception> T audited(Screen screen, String operation, String thing, Act<T, E> act) throws E {
        try {
            var result = act.run();
            record(screen, operation, thing.isEmpty() ? String.valueOf(result) : thing, DONE);
            return result;
        } catch (MusterException e) {
            record(screen, operation, thing, e.code().status());
            throw e;
        }
    }

    /** What a command does. */
    @FunctionalInterface
    interface Act<T, E extends Exception> {
        T run() throws E;
    }

    /** Likewise, for what gives nothing. */
    void audited(Screen screen, String operation, String thing, Runnable act) {
        audited(screen, operation, thing, () -> {
            act.run();
            return thing;
        });
    }

    private void record(Screen screen, String operation, String thing, int status) {
        // who is at the console may do everything, by no token
        audit.record(new Deed(new Caller(screen.user(), Role.ADMIN, ""), HERE, operation, thing, status));
    }
}
