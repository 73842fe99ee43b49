package muster.shell;

import muster.api.JobId;
import muster.api.JobService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Puts the failed and canceled tasks of an ended job back in the queue. */
@Service
@Command(
        scope = "job",
        name = "retry",
        description = "Puts the failed and canceled tasks of an ended job back in the queue")
public final class JobRetryCommand extends ChangingCommand {
    @Reference
    JobService jobs;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        var id = JobId.parse(job);
        int retried = audited(screen, "retryJob", job, () -> jobs.retry(id, screen.user()));
        screen.line("job " + job + ": " + retried + (retried == 1 ? " task" : " tasks") + " retried");
        return null;
    }
}
