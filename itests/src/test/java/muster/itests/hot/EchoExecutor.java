package muster.itests.hot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import muster.api.Cause;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;

/** Writes the command of each task to its standard output; of {@code until FILE} once the file is there. */
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
            var command = attempt.task().command();
            if (command.get(0).equals("until")) {
                outcomes.started(attempt.id());
                var thread = new Thread(() -> echoOnceThere(Path.of(command.get(1)), attempt, outcomes), "echo");
                thread.setDaemon(true);
                thread.start();
            } else {
                outcomes.ended(attempt.id(), echo(attempt));
            }
        }
    }

    private static void echoOnceThere(Path file, Attempt attempt, Outcomes outcomes) {
        while (!Files.exists(file)) {
            LockSupport.parkNanos(20_000_000);
        }
        outcomes.ended(attempt.id(), echo(attempt));
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
        // nobody cancels these
    }
}
