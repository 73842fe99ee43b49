package muster.shell;

import muster.api.JobId;
import muster.api.JobService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Puts the tasks of an ended job that did not succeed back in the queue. */
@Service
@Command(
        scope = "job",
        name = "retry",
        description = "Puts the tasks of an ended job that did not succeed back in the queue")
public final class JobRetryCommand extends ChangingCommand {
    @Reference
    JobService jobs;

    @Option(name = "--failed", description = "Only those that failed, and what was canceled since it needs them")
    boolean failedOnly;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Override
    @Nullable
    Object run(Screen screen) {
        var id = JobId.parse(job);
        int retried = audited(screen, "retryJob", job, () -> jobs.retry(id, failedOnly, screen.user()));
        screen.line("job " + job + ": " + retried + (retried == 1 ? " task" : " tasks") + " retried");
        return null;
    }
}
