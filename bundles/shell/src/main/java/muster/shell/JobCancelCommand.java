package muster.shell;

import java.util.List;
import muster.api.JobId;
import muster.api.JobService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Cancels every task of the jobs that has not ended. */
@Service
@Command(scope = "job", name = "cancel", description = "Cancels every task of the jobs that has not ended")
public final class JobCancelCommand extends ChangingCommand {
    @Reference
    JobService jobs;

    @Argument(name = "job", description = "Ids of the jobs", required = true, multiValued = true)
    @Completion(JobIdCompleter.class)
    List<String> ids = List.of();

    @Override
    @Nullable
    Object run(Screen screen) {
        for (var id : ids.stream().map(JobId::parse).toList()) {
            audited(screen, "cancelJob", id.toString(), () -> jobs.cancel(id, screen.user()));
            screen.line("job " + id + ": " + Format.tasks(jobs.job(id)));
        }
        return null;
    }
}
