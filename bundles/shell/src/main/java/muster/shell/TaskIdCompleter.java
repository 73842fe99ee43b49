package muster.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.TaskQuery;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;

/** Offers {@code 17.} for the newest jobs, then the indices and names of the job's first tasks. */
@Service
public final class TaskIdCompleter implements Completer {
    private static final int NEWEST = 100;
    private static final int FIRST = 1000;

    @Reference
    JobService jobs;

    @Override
    public int complete(Session session, CommandLine commandLine, List<String> candidates) {
        var offered = new ArrayList<Candidate>();
        completeCandidates(session, commandLine, offered);
        offered.forEach(candidate -> candidates.add(candidate.value()));
        return offered.isEmpty() ? -1 : commandLine.getBufferPosition() - commandLine.getArgumentPosition();
    }

    @Override
    public void completeCandidates(Session session, CommandLine commandLine, List<Candidate> candidates) {
        var argument = commandLine.getCursorArgument();
        candidates.addAll(offer(argument == null ? "" : argument));
    }

    /** What may follow the beginning of a task's id. */
    List<Candidate> offer(String beginning) {
        var offered = new ArrayList<Candidate>();
        var dot = beginning.indexOf('.');
        if (dot < 0) {
            for (var job : jobs.jobs(new JobQuery(Set.of(), null, null, null, null, NEWEST))
                    .items()) {
                // not complete: no blank is put behind it
                offered.add(new Candidate(job.id() + ".", false));
            }
        } else {
            try {
                var job = JobId.parse(beginning.substring(0, dot));
                for (var task :
                        jobs.tasks(new TaskQuery(job, Set.of(), null, FIRST)).items()) {
                    offered.add(new Candidate(task.id().toString(), true));
                    if (!task.name().isEmpty()) {
                        offered.add(new Candidate(job + "." + task.name(), true));
                    }
                }
            } catch (MusterException e) {
                return List.of();
            }
        }
        offered.removeIf(candidate -> !candidate.value().startsWith(beginning));
        return offered;
    }
}
