package muster.shell;

import java.util.List;
import java.util.Set;
import muster.api.JobQuery;
import muster.api.JobService;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Offers the ids of the newest jobs. */
@Service
public final class JobIdCompleter implements Completer {
    private static final int NEWEST = 100;

    @Reference
    JobService jobs;

    @Override
    public int complete(Session session, CommandLine commandLine, List<String> candidates) {
        return new StringsCompleter(ids()).complete(session, commandLine, candidates);
    }

    List<String> ids() {
        return jobs.jobs(new JobQuery(Set.of(), null, null, null, null, NEWEST)).items().stream()
                .map(job -> job.id().toString())
                .toList();
    }
}
