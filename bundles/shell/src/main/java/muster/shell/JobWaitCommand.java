package muster.shell;

import muster.api.JobId;
import muster.api.JobService;
import muster.api.Quantity;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Waits for a job's end; fails unless it succeeded. */
@Service
@Command(scope = "job", name = "wait", description = "Waits for a job's end; fails unless it succeeded")
public final class JobWaitCommand extends ServiceCommand {
    @Reference
    JobService jobs;

    @Option(name = "--timeout", description = "How long to wait at most, such as 30s")
    @Nullable
    String timeout;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        new Waiting(jobs).forEnd(JobId.parse(job), timeout == null ? null : Quantity.parseDuration(timeout), screen);
        return null;
    }
}
