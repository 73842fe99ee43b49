package muster.shell;

import java.util.function.Supplier;
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
    <T> T audited(Screen screen, String operation, String thing, Supplier<T> deed) {
        try {
            var result = deed.get();
            record(screen, operation, thing.isEmpty() ? String.valueOf(result) : thing, DONE);
            return result;
        } catch (MusterException e) {
            record(screen, operation, thing, e.code().status());
            throw e;
        }
    }

    /** Likewise, for what gives nothing. */
    void audited(Screen screen, String operation, String thing, Runnable deed) {
        audited(screen, operation, thing, () -> {
            deed.run();
            return thing;
        });
    }

    private void record(Screen screen, String operation, String thing, int status) {
        // who is at the console may do everything, by no token
        audit.record(new Deed(new Caller(screen.user(), Role.ADMIN, ""), HERE, operation, thing, status));
    }
}
