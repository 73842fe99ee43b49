package muster.shell;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import muster.api.MusterException;
import muster.api.Names;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;

/** A command that calls Muster's services and tells its errors in one line. */
abstract class ServiceCommand implements Action {
    @Reference
    Session session;

    @Override
    public final @Nullable Object execute() throws Exception {
        var screen = Screen.of(session, System.out);
        try {
            return run(screen);
        } catch (MusterException e) {
            var message = Names.escape(String.valueOf(e.getMessage()));
            throw new CommandException(screen.styled(Style.BAD, message), message, e);
        }
    }

    /** Does what the command says; what it answers is printed by the shell. */
    abstract @Nullable Object run(Screen screen) throws InterruptedException;

    /** What the stage completes with; its MusterException if it fails with one. Ends early when the user interrupts. */
    static <T> T await(CompletionStage<T> stage) throws InterruptedException {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            var cause = e.getCause() instanceof CompletionException wrapper ? wrapper.getCause() : e.getCause();
            if (cause instanceof MusterException known) {
                throw known;
            }
            throw new IllegalStateException(cause);
        }
    }
}
