package muster.itests.hot;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import muster.api.Cause;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;

/** Writes the command of each task to its standard output. */
public final class EchoExecutor implements Executor {
    /** The kind that tasks ask for. */
    public static final String KIND = "echo";

    @Override
    public Availability probe() {
        return Availability.YES;
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        for (var attempt : attempts) {
            outcomes.ended(attempt.id(), echo(attempt));
        }
    }

    private static Outcome echo(Attempt attempt) {
        try {
            Files.writeString(attempt.stdout(), String.join(" ", attempt.task().command()) + "\n");
            return Outcome.success(Usage.NONE);
        } catch (IOException e) {
            return Outcome.failure(Cause.EXECUTOR, e.toString());
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        // every attempt has ended when start returns
    }
}
